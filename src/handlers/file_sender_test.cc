#include "handlers/file_sender.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "handlers/fake_launcher.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;
using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr time_t kModified = 1'700'000'000;
constexpr char kLastModified[] = "Tue, 14 Nov 2023 22:13:20 GMT";

struct FileSenderTest : testing::Test {
  FileSenderTest() {
    folder.MakeFolder("a");
    folder.MakeFolder("b");
    folder.MakeFolder("ab");
    folder.MakeFolder("a/sub");
    folder.Write("a/f.txt", "0123456789");
    folder.Write("ab/f.txt", "not below a root");
    folder.Write("b/f.txt", "b");
    const timespec times[2] = {{.tv_sec = kModified, .tv_nsec = 0}, {.tv_sec = kModified, .tv_nsec = 0}};
    EXPECT_EQ(utimensat(AT_FDCWD, folder.Path("a/f.txt").c_str(), times, 0), 0);
    location.cgi.emplace();
    location.cgi->sendfile_roots = {folder.Path("a"), folder.Path("b")};
    loop.Advance(std::chrono::years(10));  // long after the files have changed
  }
  event::Task<void> Run(const FileSender& sender, Request request, cgi::ScriptResponse made) {
    const HandlerContext context{.loop = loop.loop,
                                 .scope = loop.scope,
                                 .files = store,
                                 .error_log = error_log,
                                 .scripts = launcher,
                                 .spool_budget = spool_budget};
    sent = co_await sender.Send(request, std::move(made), context);
  }
  // What comes of a program that answers so and names the file at the path.
  Result<Response> Send(const std::string& path, cgi::ScriptResponse made = {}, std::string_view fields = "",
                        std::string_view method = "GET") {
    const FileSender sender(location, types);
    const std::string head = std::string(method) + " /app HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
    http::RequestParser parser(http::HeadLimits{});
    EXPECT_EQ(parser.Parse(head), http::ParseStatus::kDone) << head;
    made.send_file = path;
    sent.reset();
    loop.Spawn(Run(sender, Request{.head = parser.head(), .path = "/app"}, std::move(made)));
    loop.Turns(20);
    EXPECT_TRUE(loop.tasks.empty());
    EXPECT_TRUE(sent);
    return std::move(*sent);
  }
  static cgi::ScriptResponse Made(int status, const Fields& fields) {
    cgi::ScriptResponse made;
    made.status = status;
    for (const auto& [name, value] : fields) made.fields.Add(name, value);
    return made;
  }

  files::TestFolder folder;
  config::Location location;
  files::MimeTypes types{{{"txt", "text/plain"}}, "application/octet-stream"};
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  files::FileStore store{loop.loop, 1 << 20};
  FakeLauncher launcher;
  files::SpoolBudget spool_budget;
  std::optional<Result<Response>> sent;
};

TEST_F(FileSenderTest, ProgramsFieldsGoFirstAndValidatorsAreTheFiles) {
  cgi::ScriptResponse made = Made(203, {{"X-Own", "1"},
                                        {"Content-Type", "text/own"},
                                        {"ETag", "\"own\""},
                                        {"Last-Modified", "Mon, 01 Jan 2001 00:00:00 GMT"},
                                        {"Accept-Ranges", "none"},
                                        {"Content-Range", "bytes 0-1/2"}});
  made.reason_phrase = "Copied";
  const Result<Response> answer = Send(folder.Path("a/f.txt"), std::move(made));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 203);
  EXPECT_EQ(answer->reason, "Copied");
  EXPECT_EQ(answer->fields.begin()->name, "X-Own");
  EXPECT_EQ(answer->fields.Find("Content-Type"), "text/own");
  EXPECT_EQ(answer->fields.Find("Last-Modified"), kLastModified);
  EXPECT_NE(answer->fields.Find("ETag"), "\"own\"");
  EXPECT_EQ(answer->fields.Find("Accept-Ranges"), "bytes");
  EXPECT_FALSE(answer->fields.Contains("Content-Range"));
  EXPECT_EQ(std::get<FileBody>(answer->body).length, 10);
}

TEST_F(FileSenderTest, WithoutAContentTypeTheFilesOwnIsSent) {
  const Result<Response> answer = Send(folder.Path("a/f.txt"));
  ASSERT_TRUE(answer);
  EXPECT_THAT(std::string(answer->fields.Find("Content-Type")), testing::StartsWith("text/plain"));
}

