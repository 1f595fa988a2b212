#include "handlers/archive_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "files/test_folder.h"

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;
using testing::Not;

// What zipfile and tarfile make of whole archives is seen in tests/end_to_end/test_listings.py.
struct ArchiveMakerTest : testing::Test {
  static constexpr MonotonicTime kNow{std::chrono::hours(1)};

  std::unique_ptr<ArchiveMaker> Maker(ArchiveFormat format, const ArchiveMaker::Limits& limits,
                                      std::vector<std::string> left_out = {}) {
    const files::DocumentRoot root(folder.Path(), {});
    Result<files::OpenFile> opened = root.Open("", kNow);
    EXPECT_TRUE(opened.has_value());
    ArchiveMaker::Source source{
        .folder = std::make_shared<const files::OpenFile>(std::move(*opened)),
        .place = {.root = root,
                  .path = "",
                  .names = std::make_shared<const files::ServedNames>(false, std::vector<std::string>{".php"})},
        .top = "top",
        .left_out = std::move(left_out)};
    return std::make_unique<ArchiveMaker>(std::move(source), format, limits);
  }
  // All pieces; or the error's code.
  static std::expected<std::string, ErrorCode> Make(ArchiveMaker& maker) {
    std::string bytes;
    while (true) {
      Result<PieceMaker::Piece> piece = maker.Make(kNow);
      if (!piece) return std::unexpected(piece.error().code);
      EXPECT_LT(piece->bytes.size(), kPieceBytes + 200'000);
      bytes += piece->bytes;
      if (piece->is_last) return bytes;
      EXPECT_FALSE(piece->bytes.empty());
    }
  }

  files::TestFolder folder;
};

TEST_F(ArchiveMakerTest, NamesAreRelativeAndWhatIsNotServedIsLeftOut) {
  folder.Write("shown", "content-shown");
  folder.Write(".hidden", "content-hidden");
  folder.Write("x.php", "content-script");
  folder.MakeFolder("sub");
  folder.Write("sub/deep", "content-deep");
  folder.MakeFolder("other");
  folder.Write("other/x", "content-of-another-location");
  const files::TestFolder outside;
  outside.Write("secret", "content-outside");
  folder.Link(outside.Path("secret"), "out");
  folder.Link(outside.Path(), "out-folder");
  folder.Link(".", "loop");
  for (const ArchiveFormat format : {ArchiveFormat::kZip, ArchiveFormat::kTar}) {
    const auto bytes = Make(*Maker(format, {}, {"other"}));
    ASSERT_TRUE(bytes.has_value());
    for (const char* part : {"top/shown", "content-shown", "top/sub/deep", "content-deep"})
      EXPECT_THAT(*bytes, HasSubstr(part));
    for (const char* part : {"hidden", "script", "another", "outside", "loop", "/out"})
      EXPECT_THAT(*bytes, Not(HasSubstr(part)));
  }
}

TEST_F(ArchiveMakerTest, ReachesItsLimits) {
  folder.Write("a", "12345");
  folder.Write("b", "12345");
  folder.MakeFolder("c");
  folder.MakeFolder("c/d");
  for (const ArchiveFormat format : {ArchiveFormat::kZip, ArchiveFormat::kTar}) {
    EXPECT_TRUE(Make(*Maker(format, {.entries_max = 4, .bytes_max = 10, .depth_max = 2})));
    EXPECT_EQ(Make(*Maker(format, {.entries_max = 3})).error(), ErrorCode::kTooLarge);
    EXPECT_EQ(Make(*Maker(format, {.bytes_max = 9})).error(), ErrorCode::kTooLarge);
    EXPECT_EQ(Make(*Maker(format, {.depth_max = 1})).error(), ErrorCode::kTooLarge);
  }
}

TEST_F(ArchiveMakerTest, HoldsAsManyEntriesAsItSaysAndNoMore) {
  // Names of two files: no file can have so many.
  folder.MakeFolder("a");
  folder.MakeFolder("b");
  folder.Write("a/0", "");
  folder.Write("b/0", "");
  constexpr uint64_t kInFolder = kArchiveEntriesMax / 2 - 1;  // the folders are entries too
  for (const std::string name : {"a/", "b/"}) {
    const std::string begin = folder.Path(name);
    for (uint64_t i = 1; i < kInFolder; ++i)
      ASSERT_EQ(link((begin + "0").c_str(), (begin + std::to_string(i)).c_str()), 0);
  }
  folder.Write("one more", "");
  const auto maker = Maker(ArchiveFormat::kTar, {});
  constexpr size_t kHeaderBytes = 512;
  size_t bytes = 0;
  Result<PieceMaker::Piece> piece = maker->Make(kNow);
  for (; piece && !piece->is_last; piece = maker->Make(kNow)) bytes += piece->bytes.size();
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().code, ErrorCode::kTooLarge);
  EXPECT_GT(bytes, kArchiveEntriesMax * kHeaderBytes - 2 * kPieceBytes) << "all but the last piece";
}

