#include "files/file_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace brilliant::files {
namespace {

constexpr MonotonicTime kNow{std::chrono::hours(1)};

FileEntry Rendered(size_t bytes, MonotonicTime checked_at = kNow) {
  RenderedFile file;
  file.content.assign(bytes, 'x');
  return FileEntry{.stored = {.rendered = std::make_shared<const RenderedFile>(std::move(file)), .file = nullptr},
                   .identity = {.size = bytes},
                   .checked_at = checked_at};
}

FileEntry Opened() {
  return FileEntry{
      .stored = {.rendered = nullptr, .file = std::make_shared<const OpenFile>()}, .identity = {}, .checked_at = kNow};
}

class FileCacheTest : public testing::Test {
 protected:
  void Put(std::string_view path, FileEntry entry, MonotonicTime now = kNow) {
    cache_.Put(root_, path, std::move(entry), now);
  }
  bool Has(std::string_view path) { return cache_.Find(root_, path, kNow) != nullptr; }

  DocumentRoot root_{"/srv", {}};
  FileCache cache_{1'000'000};
};

TEST_F(FileCacheTest, FindsByRootAndPath) {
  const DocumentRoot other("/srv", {});
  Put("a", Rendered(1));
  cache_.Put(other, "a", Rendered(2), kNow);
  EXPECT_EQ(cache_.Find(root_, "a", kNow)->identity.size, 1);
  EXPECT_EQ(cache_.Find(other, "a", kNow)->identity.size, 2);
  const DocumentRoot copy = root_;
  EXPECT_EQ(cache_.Find(copy, "a", kNow)->identity.size, 1);
  EXPECT_FALSE(Has("b"));
  EXPECT_FALSE(Has(""));
  cache_.Erase(root_, "a");
  EXPECT_FALSE(Has("a"));
  EXPECT_NE(cache_.Find(other, "a", kNow), nullptr);
}

TEST_F(FileCacheTest, CountsContentKeysAndOverhead) {
  Put("a", Rendered(10'000));
  const uint64_t one = cache_.bytes();
  EXPECT_GT(one, 10'000 + sizeof(RenderedFile));
  Put(std::string(1'000, 'k'), Rendered(10'000));
  EXPECT_GE(cache_.bytes(), 2 * one + 999);
  Put("a", Rendered(20'000));  // replaced, not added
  EXPECT_EQ(cache_.size(), 2);
  cache_.Erase(root_, "a");
  cache_.Erase(root_, std::string(1'000, 'k'));
  EXPECT_EQ(cache_.bytes(), 0);
  EXPECT_EQ(cache_.size(), 0);
}

TEST_F(FileCacheTest, ManyEmptyFilesAreBoundedToo) {
  for (int i = 0; i < 10'000; ++i) Put("file" + std::to_string(i), Rendered(0));
  EXPECT_LE(cache_.bytes(), 1'000'000);
  EXPECT_LT(cache_.size(), 5'000);
  EXPECT_TRUE(Has("file9999"));
}

TEST_F(FileCacheTest, EvictsWhatWasUsedLongestAgo) {
  for (int i = 0; i < 9; ++i) Put(std::to_string(i), Rendered(100'000));
  EXPECT_TRUE(Has("0"));  // used: now "1" is the oldest
  Put("9", Rendered(100'000));
  Put("10", Rendered(100'000));
  EXPECT_TRUE(Has("0"));
  EXPECT_FALSE(Has("1"));
  EXPECT_FALSE(Has("2"));
  EXPECT_TRUE(Has("3"));
  EXPECT_LE(cache_.bytes(), 1'000'000);
}

TEST_F(FileCacheTest, OneFileCannotPushOutAllOthers) {
  Put("small", Rendered(10));
  Put("large", Rendered(10));
  Put("large", Rendered(1'000'000 / kEntryShare));  // with its overhead it is above the share
  EXPECT_TRUE(Has("small"));
  EXPECT_FALSE(Has("large"));  // nor does what it replaces stay
}

TEST_F(FileCacheTest, KeepsSoManyDescriptors) {
  for (size_t i = 0; i < kOpenFilesMax + 10; ++i) Put(std::to_string(i), Opened());
  EXPECT_EQ(cache_.open_files(), kOpenFilesMax);
  EXPECT_FALSE(Has("9"));
  EXPECT_TRUE(Has("10"));
  EXPECT_EQ(cache_.bytes(), 0);
}

TEST_F(FileCacheTest, ClosesDescriptorsThatNobodyUses) {
  Put("old", Opened(), kNow);
  Put("used", Opened(), kNow);
  Put("new", Opened(), kNow + Milliseconds(2));
  Put("in memory", Rendered(1), kNow);
  EXPECT_NE(cache_.Find(root_, "used", kNow + Milliseconds(3)), nullptr);
  EXPECT_EQ(cache_.CloseUnused(kNow - Milliseconds(1)), 0);
  EXPECT_EQ(cache_.CloseUnused(kNow), 1);
  EXPECT_FALSE(Has("old"));
  EXPECT_EQ(cache_.open_files(), 2);
  EXPECT_EQ(cache_.CloseUnused(kNow + Milliseconds(3)), 2);
  EXPECT_TRUE(Has("in memory"));
}

TEST_F(FileCacheTest, DescriptorThatIsUsedAgainStaysOpen) {
  Put("a", Opened(), kNow);
  EXPECT_NE(cache_.Find(root_, "a", kNow + Milliseconds(3)), nullptr);
  EXPECT_EQ(cache_.CloseUnused(kNow + Milliseconds(2)), 0);
  EXPECT_EQ(cache_.CloseUnused(kNow + Milliseconds(3)), 1);
}

TEST_F(FileCacheTest, WhatWasCheckedLaterWins) {
  Put("a", Rendered(2, kNow));
  Put("a", Rendered(1, kNow - Milliseconds(1)));  // a slow load that began before
  EXPECT_EQ(cache_.Find(root_, "a", kNow)->identity.size, 2);
  Put("a", Rendered(3, kNow));
  EXPECT_EQ(cache_.Find(root_, "a", kNow)->identity.size, 3);
}

TEST_F(FileCacheTest, KeepsNothingWithoutMemory) {
  FileCache none(0);
  none.Put(root_, "a", Rendered(0), kNow);
  none.Put(root_, "b", Opened(), kNow);
  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(none.open_files(), 0);
}

}  // namespace
}  // namespace brilliant::files
