#include "handlers/static_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <vector>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "handlers/fake_launcher.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;

class NoContent final : public RequestBody {
 public:
  event::Task<Result<std::span<const char>>> Next() override { co_return std::span<const char>(); }
  [[nodiscard]] bool client_half_closed() const override { return false; }
  void Interrupt() override {}
};

// What came of a request, in one form for all kinds of body.
struct Seen {
  int status = 0;
  std::string fields;  // lines
  std::string content;
  std::string sent_on_to;  // of a LocalRedirect
};

struct StaticHandlerTest : testing::Test {
  StaticHandlerTest() {
    location.path = "/";
    location.root = folder.Path();
    folder.Write("a.txt", "hello");
    folder.MakeFolder("dir");
    folder.Write("dir/index.html", "start");
    folder.Write("large.html", std::string(100'000, 'x'));
    SetTime("a.txt", 1'700'000'000);
    SetTime("large.html", 1'700'000'000);
  }
  // Old enough for a strong validator.
  void SetTime(std::string_view name, time_t seconds) {
    const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, folder.Path(name).c_str(), times, 0), 0);
  }
  event::Task<void> Handle(Request request, Seen& seen) {
    NoContent body;
    const HandlerContext context{.loop = loop.loop,
                                 .scope = loop.scope,
                                 .files = store,
                                 .error_log = error_log,
                                 .scripts = launcher,
                                 .spool_budget = spool_budget};
    const Answer answer = co_await handler->Handle(request, body, context);
    if (const auto* redirect = std::get_if<LocalRedirect>(&answer)) {
      seen.sent_on_to = redirect->target;
      co_return;
    }
    const auto& response = std::get<Response>(answer);
    seen.status = response.status;
    http::AppendFieldLines(seen.fields, response.fields);
    if (const auto* rendered = std::get_if<RenderedBody>(&response.body)) {
      seen.fields += rendered->with_content ? rendered->file->fields : rendered->file->fields_304;
      if (rendered->with_content) seen.content = rendered->file->content;
    } else if (const auto* file = std::get_if<FileBody>(&response.body)) {
      seen.content.resize(file->length);
      EXPECT_EQ(pread(file->file->fd.get(), seen.content.data(), seen.content.size(), static_cast<off_t>(file->offset)),
                static_cast<ssize_t>(file->length));
    }
  }
  Seen Ask(std::string_view path_below, std::string_view fields = "", std::string_view method = "GET") {
    if (handler == nullptr) handler = std::make_unique<StaticHandler>(location, types, script_extensions);
    const std::string path = location.path == "/" ? std::string(path_below) : location.path + std::string(path_below);
    const std::string head =
        std::string(method) + " " + path + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
    http::RequestParser parser(http::HeadLimits{});
    EXPECT_EQ(parser.Parse(head), http::ParseStatus::kDone) << head;
    Seen seen;
    loop.Spawn(Handle(Request{.head = parser.head(), .path = path, .path_below = path_below}, seen));
    for (int i = 0; i < 50 && !loop.tasks.empty(); ++i) loop.Turn();
    EXPECT_TRUE(loop.tasks.empty());
    return seen;
  }

  files::TestFolder folder;
  config::Location location;
  files::MimeTypes types{{}, "application/octet-stream"};
  std::vector<std::string> script_extensions;
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  files::FileStore store{loop.loop, 1 << 20};
  FakeLauncher launcher;
  files::SpoolBudget spool_budget;
  std::unique_ptr<StaticHandler> handler;
};

TEST_F(StaticHandlerTest, ServesSmallAndLargeFilesWithTheSameFields) {
  for (const auto& [path, content] :
       {std::pair<const char*, std::string>{"/a.txt", "hello"}, {"/large.html", std::string(100'000, 'x')}}) {
    const Seen seen = Ask(path);
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.content, content);
    EXPECT_THAT(seen.fields, HasSubstr("Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
    EXPECT_THAT(seen.fields, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(seen.fields, HasSubstr("ETag: \""));
    EXPECT_THAT(seen.fields, HasSubstr("; charset=utf-8\r\n"));
  }
}

// RFC 9110 section 13.
TEST_F(StaticHandlerTest, ConditionsAreEvaluatedForFilesOfAllSizes) {
  for (const char* path : {"/a.txt", "/large.html"}) {
    const std::string fields = Ask(path).fields;
    const size_t begin = fields.find("ETag: ") + 6;
    const std::string etag = fields.substr(begin, fields.find("\r\n", begin) - begin);
    const std::pair<std::string, int> cases[] = {
        {"If-None-Match: " + etag, 304},
        {"If-None-Match: W/" + etag, 304},
        {"If-None-Match: \"x\", " + etag, 304},
        {"If-None-Match: *", 304},
        {"If-None-Match: \"x\"", 200},
        {"If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT", 304},
        {"If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT", 200},
        {"If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\nIf-None-Match: \"x\"", 200},
        {"If-Match: " + etag, 200},
        {"If-Match: \"x\"", 412},
        {"If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT", 412},
    };
    for (const auto& [condition, status] : cases) {
      const Seen seen = Ask(path, condition + "\r\n");
      EXPECT_EQ(seen.status, status) << path << " " << condition;
      EXPECT_EQ(seen.content.empty(), status != 200) << path << " " << condition;
      if (status == 304) {
        EXPECT_THAT(seen.fields, HasSubstr("ETag: " + etag)) << condition;
        EXPECT_THAT(seen.fields, testing::Not(HasSubstr("Content-"))) << condition;
      }
    }
  }
}

// RFC 9110 sections 8.8.1 and 8.8.2.1.
TEST_F(StaticHandlerTest, AYoungFileHasAWeakTagAndNoTimeInTheFuture) {
  SetTime("a.txt", loop.time.Wall().seconds() + 100);
  const Seen seen = Ask("/a.txt");
  EXPECT_THAT(seen.fields, HasSubstr("ETag: W/\""));
  EXPECT_THAT(seen.fields, HasSubstr("Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"));
}

TEST_F(StaticHandlerTest, FoldersAnswerWithTheFirstIndexThatExists) {
  location.index = {"none.html", "second.html", "index.html"};
  EXPECT_EQ(Ask("/dir/").content, "start");
  EXPECT_EQ(Ask("/dir/").content, "start");
  folder.Write("dir/second.html", "second");
  loop.Advance(std::chrono::seconds(2));
  EXPECT_EQ(Ask("/dir/").content, "second");
  folder.MakeFolder("dir/none.html");
  loop.Advance(std::chrono::seconds(2));
  EXPECT_EQ(Ask("/dir/").content, "second");
}

TEST_F(StaticHandlerTest, FoldersWithoutAnIndexAreForbiddenAndMissingOnesAreMissing) {
  folder.MakeFolder("bare");
  EXPECT_EQ(Ask("/bare/").status, 403);
  EXPECT_EQ(Ask("/none/").status, 404);
  EXPECT_EQ(Ask("/a.txt/").status, 404);
  EXPECT_EQ(Ask("/none").status, 404);
}

TEST_F(StaticHandlerTest, ALongFolderAndIndexAreFoundWithoutTheShortcut) {
  const std::string name(200, 'n');
  folder.MakeFolder(name);
  folder.MakeFolder(name + "/" + name);
  folder.MakeFolder(name + "/" + name + "/" + name);
  const std::string path = name + "/" + name + "/" + name + "/";
  folder.Write(path + "index.html", "deep");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask("/" + path).content, "deep");
}

TEST_F(StaticHandlerTest, ATargetThatIsTheLocationItselfIsAFolder) {
  location.path = "/site";
  const Seen seen = Ask("");
  EXPECT_EQ(seen.status, 301);
  EXPECT_EQ(seen.fields, "Location: /site/\r\n");
  EXPECT_EQ(Ask("/a.txt").content, "hello");
}

TEST_F(StaticHandlerTest, HiddenFilesDoNotExist) {
  folder.Write(".secret", "s");
  folder.MakeFolder(".git");
  folder.Write(".git/config", "s");
  folder.MakeFolder(".well-known");
  folder.Write(".well-known/security.txt", "contact");
  folder.Write(".well-known/.hidden", "s");
  for (int i = 0; i < 2; ++i) {
    for (const char* path : {"/.secret", "/.git/config", "/.git/", "/.git", "/.well-known/.hidden", "/.none", "/..."}) {
      EXPECT_EQ(Ask(path).status, 404) << path;
    }
    EXPECT_EQ(Ask("/.well-known/security.txt").content, "contact");
  }
}

TEST_F(StaticHandlerTest, HiddenFilesMayBeShown) {
  location.dotfiles = true;
  folder.Write(".secret", "s");
  EXPECT_EQ(Ask("/.secret").content, "s");
}

// A program is never sent as bytes, whatever was asked for before.
TEST_F(StaticHandlerTest, ScriptsAreNeverSent) {
  script_extensions = {".php"};
  location.index = {"index.php", "index.html"};
  folder.Write("dir/index.php", "<?php secret");
  folder.Write("x.php", "<?php secret");
  folder.Write("X.PHP", "<?php secret");
  folder.Write("x.phps", "shown");
  loop.Advance(std::chrono::seconds(10));
  for (int i = 0; i < 3; ++i) {
    for (const char* path : {"/dir/index.php", "/x.php", "/X.PHP", "/x.php/extra", "/x.php/"}) {
      const Seen seen = Ask(path);
      EXPECT_EQ(seen.status, 404) << path << " " << i;
      EXPECT_EQ(seen.content, "") << path << " " << i;
    }
    EXPECT_EQ(Ask("/dir/").sent_on_to, "/dir/index.php");
  }
  EXPECT_EQ(Ask("/x.phps").content, "shown");
}

TEST_F(StaticHandlerTest, LinksThatLeadOutAreForbidden) {
  const files::TestFolder outside;
  outside.Write("secret", "s");
  folder.Link(outside.Path("secret"), "link");
  folder.Link("a.txt", "inside");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask("/link").status, 403);
  EXPECT_EQ(Ask("/inside").content, "hello");
}

TEST_F(StaticHandlerTest, TheCharsetIsForTextOnly) {
  folder.Write("a.json", "{}");
  folder.Write("a.svg", "<svg/>");
  folder.Write("a.unknown-extension", "x");
  EXPECT_THAT(Ask("/a.json").fields, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(Ask("/a.svg").fields, HasSubstr("Content-Type: image/svg+xml\r\n"));
  EXPECT_THAT(Ask("/a.unknown-extension").fields, HasSubstr("Content-Type: application/octet-stream\r\n"));
  handler.reset();
  location.charset = "";
  EXPECT_THAT(Ask("/a.txt").fields, HasSubstr("Content-Type: text/plain\r\n"));
}

TEST_F(StaticHandlerTest, AFieldThatTheConfigurationReplacesIsLeftOut) {
  location.add_headers = {{.name = "x-content-type-options", .value = ""}};
  for (const char* path : {"/a.txt", "/large.html"}) {
    EXPECT_EQ(Ask(path).fields.find("X-Content-Type-Options"), std::string::npos) << path;
  }
}

// ---- fallback

struct FallbackTest : StaticHandlerTest {
  FallbackTest() {
    folder.Write("app.html", "app");
    SetTime("app.html", 1'700'000'000);
    location.fallback = "/app.html";
  }
  static constexpr std::string_view kBrowser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
};

TEST_F(FallbackTest, AnswersWhereThereIsNoFile) {
  for (const char* path : {"/none", "/none/", "/deep/er/none", "/dir/none", "/a.b/none", "/a.txt/none", "/none."}) {
    const Seen seen = Ask(path, path[5] == '.' ? kBrowser : "");
    EXPECT_EQ(seen.status, 200) << path;
    EXPECT_EQ(seen.content, "app") << path;
    EXPECT_THAT(seen.fields, HasSubstr("Content-Type: text/html")) << path;
  }
  EXPECT_EQ(Ask("/none", "", "HEAD").status, 200);
  EXPECT_EQ(Ask("/a.txt").content, "hello");
  EXPECT_EQ(Ask("/dir/").content, "start");
}

TEST_F(FallbackTest, WithAnExtensionOnlyBrowsersGetItAndNeverForPartsOfPages) {
  for (const char* path : {"/john.doe", "/v1.2", "/old.html", "/example.org", "/report.pdf"}) {
    EXPECT_EQ(Ask(path).status, 404) << path;
    EXPECT_EQ(Ask(path, "Accept: */*\r\n").status, 404) << path;
    EXPECT_EQ(Ask(path, kBrowser).content, "app") << path;
  }
  for (const char* path :
       {"/app.js", "/a/b.css", "/logo.PNG", "/x.svg", "/data.json", "/m.wasm", "/f.woff2", "/v.mp4"}) {
    EXPECT_EQ(Ask(path, kBrowser).status, 404) << path;
  }
}

TEST_F(FallbackTest, HasItsOwnValidators) {
  const std::string fields = Ask("/none").fields;
  EXPECT_THAT(fields, HasSubstr("Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
  const size_t begin = fields.find("ETag: ") + 6;
  const std::string etag = fields.substr(begin, fields.find("\r\n", begin) - begin);
  EXPECT_EQ(Ask("/none", "If-None-Match: " + etag + "\r\n").status, 304);
  EXPECT_EQ(Ask("/other", "If-Match: \"x\"\r\n").status, 412);
}

TEST_F(FallbackTest, MayHaveAPrecompressedNeighbour) {
  location.precompressed = {http::ContentCoding::kGzip};
  folder.Write("app.html.gz", "packed");
  const Seen seen = Ask("/none", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(seen.content, "packed");
  EXPECT_THAT(seen.fields, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_EQ(Ask("/other").content, "app");
}

TEST_F(FallbackTest, OnlyWhatIsMissingFallsBack) {
  folder.MakeFolder("bare");
  folder.Link("/etc/hostname", "out");
  folder.Write(".hidden", "secret");
  EXPECT_EQ(Ask("/bare/").status, 403);
  EXPECT_EQ(Ask("/out").status, 403);
  EXPECT_EQ(Ask("/dir").status, 301);
  EXPECT_EQ(Ask("/" + std::string(256, 'a')).status, 414);
  // Nor does what must not seem to exist: RFC 8615.
  for (const char* path : {"/.hidden", "/.none", "/dir/.none/x", "/.well-known/none", "/.well-known/change-password"}) {
    EXPECT_EQ(Ask(path, kBrowser).status, 404) << path;
  }
}

TEST_F(FallbackTest, AScriptIsNoFileToSend) {
  location.fallback = "/app.php";
  folder.Write("app.php", "source");
  script_extensions = {".php"};
  const Seen seen = Ask("/none");
  EXPECT_EQ(seen.status, 404);
  EXPECT_EQ(seen.content, "");
}

TEST_F(FallbackTest, ItMayBeMissingItself) {
  folder.Remove("app.html");
  EXPECT_EQ(Ask("/none").status, 404);
  folder.MakeFolder("app.html");
  EXPECT_EQ(Ask("/other").status, 404);
}

}  // namespace
}  // namespace brilliant::handlers
