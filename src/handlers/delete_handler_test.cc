#include "handlers/delete_handler.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "handlers/fake_launcher.h"
#include "handlers/file_response.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;

constexpr time_t kModified = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT
// Files of tests have changed now, for the machine's clock: this is long after that.
constexpr auto kLater = std::chrono::years(10);

// DELETE has no content (RFC 9110 section 9.3.5), and who sends some is not listened to.
class NoContent final : public RequestBody {
 public:
  event::Task<Result<std::span<const char>>> Next() override {
    ADD_FAILURE() << "content was asked for";
    co_return std::span<const char>();
  }
  [[nodiscard]] bool client_half_closed() const override { return false; }
  void Interrupt() override {}
};

struct DeleteHandlerTest : testing::Test {
  DeleteHandlerTest() {
    folder.MakeFolder("www");
    folder.MakeFolder("trash");
    location.path = "/files";
    location.root = folder.Path("www");
    location.methods = {http::Method::kGet, http::Method::kDelete};
    loop.Advance(kLater);
  }
  event::Task<void> Handle(Request request, Response& response) {
    const HandlerContext context{.loop = loop.loop,
                                 .scope = loop.scope,
                                 .files = store,
                                 .error_log = error_log,
                                 .scripts = launcher,
                                 .spool_budget = spool_budget};
    Answer answer = co_await handler->Handle(request, body, context);
    response = std::move(std::get<Response>(answer));
  }
  // `below`: the path below the location.
  Response Send(std::string_view method, std::string_view below, std::string_view fields = "",
                std::string_view query = "") {
    const files::DocumentRoot root(location.root, {});
    handler = std::make_unique<DeleteHandler>(location, root,
                                              files::ServedNames(location.dotfiles, std::vector<std::string>{".sh"}));
    const std::string path = "/files" + std::string(below);
    const std::string head = std::string(method) + " " + path + (query.empty() ? "" : "?") + std::string(query) +
                             " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
    http::RequestParser parser(http::HeadLimits{});
    EXPECT_EQ(parser.Parse(head), http::ParseStatus::kDone) << head;
    Response response;
    loop.Spawn(Handle(Request{.head = parser.head(), .path = path, .path_below = below}, response));
    loop.Turns(20);
    EXPECT_TRUE(loop.tasks.empty());
    return response;
  }
  Response Delete(std::string_view below, std::string_view fields = "") { return Send("DELETE", below, fields); }
  void WriteOld(std::string_view name) const {
    folder.Write("www/" + std::string(name), "text");
    const timespec times[2] = {{.tv_sec = kModified, .tv_nsec = 0}, {.tv_sec = kModified, .tv_nsec = 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, folder.Path("www/" + std::string(name)).c_str(), times, 0), 0);
  }
  // What GET sends for it.
  [[nodiscard]] std::string EntityTag(std::string_view name) const {
    struct stat status{};
    EXPECT_EQ(stat(folder.Path("www/" + std::string(name)).c_str(), &status), 0);
    return EntityTagOf(files::IdentityOf(status), http::ContentCoding::kIdentity, loop.loop.wall());
  }
  [[nodiscard]] bool Exists(std::string_view name) const {
    return std::filesystem::symlink_status(folder.Path(name)).type() != std::filesystem::file_type::not_found;
  }
  static std::string Undo(const Response& deleted) {
    const std::string& json = std::get<MemoryBody>(deleted.body).bytes;
    const size_t begin = json.find("?undo=") + 1;
    return json.substr(begin, json.find('"', begin) - begin);
  }

  files::TestFolder folder;
  config::Location location;
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  files::FileStore store{loop.loop, 1 << 20};
  FakeLauncher launcher;
  files::SpoolBudget spool_budget;
  NoContent body;
  std::unique_ptr<DeleteHandler> handler;
};