// TAG stands for the file's entity tag. A status other than the program's: what the server answered.
TEST_F(FileSenderTest, ConditionsAndRangesAreAnsweredForAPlainGet) {
  const std::string tag(Send(folder.Path("a/f.txt"))->fields.Find("ETag"));
  ASSERT_THAT(tag, testing::StartsWith("\""));
  const std::tuple<const char*, const char*, int, const char*, int> cases[] = {
      {"RFC 9110 14.2: a range", "GET", 200, "Range: bytes=2-4\r\n", 206},
      {"RFC 9110 14.2: only of a GET", "HEAD", 200, "Range: bytes=2-4\r\n", 200},
      {"RFC 9110 14.2: only of a GET", "POST", 200, "Range: bytes=2-4\r\n", 200},
      {"RFC 9110 14.2: only of a 200", "GET", 404, "Range: bytes=2-4\r\n", 404},
      {"RFC 9110 15.5.17: none that is there", "GET", 200, "Range: bytes=10-\r\n", 416},
      {"RFC 9110 13.1.1: another state", "GET", 200, "If-Match: \"a\"\r\n", 412},
      {"RFC 9110 13.1.1: this state", "GET", 200, "If-Match: TAG\r\n", 200},
      {"RFC 9110 13.1.2: known", "GET", 200, "If-None-Match: TAG\r\n", 304},
      {"RFC 9110 13.1.2: known", "HEAD", 200, "If-None-Match: W/TAG\r\n", 304},
      {"RFC 9110 13.2.1: not for POST, which has been done", "POST", 200, "If-None-Match: TAG\r\n", 200},
      {"RFC 9110 13.2.1: not for an error", "GET", 403, "If-None-Match: TAG\r\n", 403},
      {"RFC 9110 13.1.3: not changed", "GET", 200, "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 304},
      {"RFC 9110 13.1.4: changed", "GET", 200, "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 412},
      {"RFC 9110 13.1.5: this state", "GET", 200, "Range: bytes=0-0\r\nIf-Range: TAG\r\n", 206},
      {"RFC 9110 13.1.5: another state", "GET", 200, "Range: bytes=0-0\r\nIf-Range: \"a\"\r\n", 200},
  };
  for (const auto& [meaning, method, made, fields, status] : cases) {
    std::string asked = fields;
    if (const size_t at = asked.find("TAG"); at != std::string::npos) asked.replace(at, 3, tag);
    const Result<Response> answer = Send(folder.Path("a/f.txt"), Made(made, {}), asked, method);
    ASSERT_TRUE(answer) << meaning;
    EXPECT_EQ(answer->status, status) << meaning << ", " << method;
  }
}

TEST_F(FileSenderTest, ARangeIsCutFromTheFile) {
  const Result<Response> answer = Send(folder.Path("a/f.txt"), {}, "Range: bytes=2-4\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->fields.Find("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(std::get<FileBody>(answer->body).offset, 2);
  EXPECT_EQ(std::get<FileBody>(answer->body).length, 3);
}

// RFC 9110 section 14.6: each part says what it is of.
TEST_F(FileSenderTest, SeveralRangesHaveTheProgramsTypeInEachPart) {
  folder.Write("a/long", std::string(100'000, 'x'));  // ranges near each other are sent as one
  const Result<Response> answer =
      Send(folder.Path("a/long"), Made(200, {{"Content-Type", "text/own"}}), "Range: bytes=0-0,90000-90000\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 206);
  const auto* const parts = std::get_if<MultipartBody>(&answer->body);
  ASSERT_NE(parts, nullptr);
  EXPECT_EQ(parts->part_fields, "Content-Type: text/own\r\n");
}

// RFC 9110 section 15.4.5.
TEST_F(FileSenderTest, A304SaysNothingOfContentThatItDoesNotBring) {
  const Result<Response> answer = Send(folder.Path("a/f.txt"),
                                       Made(200, {{"Content-Type", "text/own"},
                                                  {"content-language", "de"},
                                                  {"Content-Location", "/here"},
                                                  {"Vary", "Cookie"}}),
                                       std::string("If-Modified-Since: ") + kLastModified + "\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 304);
  EXPECT_FALSE(answer->fields.Contains("Content-Type"));
  EXPECT_FALSE(answer->fields.Contains("Content-Language"));
  EXPECT_EQ(answer->fields.Find("Content-Location"), "/here");
  EXPECT_EQ(answer->fields.Find("Vary"), "Cookie");
}

TEST_F(FileSenderTest, ARefusalIsTheServersOwn) {
  const Result<Response> answer =
      Send(folder.Path("a/f.txt"), Made(200, {{"Set-Cookie", "a=b"}}), "Range: bytes=10-\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->fields.Find("Content-Range"), "bytes */10");
  EXPECT_FALSE(answer->fields.Contains("Set-Cookie"));
}

TEST_F(FileSenderTest, OnlyFilesBelowTheRootsAreSent) {
  folder.Link("../ab/f.txt", "a/out");
  folder.Link("../ab", "a/folder-out");
  folder.Link("../b/f.txt", "a/other-root");
  ASSERT_EQ(mkfifo(folder.Path("a/fifo").c_str(), 0644), 0);
  const std::pair<std::string, std::optional<ErrorCode>> cases[] = {
      {folder.Path("a/f.txt"), std::nullopt},
      {folder.Path("a/other-root"), std::nullopt},
      {folder.Path("a"), ErrorCode::kForbidden},
      {folder.Path("a/"), ErrorCode::kForbidden},
      {folder.Path("a/sub"), ErrorCode::kForbidden},
      {folder.Path("a/fifo"), ErrorCode::kForbidden},
      {folder.Path("ab/f.txt"), ErrorCode::kForbidden},
      {folder.Path("a/out"), ErrorCode::kForbidden},
      {folder.Path("a/folder-out/f.txt"), ErrorCode::kForbidden},
      {"a/f.txt", ErrorCode::kForbidden},
      {"", ErrorCode::kForbidden},
      {folder.Path("a/../ab/f.txt"), ErrorCode::kInvalid},
      {folder.Path("a/./f.txt"), ErrorCode::kInvalid},
      {folder.Path("a/none"), ErrorCode::kNotFound},
      {folder.Path("a/" + std::string(256, 'x')), ErrorCode::kTooLarge},
  };
  for (const auto& [path, error] : cases) {
    const Result<Response> answer = Send(path);
    EXPECT_EQ(answer.has_value(), !error) << path;
    if (answer || !error) continue;
    EXPECT_EQ(answer.error().code, *error) << path;
    EXPECT_EQ(FileSender::Describe(answer.error()).status, error == ErrorCode::kNotFound ? 404 : 500) << path;
  }
}

TEST_F(FileSenderTest, ARootWithinAnotherIsTheOneThatCounts) {
  folder.MakeFolder("a/inner");
  folder.Write("a/inner/x", "");
  folder.Link("../f.txt", "a/inner/up");
  location.cgi->sendfile_roots = {folder.Path("a/inner"), folder.Path("a")};
  EXPECT_TRUE(Send(folder.Path("a/inner/x")));
  EXPECT_TRUE(Send(folder.Path("a/inner/up"))) << "it leads to another root";
  location.cgi->sendfile_roots = {folder.Path("a/inner")};
  EXPECT_FALSE(Send(folder.Path("a/inner/up")));
}

TEST_F(FileSenderTest, WithoutRootsItIsOff) {
  EXPECT_TRUE(FileSender(location, types).enabled());
  location.cgi->sendfile_roots.clear();
  EXPECT_FALSE(FileSender(location, types).enabled());
}

TEST(FileSenderFaultTest, SaysWhatToMend) {
  const auto error = [](ErrorCode code, int system_errno) {
    return Error{.code = code, .system_errno = system_errno, .context = "openat2"};
  };
  const std::tuple<Error, int, const char*> cases[] = {
      {error(ErrorCode::kNotFound, ENOENT), 404, "mend the path"},
      {error(ErrorCode::kForbidden, EACCES), 500, "chmod o+r"},
      {error(ErrorCode::kForbidden, EPERM), 500, "chmod o+r"},
      {error(ErrorCode::kForbidden, EXDEV), 500, "cgi_sendfile_roots"},
      {error(ErrorCode::kInvalid, 0), 500, "cgi_sendfile_roots"},
      {error(ErrorCode::kTooLarge, ENAMETOOLONG), 500, "cgi_sendfile_roots"},
      {error(ErrorCode::kUnavailable, EMFILE), 503, "errno"},
      {error(ErrorCode::kSystem, EIO), 503, "errno"},
  };
  for (const auto& [fault, status, remedy] : cases) {
    const cgi::FaultText text = FileSender::Describe(fault);
    EXPECT_EQ(text.status, status) << text.cause;
    EXPECT_THAT(std::string(text.remedy), HasSubstr(remedy));
  }
}

}  // namespace
}  // namespace brilliant::handlers
