// A whole connection, from the first byte to the close, whatever the client sends and however bytes and time arrive:
// no crash; what was sent is answers that parse, at most one for each request, the last of them perhaps cut short, with
// the content that belongs to the request; and the connection ends when its client is done. As long as no time passes,
// the answers do not depend on how bytes come and go.
//
// Input: what the client sends, then 0xff 0xff, then the schedule, a byte a step (Script::Step). Without a schedule
// everything arrives at once. The first step also chooses what is served: files, or a handler that reads content.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/reference.h"
#include "http/target.h"
#include "server/testing.h"

namespace {

using brilliant::Result;
using brilliant::server::TakeAnswer;
using brilliant::server::TestAnswer;
using brilliant::server::TestClient;
using brilliant::server::TestServer;
namespace handlers = brilliant::handlers;
namespace http = brilliant::http;

constexpr size_t kLargeBytes = 300'000;

class Site {
 public:
  Site() {
    CHECK(mkdtemp(path_.data()) != nullptr);
    std::filesystem::create_directory(path_ + "/d");
    std::ofstream(path_ + "/a") << "hello";
    std::ofstream(path_ + "/d/index.html") << "start";
    std::ofstream(path_ + "/large") << std::string(kLargeBytes, 'x');
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
  brilliant::event::Task<void> Finish() override { co_return; }
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

// A request as it was sent, by the same parsers run over the whole text.
struct SentRequest {
  bool is_head = false;
  std::string path;     // normal; empty if there is none
  std::string content;  // as far as it was sent
};

std::string NormalPath(const http::RequestHead& head) {
  std::string storage;
  const auto path = http::NormalizePath(head.path, storage);
  return path && head.form != http::TargetForm::kAsterisk ? std::string(*path) : std::string();
}

// All requests in `sent`; one that ends before its end, or is refused, counts.
std::vector<SentRequest> RequestsIn(std::string_view sent) {
  std::vector<SentRequest> requests;
  http::RequestParser parser{http::HeadLimits()};
  while (!sent.empty()) {
    parser.Reset();
    const http::ParseStatus status = parser.Parse(sent);
    SentRequest& request = requests.emplace_back();
    request.is_head = parser.head().method == http::Method::kHead;
    if (status != http::ParseStatus::kDone) break;
    request.path = NormalPath(parser.head());
    http::BodyDecoder decoder;
    decoder.Start(parser.head());
    sent.remove_prefix(parser.head_bytes());
    http::BodyStep step;
    do {
      step = decoder.Next(sent);
      sent.remove_prefix(step.consumed);
      request.content += step.content;
    } while (step.status == http::BodyStatus::kContent);
    if (step.status != http::BodyStatus::kDone) break;
  }
  return requests;
}

// What the client does, step by step.
class Script {
 public:
  Script(TestServer& server, TestClient& client, std::string_view text)
      : server_(server), client_(client), text_(text), unsent_(text) {}

  // The low three bits of a step say what, the others how much.
  void Step(uint8_t step) {
    const size_t amount = step >> 3;
    switch (step & 7) {
      case 0:
        return Send(amount + 1);
      case 1:
        return Send(amount * 100 + 1);
      case 2:
        client_.peer.write_bytes_max = amount == 31 ? SIZE_MAX : amount * amount * 10 + 1;
        return;
      case 3:
        client_.peer.write_refusals = static_cast<int>(amount % 4);
        return;
      case 4:
        return client_.TakeMore();
      case 5:
        return server_.loop.time.Advance(std::chrono::milliseconds(amount * 2'500));
      case 6:
        return server_.loop.Turns(static_cast<int>(amount % 8) + 1);
      default:
        return Act(amount);
    }
  }

  // Do the answers depend on nothing but what was sent? Not if time passes, or somebody does not wait for the end.
  static bool IsTimeless(std::string_view schedule) {
    for (const char c : schedule) {
      const auto step = static_cast<uint8_t>(c);
      if ((step & 7) == 5 || ((step & 7) == 7 && step >> 3 < 3)) return false;
    }
    return true;
  }

  // The client takes everything, says that it is done, and time passes.
  void Finish() {
    client_.peer.write_bytes_max = SIZE_MAX;
    client_.peer.write_refusals = 0;
    Send(unsent_.size());
    client_.TakeMore();
    server_.Run();
    client_.End();
    server_.Run();
    server_.Advance(std::chrono::seconds(10));
    CHECK(client_.closed());
  }

  [[nodiscard]] std::string_view sent() const { return text_.substr(0, text_.size() - unsent_.size()); }

 private:
  void Send(size_t bytes) {
    const size_t count = client_.peer.input_ended ? 0 : std::min(unsent_.size(), bytes);
    if (count > 0) client_.Send(unsent_.substr(0, count));
    unsent_.remove_prefix(count);
  }

  void Act(size_t amount) {
    if (amount == 0) client_.Reset();
    if (amount == 1) server_.Drain();
    if (amount == 2) client_.End();
    if (amount > 2) server_.Run();
  }

  TestServer& server_;
  TestClient& client_;
  const std::string_view text_;
  std::string_view unsent_;
};

// Is this what the site has there, or what the handler makes of the request?
bool IsRightContent(bool echoes, const SentRequest& request, const TestAnswer& answer) {
  if (answer.status != 200 || request.is_head || request.path.empty() || !answer.complete) return true;
  if (echoes) return request.path.starts_with("/n") ? answer.body.empty() : answer.body == request.content;
  if (request.path == "/a") return answer.body.empty() || answer.body == "hello";  // empty: the answer to OPTIONS
  if (request.path == "/d/") return answer.body.empty() || answer.body == "start";
  if (request.path == "/large") return answer.body.empty() || answer.body == std::string(kLargeBytes, 'x');
  return answer.body.empty();
}

// Everything that came of one connection, without interim answers.
struct Outcome {
  std::vector<TestAnswer> answers;
  std::vector<SentRequest> requests;
  bool cut = false;
};

void CheckAnswers(TestServer& server, TestClient& client, bool echoes, Outcome& outcome) {
  std::string_view output = client.peer.output;
  const uint64_t requests = server.counters().requests.get();
  outcome.cut = client.peer.reset || server.counters().responses_cut.get() > 0;
  CHECK(requests <= outcome.requests.size());
  while (!output.empty()) {
    const size_t number = outcome.answers.size();
    const bool is_answer = number < outcome.requests.size();
    const bool to_head = is_answer && outcome.requests[number].is_head;
    const std::optional<TestAnswer> answer = TakeAnswer(output, to_head);
    if (!answer && outcome.cut) break;
    CHECK(answer && (answer->complete || outcome.cut));
    if (http::IsInformational(answer->status)) continue;
    CHECK(is_answer && answer->Field("Date") && IsRightContent(echoes, outcome.requests[number], *answer));
    // The time for the head may be over before the method was known.
    const bool with_content = std::to_string(output.size()) == answer->Field("Content-Length");
    if (to_head && answer->status == 408 && (with_content || outcome.cut)) output = {};
    if (answer->closes() || answer->until_close || !answer->complete) CHECK(output.empty());
    outcome.answers.push_back(*answer);
  }
  CHECK(outcome.answers.size() <= requests);
  CHECK(outcome.cut || outcome.answers.size() == requests);
  const std::string lines = server.AccessLines();
  const auto logged = std::count(lines.begin(), lines.end(), '\n');
  CHECK(logged <= static_cast<ptrdiff_t>(requests) && (outcome.cut || logged == static_cast<ptrdiff_t>(requests)));
}

Outcome Converse(const Site& site, std::string_view text, std::string_view schedule, bool echoes) {
  TestServer server(site.path());
  server.config.limits.keepalive_requests = 30;
  if (echoes) server.ServeWith(std::make_unique<EchoHandler>(), 100'000);
  TestClient& client = server.Connect();
  Script script(server, client, text);
  for (const char step : schedule) script.Step(static_cast<uint8_t>(step));
  script.Finish();
  Outcome outcome;
  outcome.requests = RequestsIn(script.sent());
  CheckAnswers(server, client, echoes, outcome);
  return outcome;
}

void CheckSame(const Outcome& a, const Outcome& b) {
  CHECK(a.answers.size() == b.answers.size());
  for (size_t i = 0; i < a.answers.size(); ++i) {
    CHECK(a.answers[i].status == b.answers[i].status && a.answers[i].closes() == b.answers[i].closes());
    // The page of a refusal shows as much of what was sent as had come.
    if (a.answers[i].status >= 400) continue;
    CHECK(a.answers[i].head == b.answers[i].head && a.answers[i].body == b.answers[i].body);
  }
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
  const bool echoes = !schedule.empty() && (static_cast<uint8_t>(schedule.front()) & 1) != 0;
  const Outcome outcome = Converse(site, text, schedule, echoes);
  // Whether content had come before an answer that does not want it is told to who expects to be asked for it.
  const bool is_asked = http::reference::LowerCase(text).find("expect") != std::string::npos;
  if (outcome.cut || is_asked || schedule.empty() || !Script::IsTimeless(schedule)) return 0;
  const Outcome at_once = Converse(site, text, {}, echoes);
  if (!at_once.cut) CheckSame(outcome, at_once);
  return 0;
}