// Each with a file that is there, unchanged since kModified; TAG stands for its entity tag.
TEST_F(DeleteHandlerTest, PreconditionsDecideWhetherAFileGoes) {
  const std::tuple<const char*, const char*, int> cases[] = {
      {"no condition", "", 204},
      {"RFC 9110 13.1.1: * holds for what exists", "If-Match: *\r\n", 204},
      {"RFC 9110 13.1.1: a tag that matches", "If-Match: TAG\r\n", 204},
      {"RFC 9110 13.1.1: one of a list", "If-Match: \"a\", TAG\r\n", 204},
      {"RFC 9110 13.1.1: none of a list", "If-Match: \"a\", \"b\"\r\n", 412},
      {"RFC 9110 13.1.1: strong comparison", "If-Match: W/TAG\r\n", 412},
      {"RFC 9110 13.1.2: * fails for what exists", "If-None-Match: *\r\n", 412},
      {"RFC 9110 13.1.2: a tag that matches", "If-None-Match: TAG\r\n", 412},
      {"RFC 9110 13.1.2: weak comparison", "If-None-Match: W/TAG\r\n", 412},
      {"RFC 9110 13.1.2: another tag", "If-None-Match: \"a\"\r\n", 204},
      {"RFC 9110 13.1.3: not for DELETE", "If-Modified-Since: Wed, 15 Nov 2023 22:13:20 GMT\r\n", 204},
      {"RFC 9110 13.1.4: that very date", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 204},
      {"RFC 9110 13.1.4: a second before", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 412},
      {"RFC 9110 13.1.4: no date", "If-Unmodified-Since: yesterday\r\n", 204},
      {"RFC 9110 13.1.5: not without Range", "If-Range: \"a\"\r\n", 204},
      {"RFC 9110 13.1.5, 14.2: Range is for GET", "Range: bytes=0-0\r\nIf-Range: \"a\"\r\n", 204},
      {"RFC 9110 13.2.2: a tag goes before a date",
       "If-Match: TAG\r\nIf-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 204},
      {"RFC 9110 13.2.2: and then the second tag", "If-Match: TAG\r\nIf-None-Match: TAG\r\n", 412},
      {"RFC 9110 13.2.2: the first one fails", "If-Match: \"a\"\r\nIf-None-Match: \"a\"\r\n", 412},
  };
  for (const bool with_trash : {false, true}) {
    location.deletion.trash = with_trash ? folder.Path("trash") : "";
    for (const auto& [meaning, fields, status] : cases) {
      WriteOld("f");
      std::string sent = fields;
      while (sent.find("TAG") != std::string::npos) sent.replace(sent.find("TAG"), 3, EntityTag("f"));
      EXPECT_EQ(Delete("/f", sent).status, status) << meaning;
      EXPECT_EQ(Exists("www/f"), status == 412) << meaning;
    }
  }
}

// RFC 9110 section 13.2.1: conditions are for what would succeed without them.
TEST_F(DeleteHandlerTest, RefusalsGoBeforePreconditions) {
  folder.Write("www/f", "");
  folder.Write("www/x.sh", "");
  folder.Write("www/.hidden", "");
  folder.MakeFolder("www/sub");
  folder.Write("www/sub/f", "");
  folder.MakeFolder("www/.dir");
  folder.Write("www/.dir/f", "");
  ASSERT_EQ(mkfifo(folder.Path("www/fifo").c_str(), 0644), 0);
  folder.Link("../trash", "www/out");
  folder.Write("trash/secret", "");
  const std::pair<const char*, int> cases[] = {
      {"", 403},          {"/", 403},     {"/none", 404},       {"/none/f", 404},  {"/f/", 404},
      {"/f/deeper", 404}, {"/x.SH", 404}, {"/x.sh", 404},       {"/.hidden", 404}, {"/.dir/f", 404},
      {"/sub", 409},      {"/sub/", 409}, {"/out/secret", 403}, {"/fifo", 403},
  };
  for (const char* fields : {"", "If-Match: \"a\"\r\n", "If-None-Match: *\r\n"}) {
    for (const auto& [below, status] : cases) EXPECT_EQ(Delete(below, fields).status, status) << below << fields;
  }
  for (const char* name : {"f", "x.sh", ".hidden", "sub/f", ".dir/f", "fifo", "out", "../trash/secret"})
    EXPECT_TRUE(Exists("www/" + std::string(name))) << name;
}

TEST_F(DeleteHandlerTest, EmptyFoldersGoWhereThatIsAllowed) {
  location.deletion.empty_folders = true;
  location.deletion.trash = folder.Path("trash");
  folder.MakeFolder("www/empty");
  folder.MakeFolder("www/full");
  folder.Write("www/full/.hidden", "");
  EXPECT_EQ(Delete("/full").status, 409);
  EXPECT_EQ(Delete("/empty", "If-Match: \"a\"\r\n").status, 412) << "a folder has no entity tag";
  const Response deleted = Delete("/empty/", "If-Match: *\r\nAccept: application/json\r\n");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(std::get<MemoryBody>(deleted.body).bytes, "{\"path\":\"/files/empty/\",\"undo\":null}\n");
  EXPECT_FALSE(Exists("www/empty"));
}

TEST_F(DeleteHandlerTest, ALinkGoesAndWhatItLeadsToStays) {
  WriteOld("target");
  folder.Link("target", "www/link");
  EXPECT_EQ(Delete("/link", "If-Match: \"a\"\r\n").status, 412);
  EXPECT_EQ(Delete("/link", "If-Match: " + EntityTag("target") + "\r\n").status, 204) << "what GET says is what counts";
  EXPECT_FALSE(Exists("www/link"));
  EXPECT_TRUE(Exists("www/target"));
}

// RFC 9110 section 8.8.1: what has just changed has no strong validator.
TEST_F(DeleteHandlerTest, AFileThatChangedJustNowMatchesNoTag) {
  folder.Write("www/f", "text");
  struct stat status{};
  ASSERT_EQ(stat(folder.Path("www/f").c_str(), &status), 0);
  loop.Advance(std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec) -
               std::chrono::nanoseconds(loop.loop.wall().nanoseconds));
  const std::string tag = EntityTag("f");
  EXPECT_THAT(tag, testing::StartsWith("W/"));
  EXPECT_EQ(Delete("/f", "If-Match: " + tag + "\r\n").status, 412);
  EXPECT_TRUE(Exists("www/f"));
}

