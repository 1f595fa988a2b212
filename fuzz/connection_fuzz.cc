// A whole connection, from the first byte to the close, whatever the client sends and however bytes and time arrive:
// no crash; what was sent is answers that parse, at most one for each request, the last of them perhaps cut short; and
// the connection ends when its client is done.
//
// Input: what the client sends, then 0xff 0xff, then the schedule, a byte a step (RunStep). Without a schedule
// everything arrives at once. The first step also chooses what is served: files, or a handler that reads content.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "server/testing.h"

namespace {

using brilliant::Result;
using brilliant::server::TakeAnswer;
using brilliant::server::TestAnswer;
using brilliant::server::TestClient;
using brilliant::server::TestServer;
namespace handlers = brilliant::handlers;
namespace http = brilliant::http;

class Site {
 public:
  Site() {
    CHECK(mkdtemp(path_.data()) != nullptr);
    std::filesystem::create_directory(path_ + "/d");
    std::ofstream(path_ + "/a") << "hello";
    std::ofstream(path_ + "/d/index.html") << "start";
    std::ofstream(path_ + "/large") << std::string(300'000, 'x');
  }
  ~Site() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/brilliant-fuzz-XXXXXX";
};

// The content it was made from, byte by byte.
class ByteSource final : public handlers::BodySource {
 public:
  explicit ByteSource(std::string bytes) : bytes_(std::move(bytes)) {}
  brilliant::event::Task<Result<std::span<const char>>> Next() override {
    if (next_ == bytes_.size()) co_return std::span<const char>();
    if (bytes_[next_] == '!') co_return brilliant::Failure(brilliant::ErrorCode::kSystem, "source");
    co_return std::span<const char>(&bytes_[next_++], 1);
  }

 private:
  const std::string bytes_;
  size_t next_ = 0;
};

// Reads the content and sends it back: at once, or as a stream below "/s". Reads nothing of it below "/n".
class EchoHandler final : public handlers::Handler {
 public:
  brilliant::event::Task<handlers::Answer> Handle(const handlers::Request& request, handlers::RequestBody& body,
                                                  const handlers::HandlerContext& /*context*/) const override {
    handlers::Response response;
    std::string echo;
    while (!request.path.starts_with("/n")) {
      const Result<std::span<const char>> piece = co_await body.Next();
      if (!piece) response.status = 400;
      if (!piece || piece->empty()) break;
      echo.append(piece->data(), piece->size());
    }
    if (request.path.starts_with("/s")) {
      response.body = std::make_unique<ByteSource>(std::move(echo));
    } else {
      response.body = handlers::MemoryBody{std::move(echo)};
    }
    co_return response;
  }
};

// Which of the requests in `sent` are HEAD, by the same parsers run over the whole text; one that ends before its end
// counts.
std::vector<bool> HeadRequests(std::string_view sent) {
  std::vector<bool> requests;
  http::RequestParser parser{http::HeadLimits()};
  while (!sent.empty()) {
    parser.Reset();
    const http::ParseStatus status = parser.Parse(sent);
    requests.push_back(parser.head().method == http::Method::kHead);
    if (status != http::ParseStatus::kDone) break;
    http::BodyDecoder decoder;
    decoder.Start(parser.head());
    sent.remove_prefix(parser.head_bytes());
    http::BodyStep step;
    do {
      step = decoder.Next(sent);
      sent.remove_prefix(step.consumed);
    } while (step.status == http::BodyStatus::kContent);
    if (step.status != http::BodyStatus::kDone) break;
  }
  return requests;
}

// One step of the schedule: the low three bits say what, the others how much.
void RunStep(TestServer& server, TestClient& client, std::string_view& unsent, uint8_t step) {
  const size_t amount = step >> 3;
  switch (step & 7) {
    case 0:
    case 1: {
      const size_t count = std::min(unsent.size(), (step & 7) == 0 ? amount + 1 : amount * 100 + 1);
      if (count > 0) client.Send(unsent.substr(0, count));
      unsent.remove_prefix(count);
      break;
    }
    case 2:
      client.peer.write_bytes_max = amount == 31 ? SIZE_MAX : amount * amount * 10 + 1;
      break;
    case 3:
      client.peer.write_refusals = static_cast<int>(amount % 4);
      break;
    case 4:
      client.TakeMore();
      break;
    case 5:
      server.loop.time.Advance(std::chrono::milliseconds(amount * 2'500));
      break;
    case 6:
      server.loop.Turns(static_cast<int>(amount % 8) + 1);
      break;
    default:
      if (amount == 0) client.Reset();
      if (amount == 1) server.Drain();
      if (amount > 1) server.Run();
  }
}

// The client takes everything, says that it is done, and time passes.
void Finish(TestServer& server, TestClient& client, std::string_view unsent) {
  client.peer.write_bytes_max = SIZE_MAX;
  client.peer.write_refusals = 0;
  if (!unsent.empty()) client.Send(unsent);
  client.TakeMore();
  server.Run();
  client.End();
  server.Run();
  server.Advance(std::chrono::seconds(10));
  CHECK(client.closed());
}

void CheckAnswers(TestServer& server, TestClient& client, const std::vector<bool>& head_requests) {
  std::string_view output = client.peer.output;
  const uint64_t requests = server.counters().requests.get();
  const bool cut = client.peer.reset || server.counters().responses_cut.get() > 0;
  CHECK(requests <= head_requests.size());
  size_t answers = 0;
  while (!output.empty()) {
    const bool to_head = answers < head_requests.size() && head_requests[answers];
    const std::optional<TestAnswer> answer = TakeAnswer(output, to_head);
    if (!answer && cut) break;
    CHECK(answer && (answer->complete || cut));
    if (http::IsInformational(answer->status)) continue;
    CHECK(answer->Field("Date"));
    // The time for the head may be over before the method was known.
    const bool with_content = std::to_string(output.size()) == answer->Field("Content-Length");
    if (to_head && answer->status == 408 && (with_content || cut)) output = {};
    ++answers;
    if (answer->closes() || answer->until_close || !answer->complete) CHECK(output.empty());
  }
  CHECK(answers <= requests);
  CHECK(cut || answers == requests);
  const std::string lines = server.AccessLines();
  CHECK(std::count(lines.begin(), lines.end(), '\n') <= static_cast<ptrdiff_t>(requests));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Site site;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view schedule;
  if (const size_t separator = text.find("\xff\xff"); separator != std::string_view::npos) {
    schedule = text.substr(separator + 2);
    text = text.substr(0, separator);
  }
  TestServer server(site.path());
  server.config.limits.keepalive_requests = 30;
  const uint8_t first_step = schedule.empty() ? 0 : static_cast<uint8_t>(schedule.front());
  if ((first_step & 1) != 0) server.ServeWith(std::make_unique<EchoHandler>(), 100'000);
  TestClient& client = server.Connect();
  std::string_view unsent = text;
  for (const char step : schedule) {
    RunStep(server, client, unsent, static_cast<uint8_t>(step));
  }
  Finish(server, client, unsent);
  CheckAnswers(server, client, HeadRequests(text));
  return 0;
}
