#include "files/folder_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>

#include "files/folder_listing.h"
#include "files/test_folder.h"

namespace brilliant::files {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct FolderReaderTest : testing::Test {
  static constexpr MonotonicTime kNow{std::chrono::hours(1)};

  std::map<std::string, FolderEntry> Read(const std::string& path = "", bool dotfiles = false,
                                          std::vector<std::string> scripts = {}) {
    DocumentRoot root(folder.Path(), symlink_roots);
    root.Withhold(scripts);
    const Result<OpenFile> opened = root.Open(path, kNow);
    EXPECT_TRUE(opened.has_value());
    const auto names = std::make_shared<const ServedNames>(dotfiles, std::move(scripts));
    Result<FolderReader> reader = FolderReader::Open(*opened, {.root = root, .path = path, .names = names});
    EXPECT_TRUE(reader.has_value());
    std::map<std::string, FolderEntry> entries;
    while (true) {
      const Result<std::optional<FolderEntry>> entry = reader->Next(kNow);
      EXPECT_TRUE(entry.has_value());
      if (!entry || !*entry) break;
      EXPECT_TRUE(entries.emplace(std::string((*entry)->name), **entry).second);
    }
    return entries;
  }
  std::vector<std::string> Names(const std::string& path = "", bool dotfiles = false,
                                 std::vector<std::string> scripts = {}) {
    std::vector<std::string> names;
    for (const auto& [name, entry] : Read(path, dotfiles, std::move(scripts))) names.push_back(name);
    return names;
  }

