// What is listed and how is seen in listing_writer_test.cc and tests/end_to_end/test_listings.py: here, what a location
// sends and remembers at one time.
#include "handlers/folder_lister.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "handlers/fake_launcher.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

struct FolderListerTest : testing::Test {
  FolderListerTest() {
    location.path = "/";
    location.root = folder.Path();
    location.autoindex = true;
    location.archive = true;
    loop.Advance(std::chrono::years(10));  // long after the folder has changed
  }
  ~FolderListerTest() override { loop.Turns(5); }
  event::Task<void> List(Request request, std::string_view path, Response& response) {
    const HandlerContext context{.loop = loop.loop,
                                 .scope = loop.scope,
                                 .files = store,
                                 .error_log = error_log,
                                 .scripts = launcher,
                                 .spool_budget = spool_budget};
    Result<files::OpenFile> opened = root.Open(path, loop.loop.now());
    EXPECT_TRUE(opened);
    auto handle = std::make_shared<const files::OpenFile>(std::move(*opened));
    Answer answer = co_await lister.List(request, path, std::move(handle), context);
    response = std::move(std::get<Response>(answer));
  }
  // `path`: of the folder beneath the root, with a slash at its end.
  Response Get(const std::string& path, std::string_view query) {
    const std::string head = "GET /" + path + "?" + std::string(query) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    http::RequestParser parser(http::HeadLimits{});
    EXPECT_EQ(parser.Parse(head), http::ParseStatus::kDone);
    Response response;
    const std::string whole_path = "/" + path;
    loop.Spawn(List(Request{.head = parser.head(), .path = whole_path, .path_below = path}, path, response));
    loop.Turns(20);
    EXPECT_TRUE(loop.tasks.empty());
    return response;
  }
  static bool IsStream(const Response& response) {
    return std::holds_alternative<std::unique_ptr<BodySource>>(response.body);
  }

  files::TestFolder folder;
  config::Location location;
  files::MimeTypes types{{}, "application/octet-stream"};
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  files::FileStore store{loop.loop, 1 << 20};
  FakeLauncher launcher;
  files::SpoolBudget spool_budget;
  files::DocumentRoot root{folder.Path(), {}};
  FolderLister lister{location, types, root,
                      std::make_shared<const files::ServedNames>(false, std::vector<std::string>{})};
};

TEST_F(FolderListerTest, SoManyLargeAnswersAreSentAtOneTime) {
  folder.MakeFolder("many");
  for (int i = 0; i < 1'500; ++i) folder.Write("many/" + std::string(100, 'n') + std::to_string(i), "");
  folder.MakeFolder("large");
  folder.Write("large/file", "");
  ASSERT_EQ(truncate(folder.Path("large/file").c_str(), 10 << 20), 0);
  folder.MakeFolder("small");

  std::vector<Response> sent;
  for (long i = 0; i < kFolderStreamsMax; ++i) {
    sent.push_back(i % 2 == 0 ? Get("many/", "format=json")
                              : Get("large/", i % 4 == 1 ? "archive=zip" : "archive=tar"));
    ASSERT_EQ(sent.back().status, 200) << i;
    ASSERT_TRUE(IsStream(sent.back())) << i;
  }
  EXPECT_EQ(Get("many/", "format=json").status, 503);
  EXPECT_EQ(Get("many/", "").status, 503);
  EXPECT_EQ(Get("large/", "archive=zip").status, 503);
  EXPECT_EQ(Get("small/", "format=json").status, 200) << "what fits in one piece is no stream";
  sent.pop_back();
  EXPECT_EQ(Get("large/", "archive=zip").status, 200);
}

TEST_F(FolderListerTest, SoManySmallListingsAreRemembered) {
  folder.Write("a", "");
  const auto page = [this](size_t number) {
    const Response response = Get("", "format=json&filter=" + std::to_string(number));
    return std::get<SliceBody>(response.body).file;
  };
  std::vector<files::RenderedFilePtr> first;
  for (size_t i = 0; i < kListingsKeptMax; ++i) first.push_back(page(i));
  for (size_t i = 0; i < kListingsKeptMax; ++i) EXPECT_EQ(page(i), first[i]) << i;
  const files::RenderedFilePtr one_more = page(kListingsKeptMax);
  EXPECT_EQ(page(kListingsKeptMax), one_more);
  EXPECT_EQ(page(1), first[1]);
  EXPECT_NE(page(0), first[0]) << "the one that nobody has used for longest";
  loop.Advance(files::kFreshFor);
  EXPECT_NE(page(1), first[1]) << "its time is over";
}

}  // namespace
}  // namespace brilliant::handlers
