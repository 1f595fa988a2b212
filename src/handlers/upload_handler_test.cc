#include "handlers/upload_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "handlers/fake_launcher.h"
#include "handlers/folder_handler.h"
#include "handlers/upload_writer.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// Content in pieces of one size, and then its end or an error. Every other piece comes where the reader wants it.
class FakeBody final : public RequestBody {
 public:
  FakeBody(std::string content, size_t piece, bool whole)
      : content_(std::move(content)), piece_(piece), whole_(whole) {}
  event::Task<Result<std::span<const char>>> Next() override { co_return Take(content_.size()); }
  event::Task<Result<std::span<const char>>> NextInto(std::span<char> space) override {
    EXPECT_FALSE(space.empty());
    const Result<std::span<const char>> piece = Take(space.size());
    const bool in_place = piece && ++pieces_ % 2 == 0;
    if (!in_place) co_return piece;
    std::ranges::copy(*piece, space.data());
    co_return std::span<const char>(space.data(), piece->size());
  }
  [[nodiscard]] bool client_half_closed() const override { return false; }
  // From now on, jobs are given up to so many bytes of it at a time, `piece` with each read.
  void LetJobsRead(uint64_t bytes) { ahead_ = bytes; }
  Ahead LookAhead() override {
    if (ahead_ == 0 || at_ == content_.size()) return {};
    before_job_ = at_;
    return {.reader = std::make_shared<Reader>(*this), .bytes = std::min<uint64_t>(ahead_, content_.size() - at_)};
  }
  void Took(uint64_t bytes) override {
    EXPECT_LE(bytes, kAheadBytesMax);
    jobs_ += bytes > 0 ? 1 : 0;
    EXPECT_EQ(before_job_ + bytes, at_);
    read_by_jobs_ += bytes;
  }
  [[nodiscard]] uint64_t read_by_jobs() const { return read_by_jobs_; }
  [[nodiscard]] int jobs() const { return jobs_; }
  // Each read of a job takes so long.
  void SlowDown(FakeTimeSource& time, Milliseconds by) {
    time_ = &time;
    delay_ = by;
  }
  void Interrupt() override {}
  [[nodiscard]] bool asked() const { return asked_; }

 private:
  // As a socket does: now and then, nothing is there.
  class Reader final : public net::InputReader {
   public:
    explicit Reader(FakeBody& body) : body_(body) {}
    Result<size_t> TryRead(std::span<char> into) override {
      if (body_.time_ != nullptr) body_.time_->Advance(body_.delay_);
      if (++reads_ % 5 == 0 && body_.piece_ < kUploadPieceBytes) return Failure(ErrorCode::kWouldBlock, "recv");
      const Result<std::span<const char>> piece = body_.Take(into.size());
      if (!piece) return std::unexpected(piece.error());
      std::ranges::copy(*piece, into.data());
      return piece->size();
    }

   private:
    FakeBody& body_;
    int reads_ = 0;
  };

  Result<std::span<const char>> Take(size_t most) {
    asked_ = true;
    const size_t size = std::min({piece_, content_.size() - at_, most});
    if (size == 0 && !whole_) return Failure(ErrorCode::kClosed, "cut");
    const std::span<const char> piece(content_.data() + at_, size);
    at_ += size;
    return piece;
  }

  const std::string content_;
  const size_t piece_;
  const bool whole_;
  size_t at_ = 0;
  size_t before_job_ = 0;
  uint64_t ahead_ = 0;
  uint64_t read_by_jobs_ = 0;
  int jobs_ = 0;
  FakeTimeSource* time_ = nullptr;
  Milliseconds delay_{0};
  int pieces_ = 0;
  bool asked_ = false;
};

