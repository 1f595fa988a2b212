#include "handlers/precompressed_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "handlers/fake_launcher.h"

namespace brilliant::handlers {
namespace {

constexpr time_t kOld = 1'700'000'000;

class PrecompressedFilesTest : public testing::Test {
 protected:
  PrecompressedFilesTest() {
    location_.path = "/";
    location_.root = folder_.Path();
    location_.precompressed = {http::ContentCoding::kBrotli, http::ContentCoding::kZstd, http::ContentCoding::kGzip};
    Write("a.css", "plain");
    plain_.rendered = std::make_shared<const files::RenderedFile>(
        responder_.Render("a.css", http::ContentCoding::kIdentity, files::OpenFile{.fd = {}, .mtime_ns = kOldNs},
                          "plain", loop_.loop.wall()));
  }
  void Write(std::string_view name, std::string_view content, time_t seconds = kOld) {
    folder_.Write(name, content);
    const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, folder_.Path(name).c_str(), times, 0), 0);
  }
  PrecompressedFiles& files() {
    if (!files_) files_.emplace(location_, responder_, script_extensions_);
    return *files_;
  }
  event::Task<void> ChooseInto(Request request, Representation file, std::optional<Representation>& chosen) {
    const HandlerContext context{.loop = loop_.loop,
                                 .scope = loop_.scope,
                                 .files = store_,
                                 .error_log = error_log_,
                                 .scripts = launcher_,
                                 .spool_budget = spool_budget_};
    Representation found = co_await files_->Choose(request, std::move(file), context);
    chosen = std::move(found);
  }
  static std::string Show(const std::optional<Representation>& chosen) {
    if (!chosen) return "unknown";
    EXPECT_EQ(chosen->path, "a.css");
    const files::StoredFile& stored = chosen->stored;
    const std::string content = stored.rendered != nullptr ? stored.rendered->content : "<descriptor>";
    return std::string(http::NameOf(chosen->coding)) + " " + content;
  }
  Request RequestWith() {
    Request request{.head = {}, .path = "/a.css", .path_below = "/a.css"};
    request.head.method = http::Method::kGet;
    request.head.fields = fields_;
    return request;
  }
  std::string Choose(std::string_view accept) {
    fields_ = {{"Accept-Encoding", accept}};
    files();
    std::optional<Representation> chosen;
    loop_.Spawn(ChooseInto(RequestWith(), {.path = "a.css", .stored = plain_}, chosen));
    for (int i = 0; i < 50 && !loop_.tasks.empty(); ++i) loop_.Turn();
    return Show(chosen);
  }
  std::string TryChoose(std::string_view accept) {
    fields_ = {{"Accept-Encoding", accept}};
    return Show(files().TryChoose(RequestWith(), {.path = "a.css", .stored = plain_}, store_));
  }

  static constexpr int64_t kOldNs = int64_t{kOld} * 1'000'000'000 + 999'999'999;

  files::TestFolder folder_;
  config::Location location_;
  files::MimeTypes types_{{}, "application/octet-stream"};
  std::vector<std::string> script_extensions_;
  event::FakeLoop loop_;
  log::ErrorLog error_log_{loop_.loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  files::FileStore store_{loop_.loop, 1 << 20};
  FakeLauncher launcher_;
  files::SpoolBudget spool_budget_;
  FileResponder responder_{location_, types_};
  files::StoredFile plain_;
  std::vector<http::Field> fields_;
  std::optional<PrecompressedFiles> files_;
};

TEST_F(PrecompressedFilesTest, TheBestNeighbourThatIsThereAnswers) {
  Write("a.css.gz", "gz");
  Write("a.css.br", "br");
  EXPECT_EQ(Choose("gzip, br, zstd"), "br br");
  EXPECT_EQ(Choose("gzip, zstd"), "gzip gz");
  EXPECT_EQ(Choose("br;q=0.5, gzip"), "gzip gz");
  EXPECT_EQ(Choose("zstd"), "identity plain");
  EXPECT_EQ(Choose(""), "identity plain");
  // RFC 9110 section 12.5.3 lets a server send what was refused, rather than nothing.
  EXPECT_EQ(Choose("identity;q=0, zstd"), "identity plain");
}

TEST_F(PrecompressedFilesTest, OnlyTheConfiguredOnesInTheirOrder) {
  location_.precompressed = {http::ContentCoding::kGzip, http::ContentCoding::kBrotli};
  Write("a.css.gz", "gz");
  Write("a.css.br", "br");
  Write("a.css.zst", "zst");
  EXPECT_EQ(Choose("zstd, br, gzip"), "gzip gz");
  EXPECT_EQ(Choose("zstd"), "identity plain");
  EXPECT_EQ(TryChoose("zstd"), "identity plain");
}

TEST_F(PrecompressedFilesTest, OffLooksForNothing) {
  location_.precompressed = {};
  EXPECT_EQ(TryChoose("br"), "identity plain");
}

// The time stamps of tools that keep only seconds are right, too.
TEST_F(PrecompressedFilesTest, AnOlderNeighbourIsStale) {
  Write("a.css.gz", "gz", kOld);
  Write("a.css.br", "br", kOld - 1);
  EXPECT_EQ(Choose("gzip, br"), "gzip gz");
  EXPECT_EQ(TryChoose("gzip, br"), "gzip gz");
}

TEST_F(PrecompressedFilesTest, WhatIsKnownNeedsNoFileSystem) {
  Write("a.css.gz", "gz");
  EXPECT_EQ(TryChoose("gzip"), "unknown");
  EXPECT_EQ(Choose("gzip, br"), "gzip gz");
  EXPECT_EQ(TryChoose("gzip, br"), "gzip gz");
  EXPECT_EQ(TryChoose("zstd"), "unknown");
  EXPECT_EQ(TryChoose(""), "identity plain");
  // That there is none is known, too: for as long as everything else.
  Write("a.css.br", "br");
  EXPECT_EQ(Choose("gzip, br"), "gzip gz");
  EXPECT_EQ(store_.counters().loads, 1U);
  loop_.Advance(files::kFreshFor);
  EXPECT_EQ(TryChoose("gzip, br"), "unknown");
  EXPECT_EQ(Choose("gzip, br"), "br br");
  EXPECT_EQ(TryChoose("gzip, br"), "br br");
}

TEST_F(PrecompressedFilesTest, WhatIsNoFileIsNoNeighbour) {
  const files::TestFolder outside;
  outside.Write("secret", "secret");
  folder_.Link(outside.Path("secret"), "a.css.br");
  folder_.MakeFolder("a.css.zst");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Choose("br, zstd"), "identity plain");
  folder_.Link("real.gz", "a.css.gz");
  Write("real.gz", "gz");
  EXPECT_EQ(Choose("br, zstd, gzip"), "gzip gz");
}

TEST_F(PrecompressedFilesTest, LargeNeighboursComeByDescriptor) {
  Write("a.css.gz", std::string(100'000, 'x'));
  EXPECT_EQ(Choose("gzip"), "gzip <descriptor>");
  EXPECT_EQ(TryChoose("gzip"), "gzip <descriptor>");
}

TEST_F(PrecompressedFilesTest, ScriptsAreNoNeighbours) {
  script_extensions_ = {".css.GZ"};
  Write("a.css.gz", "script");
  Write("a.css.br", "br");
  EXPECT_EQ(Choose("gzip"), "identity plain");
  EXPECT_EQ(Choose("gzip, br;q=0.1"), "br br");
}

}  // namespace
}  // namespace brilliant::handlers