TEST_F(ArchiveMakerTest, GoesAsDeepAsItSaysAndNoDeeper) {
  std::string path = "d";
  for (size_t depth = 1; depth < kArchiveDepthMax; ++depth) path += "/d";
  std::filesystem::create_directories(folder.Path(path));
  for (const ArchiveFormat format : {ArchiveFormat::kZip, ArchiveFormat::kTar}) EXPECT_TRUE(Make(*Maker(format, {})));
  folder.MakeFolder(path + "/d");
  for (const ArchiveFormat format : {ArchiveFormat::kZip, ArchiveFormat::kTar})
    EXPECT_EQ(Make(*Maker(format, {})).error(), ErrorCode::kTooLarge);
}

TEST_F(ArchiveMakerTest, AFileThatBecomesShorterBreaksOffAndOneThatGrowsIsCut) {
  for (const ArchiveFormat format : {ArchiveFormat::kZip, ArchiveFormat::kTar}) {
    folder.Write("a", std::string(3 * kPieceBytes, 'x'));
    const auto shorter = Maker(format, {});
    ASSERT_TRUE(shorter->Make(kNow));
    folder.Write("a", "short");
    EXPECT_EQ(Make(*shorter).error(), ErrorCode::kClosed);

    folder.Write("a", std::string(3 * kPieceBytes, 'x'));
    const auto longer = Maker(format, {});
    ASSERT_TRUE(longer->Make(kNow));
    folder.Append("a", "longer-than-before");
    const auto rest = Make(*longer);
    ASSERT_TRUE(rest);
    EXPECT_THAT(*rest, Not(HasSubstr("longer-than-before")));
  }
}

TEST_F(ArchiveMakerTest, NamesThatAreNotUtf8DoNotEndIt) {
  folder.Write("bad\xff\xfe", "content-bad");
  folder.Write("good", "content-good");
  for (const ArchiveFormat format : {ArchiveFormat::kZip, ArchiveFormat::kTar}) {
    const auto bytes = Make(*Maker(format, {}));
    ASSERT_TRUE(bytes.has_value());
    EXPECT_THAT(*bytes, HasSubstr("content-bad"));
    EXPECT_THAT(*bytes, HasSubstr("content-good"));
  }
}

TEST_F(ArchiveMakerTest, OneThatIsGivenUpLeavesNothingOpen) {
  folder.Write("a", std::string(3 * kPieceBytes, 'x'));
  const int before = files::OpenDescriptors();
  for (const ArchiveFormat format : {ArchiveFormat::kZip, ArchiveFormat::kTar}) {
    const auto maker = Maker(format, {});
    ASSERT_TRUE(maker->Make(kNow));
  }
  EXPECT_EQ(files::OpenDescriptors(), before);
}

}  // namespace
}  // namespace brilliant::handlers