struct UploadHandlerTest : testing::Test {
  UploadHandlerTest() {
    location.path = "/up";
    location.root = folder.Path();
    location.methods = {http::Method::kGet, http::Method::kPost, http::Method::kPut};
    location.upload_path = "/in";
    folder.MakeFolder("in");
  }
  HandlerContext Context() {
    return {.loop = loop.loop,
            .scope = loop.scope,
            .files = store,
            .error_log = error_log,
            .scripts = launcher,
            .spool_budget = spool_budget};
  }
  event::Task<void> Handle(Request request, FakeBody& body, Response& response) {
    const HandlerContext context = Context();
    Answer answer = co_await handler->Handle(request, body, context);
    response = std::move(std::get<Response>(answer));
  }
  Response Send(std::string_view method, std::string_view below, FakeBody& body, std::string_view fields) {
    if (handler == nullptr) handler = std::make_unique<FolderHandler>(location, types, std::vector<std::string>{".sh"});
    const std::string head = std::string(method) + " /up" + std::string(below) + " HTTP/1.1\r\nHost: h\r\n" +
                             "Transfer-Encoding: chunked\r\n" + std::string(fields) + "\r\n";
    http::RequestParser parser(http::HeadLimits{});
    EXPECT_EQ(parser.Parse(head), http::ParseStatus::kDone) << head;
    Response response;
    loop.Spawn(Handle(Request{.head = parser.head(), .path = parser.head().path, .path_below = below}, body, response));
    for (int i = 0; i < 10'000 && !loop.tasks.empty(); ++i) loop.Turn();
    EXPECT_TRUE(loop.tasks.empty());
    return response;
  }
  Response Send(std::string_view method, std::string_view below, std::string content, std::string_view fields = "",
                size_t piece = 1'000'000) {
    FakeBody body(std::move(content), piece, true);
    return Send(method, below, body, fields);
  }
  // Everything in a folder, and what is in it.
  [[nodiscard]] std::map<std::string, std::string> Files(std::string_view name = "in") const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder.Path(name))) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[entry.path().filename()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
  }

  files::TestFolder folder;
  config::Location location;
  files::MimeTypes types{{}, "application/octet-stream"};
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  files::FileStore store{loop.loop, 1 << 20};
  FakeLauncher launcher;
  files::SpoolBudget spool_budget;
  std::unique_ptr<FolderHandler> handler;
};

std::string LongContent() {
  std::string bytes((4 * kUploadPieceBytes) + 5, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 % 251);
  return bytes;
}