  TestFolder folder;
  std::vector<std::string> symlink_roots;
};

TEST_F(FolderReaderTest, SaysKindSizeAndTime) {
  folder.Write("a.txt", "hello");
  folder.MakeFolder("sub");
  const timespec times[2] = {{.tv_sec = 1'700'000'000, .tv_nsec = 0}, {.tv_sec = 1'700'000'000, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, folder.Path("a.txt").c_str(), times, 0), 0);
  const auto entries = Read();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries.at("a.txt").kind, EntryKind::kFile);
  EXPECT_EQ(entries.at("a.txt").size, 5U);
  EXPECT_EQ(entries.at("a.txt").mtime_seconds, 1'700'000'000);
  EXPECT_EQ(entries.at("sub").kind, EntryKind::kFolder);
  EXPECT_THAT(Names("sub/"), IsEmpty());
}

TEST_F(FolderReaderTest, HiddenNamesAndScriptsDoNotExist) {
  for (const char* name : {".secret", "a.php", "B.PHP", "c.phps"}) folder.Write(name, "x");
  folder.MakeFolder(".well-known");
  EXPECT_THAT(Names("", false, {".php"}), ElementsAre(".well-known", "c.phps"));
  EXPECT_THAT(Names("", true), ElementsAre(".secret", ".well-known", "B.PHP", "a.php", "c.phps"));
}

TEST_F(FolderReaderTest, LinksCountAsWhatARequestWouldGet) {
  const TestFolder outside;
  outside.Write("secret", "s");
  const TestFolder allowed;
  allowed.Write("file", "1234567");
  symlink_roots = {allowed.Path()};
  folder.Write("a.php", "code");
  folder.MakeFolder("sub");
  folder.Write("sub/x", "12");
  folder.Link("sub/x", "file");
  folder.Link("sub", "folder");
  folder.Link(outside.Path("secret"), "out");
  folder.Link(outside.Path(), "out-folder");
  folder.Link("nowhere", "dangling");
  folder.Link("circle", "circle");
  folder.Link("a.php", "disguised");
  folder.Link(allowed.Path("file"), "allowed");
  folder.Link("../file", "sub/up");
  const auto entries = Read("", false, {".php"});
  EXPECT_THAT(Names("", false, {".php"}), ElementsAre("allowed", "file", "folder", "sub"));
  EXPECT_EQ(entries.at("file").size, 2U);
  EXPECT_EQ(entries.at("folder").kind, EntryKind::kFolder);
  EXPECT_EQ(entries.at("allowed").size, 7U);
  EXPECT_THAT(Names("sub/"), ElementsAre("up", "x"));
}

TEST_F(FolderReaderTest, PipesAndSocketsAreLeftOut) {
  ASSERT_EQ(mkfifo(folder.Path("pipe").c_str(), 0600), 0);
  folder.Link("pipe", "to-pipe");
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(FolderReaderTest, KeepsNoDescriptor) {
  folder.Link("nowhere", "dangling");
  folder.Write("a", "x");
  folder.Link("a", "b");
  const int before = OpenDescriptors();
  Read();
  EXPECT_EQ(OpenDescriptors(), before);
}

FolderEntry File(std::string_view name, uint64_t size = 0, int64_t mtime_seconds = 0) {
  return {.name = name, .kind = EntryKind::kFile, .size = size, .mtime_seconds = mtime_seconds};
}

std::vector<std::string> Sorted(FolderListing& listing, const ListingOrder& order) {
  listing.Sort(order);
  std::vector<std::string> names;
  for (size_t i = 0; i < listing.size(); ++i) names.emplace_back(listing[i].name);
  return names;
}

TEST(FolderListingTest, FoldersComeFirstInEveryOrder) {
  FolderListing listing;
  for (const FolderEntry& entry : {File("b10.png", 5, 30), File("b9.TXT", 7, 20), File("a", 5, 40),
                                   FolderEntry{.name = "Z", .kind = EntryKind::kFolder, .mtime_seconds = 50},
                                   FolderEntry{.name = "y", .kind = EntryKind::kFolder, .mtime_seconds = 10}}) {
    ASSERT_TRUE(listing.TryAdd(entry));
  }
  EXPECT_THAT(Sorted(listing, {ListingKey::kName, false}), ElementsAre("y", "Z", "a", "b9.TXT", "b10.png"));
  EXPECT_THAT(Sorted(listing, {ListingKey::kName, true}), ElementsAre("Z", "y", "b10.png", "b9.TXT", "a"));
  EXPECT_THAT(Sorted(listing, {ListingKey::kSize, false}), ElementsAre("y", "Z", "a", "b10.png", "b9.TXT"));
  EXPECT_THAT(Sorted(listing, {ListingKey::kSize, true}), ElementsAre("y", "Z", "b9.TXT", "a", "b10.png"));
  EXPECT_THAT(Sorted(listing, {ListingKey::kTime, false}), ElementsAre("y", "Z", "b9.TXT", "b10.png", "a"));
  EXPECT_THAT(Sorted(listing, {ListingKey::kTime, true}), ElementsAre("Z", "y", "a", "b10.png", "b9.TXT"));
  EXPECT_THAT(Sorted(listing, {ListingKey::kType, false}), ElementsAre("y", "Z", "a", "b10.png", "b9.TXT"));
  EXPECT_THAT(Sorted(listing, {ListingKey::kType, true}), ElementsAre("y", "Z", "b9.TXT", "b10.png", "a"));
  EXPECT_FALSE(listing.truncated());
}

TEST(FolderListingTest, KeepsNoMoreThanItsLimits) {
  FolderListing few(2);
  EXPECT_TRUE(few.TryAdd(File("a")));
  EXPECT_TRUE(few.TryAdd(File("b")));
  EXPECT_FALSE(few.TryAdd(File("c")));
  EXPECT_TRUE(few.truncated());
  EXPECT_EQ(few.size(), 2U);
  FolderListing short_names(10, 4);
  EXPECT_TRUE(short_names.TryAdd(File("abcd")));
  EXPECT_FALSE(short_names.TryAdd(File("e")));
  EXPECT_TRUE(short_names.truncated());
}

TEST(FolderListingTest, PartsOfNamesAreFoundWithoutCase) {
  EXPECT_TRUE(NameContains("Photo.JPG", ""));
  EXPECT_TRUE(NameContains("Photo.JPG", "o.jp"));
  EXPECT_TRUE(NameContains("Photo.JPG", "PHOTO.JPG"));
  EXPECT_FALSE(NameContains("Photo.JPG", "png"));
  EXPECT_FALSE(NameContains("a", "ab"));
  EXPECT_EQ(ExtensionOf("a.tar.gz"), "gz");
  EXPECT_EQ(ExtensionOf(".profile"), "");
  EXPECT_EQ(ExtensionOf("a."), "");
  EXPECT_EQ(ExtensionOf("a"), "");
}

}  // namespace
}  // namespace brilliant::files