TEST_F(DeleteHandlerTest, DotfilesGoIfTheyAreServedButNoUploadUnderWay) {
  location.dotfiles = true;
  folder.Write("www/.hidden", "");
  folder.Write("www/.upload-0123456789abcdef", "half");
  EXPECT_EQ(Delete("/.hidden").status, 204);
  EXPECT_EQ(Delete("/.upload-0123456789abcdef").status, 404);
  EXPECT_TRUE(Exists("www/.upload-0123456789abcdef"));
}

TEST_F(DeleteHandlerTest, WhatIsInTheTrashComesBackToItsPlaceOnly) {
  location.deletion.trash = folder.Path("trash");
  folder.MakeFolder("www/sub");
  folder.Write("www/sub/f", "text");
  const Response deleted = Delete("/sub/f", "Accept: application/json\r\n");
  ASSERT_EQ(deleted.status, 200);
  const std::string undo = Undo(deleted);
  ASSERT_EQ(undo.size(), 5 + 32) << undo;
  EXPECT_FALSE(Exists("www/sub/f"));
  for (const char* below : {"/f", "/sub/g", "/sub/f/", "/sub/", "/", "", "/sub/.f", "/sub/f.sh"})
    EXPECT_EQ(Send("POST", below, "", undo).status, 404) << below;
  for (const char* wrong : {"undo=", "undo=0123456789abcdef0123456789abcdef", "undo=../trash"})
    EXPECT_EQ(Send("POST", "/sub/f", "", wrong).status, 404) << wrong;
  folder.Write("www/sub/f", "new");
  EXPECT_EQ(Send("POST", "/sub/f", "", undo).status, 409) << "nothing is replaced";
  folder.Remove("www/sub/f");
  folder.Rename("www/sub", "www/moved");
  EXPECT_EQ(Send("POST", "/sub/f", "", undo).status, 409) << "its folder is gone";
  folder.Rename("www/moved", "www/sub");
  const Response restored = Send("POST", "/sub/f", "", undo);
  EXPECT_EQ(restored.status, 201);
  EXPECT_EQ(restored.fields.Find("Location"), "/files/sub/f");
  EXPECT_TRUE(Exists("www/sub/f"));
  EXPECT_EQ(Send("POST", "/sub/f", "", undo).status, 404) << "once";
}

TEST_F(DeleteHandlerTest, WithoutATrashThereIsNoUndo) {
  EXPECT_EQ(Send("POST", "/f", "", "undo=0123456789abcdef0123456789abcdef").status, 404);
}

TEST_F(DeleteHandlerTest, ATrashThatCantBeUsedKeepsTheFile) {
  folder.Write("www/f", "");
  folder.Write("file", "");
  for (const char* trash : {"none", "file"}) {
    location.deletion.trash = folder.Path(trash);
    const Response refused = Delete("/f");
    EXPECT_EQ(refused.status, 500) << trash;
    EXPECT_THAT(refused.explanation, HasSubstr("trash")) << trash;
  }
  EXPECT_TRUE(Exists("www/f"));
}

TEST_F(DeleteHandlerTest, TheAnswerIsWhatTheClientPrefers) {
  location.deletion.trash = folder.Path("trash");
  const std::tuple<const char*, int, const char*> cases[] = {
      {"", 204, ""},
      {"Accept: */*\r\n", 204, ""},
      {"Accept: application/json\r\n", 200, "application/json"},
      {"Accept: text/html, application/xhtml+xml, */*;q=0.8\r\n", 200, "text/html; charset=utf-8"},
  };
  for (const auto& [fields, status, type] : cases) {
    folder.Write("www/a<b>", "");
    const Response response = Delete("/a<b>", fields);
    EXPECT_EQ(response.status, status) << fields;
    EXPECT_EQ(response.fields.Find("Content-Type"), type) << fields;
    if (status != 200) continue;
    EXPECT_EQ(response.fields.Find("Cache-Control"), "no-store");
    EXPECT_THAT(std::get<MemoryBody>(response.body).bytes, testing::Not(HasSubstr("<b>")));
  }
}

TEST(IsUndoTest, OnlyAPostThatSaysSo) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"POST", "/f?undo=0", true}, {"POST", "/f?undo=", true},   {"POST", "/f?x&undo=0", false},
      {"POST", "/f", false},       {"GET", "/f?undo=0", false},  {"PUT", "/f?undo=0", false},
      {"POST", "/f?undo", false},  {"POST", "/f?Undo=0", false},
  };
  for (const auto& [method, target, undo] : cases) {
    const std::string head = std::string(method) + " " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    http::RequestParser parser(http::HeadLimits{});
    ASSERT_EQ(parser.Parse(head), http::ParseStatus::kDone);
    EXPECT_EQ(IsUndo(parser.head()), undo) << method << " " << target;
  }
}

}  // namespace
}  // namespace brilliant::handlers