TEST_F(UploadHandlerTest, StoresContentHoweverItIsCut) {
  const std::string content = LongContent();
  int number = 0;
  for (const size_t piece : {size_t{997}, size_t{16'384}, kUploadPieceBytes, kUploadPieceBytes + 1, content.size()}) {
    const std::string name = std::to_string(number++);
    EXPECT_EQ(Send("PUT", "/" + name, content, "", piece).status, 201);
    EXPECT_TRUE(Files("")[name] == content) << piece;
  }
}

TEST_F(UploadHandlerTest, StoresContentThatJobsRead) {
  const std::string content = LongContent();
  int number = 0;
  for (const size_t piece : {size_t{997}, size_t{16'384}, kUploadPieceBytes, kUploadPieceBytes + 1}) {
    for (const uint64_t ahead : {uint64_t{1}, uint64_t{10'000}, uint64_t{kUploadPieceBytes}, kAheadBytesMax}) {
      const std::string name = std::to_string(number++);
      FakeBody body(content, piece, true);
      body.LetJobsRead(ahead);
      EXPECT_EQ(Send("PUT", "/" + name, body, "").status, 201);
      EXPECT_TRUE(Files("")[name] == content) << piece << " " << ahead;
      EXPECT_GT(body.read_by_jobs(), 0U) << piece << " " << ahead;
    }
  }
}

TEST_F(UploadHandlerTest, AJobReadsSoMuchAndForSoLongThenOthersHaveItsThread) {
  const std::string content(2 * kAheadBytesMax + 2 * kUploadPieceBytes, 'x');
  FakeBody fast(content, kUploadPieceBytes, true);
  fast.LetJobsRead(UINT64_MAX);
  EXPECT_EQ(Send("PUT", "/a", fast, "").status, 201);
  EXPECT_EQ(fast.jobs(), 2);
  FakeBody slow(content, kUploadPieceBytes, true);
  slow.LetJobsRead(UINT64_MAX);
  slow.SlowDown(loop.time, kAheadTimeMax);
  EXPECT_EQ(Send("PUT", "/b", slow, "").status, 201);
  EXPECT_EQ(slow.jobs(), static_cast<int>(content.size() / kUploadPieceBytes / 2)) << "one piece each";
}

TEST_F(UploadHandlerTest, ContentThatEndsWhileAJobReadsItLeavesNothing) {
  FakeBody body(LongContent(), 50'000, false);
  body.LetJobsRead(kAheadBytesMax);
  EXPECT_GE(Send("PUT", "/a", body, "").status, 400);
  EXPECT_GT(body.read_by_jobs(), 0U);
  EXPECT_TRUE(Files("").empty());
}

// Else the connection would take what follows for content.
TEST_F(UploadHandlerTest, WhatAJobHasReadIsToldThoughItCouldNotBeWritten) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit one_piece = before;
  one_piece.rlim_cur = kUploadPieceBytes;
  setrlimit(RLIMIT_FSIZE, &one_piece);
  FakeBody body(LongContent(), kUploadPieceBytes, true);
  body.LetJobsRead(kAheadBytesMax);
  const int status = Send("PUT", "/a", body, "").status;
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(status, 413);  // EFBIG
  EXPECT_EQ(body.read_by_jobs(), kUploadPieceBytes);
  EXPECT_TRUE(Files("").empty());
}

TEST_F(UploadHandlerTest, JobsReadNoMoreThanTheQuotaLeaves) {
  location.upload.quota = (2 * kUploadPieceBytes) + 100;
  FakeBody body(LongContent(), kUploadPieceBytes, true);
  body.LetJobsRead(kAheadBytesMax);
  EXPECT_EQ(Send("PUT", "/a", body, "").status, 507);
  EXPECT_EQ(body.read_by_jobs(), kUploadPieceBytes + 100);
  EXPECT_TRUE(Files("").empty());
  EXPECT_EQ(Send("PUT", "/b", std::string(2 * kUploadPieceBytes, 'x')).status, 201) << "what was set aside is free";
}

TEST_F(UploadHandlerTest, LocationIsWhereGetFindsTheFile) {
  EXPECT_EQ(Send("POST", "/a.txt", "1").fields.Find("Location"), "/up/in/a.txt");
  EXPECT_EQ(Send("POST", "/a.txt", "2").fields.Find("Location"), "/up/in/a_1.txt");
  EXPECT_EQ(Send("PUT", "/b.txt", "3").fields.Find("Location"), "/up/b.txt");
  EXPECT_THAT(Files(), ElementsAre(Pair("a.txt", "1"), Pair("a_1.txt", "2")));
}

TEST_F(UploadHandlerTest, ContentThatIsCutLeavesNothing) {
  for (const char* fields : {"", "Content-Type: multipart/form-data; boundary=B\r\n"}) {
    FakeBody body("--B\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n" + std::string(300'000, 'x'),
                  5'000, false);
    EXPECT_GE(Send("POST", fields[0] == '\0' ? "/a" : "/", body, fields).status, 400);
    EXPECT_TRUE(body.asked());
    EXPECT_TRUE(Files().empty()) << fields;
  }
}

TEST_F(UploadHandlerTest, AFormIsStoredHoweverItIsCut) {
  const std::string form =
      "--B\r\nContent-Disposition: form-data; name=f; filename=a.txt\r\n\r\nfirst\r\n"
      "--B\r\nContent-Disposition: form-data; name=g\r\n\r\nfield\r\n"
      "--B\r\nContent-Disposition: form-data; name=f; filename=b.txt\r\n\r\n\r\n--B--\r\n";
  for (size_t piece = 1; piece < form.size(); piece += 9) {
    EXPECT_EQ(Send("POST", "/", form, "Content-Type: multipart/form-data; boundary=B\r\n", piece).status, 201);
    EXPECT_THAT(Files(), ElementsAre(Pair("a.txt", "first"), Pair("b.txt", ""))) << piece;
    folder.Remove("in/a.txt");
    folder.Remove("in/b.txt");
  }
}

TEST_F(UploadHandlerTest, RefusalsDoNotAskForTheContent) {
  folder.Write("taken", "old");
  const std::tuple<const char*, const char*, const char*, int> cases[] = {
      {"PUT", "/.hidden", "", 400},
      {"PUT", "/x.SH", "", 403},
      {"PUT", "/none/x", "", 409},
      {"POST", "/none/x", "", 404},
      {"PUT", "/in", "", 409},
      {"PUT", "/", "", 409},
      {"PUT", "", "", 409},
      {"POST", "/", "", 400},
      {"PUT", "/x", "Content-Encoding: gzip\r\n", 415},
      {"PUT", "/x", "Content-Range: bytes 0-1/2\r\n", 400},
      {"PUT", "/taken", "If-None-Match: *\r\n", 412},
      {"PUT", "/x", "If-Match: *\r\n", 412},
      {"POST", "/", "Content-Type: multipart/form-data\r\n", 400},
  };
  for (const auto& [method, below, fields, status] : cases) {
    FakeBody body("content", 100, true);
    EXPECT_EQ(Send(method, below, body, fields).status, status) << method << below << fields;
    EXPECT_FALSE(body.asked()) << method << below << fields;
  }
  EXPECT_THAT(Files(""), ElementsAre(Pair("taken", "old")));
}

TEST_F(UploadHandlerTest, TheFolderHandlerReadsToo) {
  EXPECT_EQ(Send("GET", "/a.txt", "").status, 404);
  EXPECT_EQ(Send("PUT", "/a.txt", "now").status, 201);
  EXPECT_EQ(Send("GET", "/a.txt", "").status, 200);
}

TEST_F(UploadHandlerTest, QuotaEndsAnUploadThatGoesOnAndOn) {
  location.upload.quota = 300'000;
  EXPECT_EQ(Send("PUT", "/a", std::string(300'001, 'x'), "", 1'000).status, 507);
  EXPECT_EQ(Send("PUT", "/a", std::string(200'000, 'x'), "", 1'000).status, 201);
  EXPECT_EQ(Send("PUT", "/a", std::string(300'000, 'y'), "", 1'000).status, 204) << "what is replaced does not count";
  EXPECT_EQ(Send("PUT", "/b", "x").status, 507);
  EXPECT_EQ(Send("PUT", "/b", "").status, 201);
}

TEST(UploadAnswerTest, JsonAndPagesNameFilesSafely) {
  const StoredUpload file{.name = "a\"<b>\xff\n.txt", .path = "/a%22.txt", .size = 5};
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\n\r\n";
  http::RequestParser parser(http::HeadLimits{});
  ASSERT_EQ(parser.Parse(head), http::ParseStatus::kDone);
  const Response json = AnswerStoredFile(Request{.head = parser.head()}, file, true);
  EXPECT_EQ(json.status, 201);
  EXPECT_EQ(std::get<MemoryBody>(json.body).bytes,
            "{\"files\":[{\"name\":\"a\\\"<b>\xEF\xBF\xBD\\u000a.txt\",\"path\":\"/a%22.txt\",\"size\":5}]}\n");
  const std::string html = "POST / HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n";
  http::RequestParser browser(http::HeadLimits{});
  ASSERT_EQ(browser.Parse(html), http::ParseStatus::kDone);
  const Response page = AnswerStoredForm(Request{.head = browser.head()}, std::span(&file, 1), "/");
  EXPECT_THAT(std::get<MemoryBody>(page.body).bytes, HasSubstr("<a href=\"/a%22.txt\">a&quot;&lt;b&gt;"));
}

}  // namespace
}  // namespace brilliant::handlers
