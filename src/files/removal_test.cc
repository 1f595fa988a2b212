#include "files/removal.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

#include "files/test_folder.h"
#include "files/trash.h"

namespace brilliant::files {
namespace {

constexpr MonotonicTime kNow{};
constexpr Milliseconds kDay{86'400'000};

struct RemovalTest : testing::Test {
  RemovalTest() {
    folder.MakeFolder("site");
    folder.MakeFolder("site/sub");
    folder.MakeFolder("site/empty");
    folder.MakeFolder("trash");
    folder.MakeFolder("outside");
    folder.Write("site/f.txt", "one");
    folder.Write("site/sub/g.txt", "two");
    folder.Write("outside/secret", "kept");
  }
  [[nodiscard]] DocumentRoot Root() const { return {folder.Path("site"), {}}; }
  // What came of it: "" if it was removed.
  [[nodiscard]] std::string RemovePath(std::string_view path, bool unchanged = false) const {
    const Result<Removable> thing = FindRemovable(Root(), path, kNow);
    if (!thing) return ErrorCodeName(thing.error().code);
    const Result<void> removed = Remove(*thing, unchanged);
    if (removed) return "";
    return removed.error().system_errno != 0 ? strerrorname_np(removed.error().system_errno)
                                             : ErrorCodeName(removed.error().code);
  }
  [[nodiscard]] bool Exists(std::string_view name) const {
    return std::filesystem::symlink_status(folder.Path(name)).type() != std::filesystem::file_type::not_found;
  }
  [[nodiscard]] Removable Find(std::string_view path) const {
    Result<Removable> thing = FindRemovable(Root(), path, kNow);
    EXPECT_TRUE(thing) << path;
    return thing ? std::move(*thing) : Removable();
  }
  [[nodiscard]] size_t InTrash() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.Path("trash"))) count += entry.exists() ? 1 : 0;
    return count;
  }
  void SetAge(std::string_view name, time_t seconds) const {
    const timespec then{.tv_sec = time(nullptr) - seconds, .tv_nsec = 0};
    const timespec times[2] = {then, then};
    ASSERT_EQ(utimensat(AT_FDCWD, folder.Path(name).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }
  [[nodiscard]] Result<void> Restore(const Trash& from, std::string_view token, std::string_view path) const {
    const Result<ParentFolder> parent = Root().OpenParent(path, kNow);
    if (!parent) return std::unexpected(parent.error());
    return from.Restore(token, path, parent->folder.get(), parent->name);
  }

  TestFolder folder;
  Trash trash{folder.Path("trash"), kDay};
};

TEST_F(RemovalTest, FilesAndEmptyFoldersAreRemoved) {
  EXPECT_EQ(RemovePath("f.txt"), "");
  EXPECT_EQ(RemovePath("sub/g.txt", true), "");
  EXPECT_EQ(RemovePath("sub"), "");
  EXPECT_EQ(RemovePath("empty/"), "");
  for (const char* name : {"site/f.txt", "site/sub", "site/empty"}) EXPECT_FALSE(Exists(name)) << name;
  EXPECT_EQ(RemovePath("f.txt"), "not found");
}

TEST_F(RemovalTest, NothingElseIs) {
  EXPECT_EQ(RemovePath("sub"), "ENOTEMPTY");
  EXPECT_EQ(RemovePath("sub/"), "ENOTEMPTY");
  EXPECT_EQ(RemovePath("f.txt/"), "not found") << "a slash asks for a folder";
  EXPECT_EQ(RemovePath("f.txt/x"), "not found");
  EXPECT_EQ(RemovePath(""), "invalid");
  EXPECT_EQ(RemovePath("/"), "invalid");
  EXPECT_EQ(RemovePath(".."), "invalid");
  EXPECT_EQ(RemovePath("../outside/secret"), "invalid");
  EXPECT_EQ(RemovePath("sub/../f.txt"), "invalid");
  ASSERT_EQ(mkfifo(folder.Path("site/fifo").c_str(), 0644), 0);
  EXPECT_EQ(RemovePath("fifo"), "forbidden");
  EXPECT_TRUE(Exists("site/fifo") && Exists("site/f.txt") && Exists("site/sub/g.txt"));
}

TEST_F(RemovalTest, OfALinkTheLinkItselfIsRemoved) {
  folder.Link("../outside/secret", "site/out");
  folder.Link("../outside", "site/out-folder");
  folder.Link("sub", "site/in-folder");
  folder.Link("f.txt", "site/in");
  folder.Link("nowhere", "site/dangling");
  EXPECT_EQ(RemovePath("out-folder/secret"), "forbidden") << "the way leads out";
  EXPECT_EQ(RemovePath("in-folder/"), "not found") << "a link is no folder";
  EXPECT_EQ(FindRemovable(Root(), "in", kNow)->content->size, 3U) << "what reading gives";
  EXPECT_FALSE(FindRemovable(Root(), "out", kNow)->content);
  for (const char* name : {"out", "out-folder", "in-folder", "in", "dangling"}) {
    EXPECT_EQ(RemovePath(name), "") << name;
    EXPECT_FALSE(Exists("site/" + std::string(name))) << name;
  }
  EXPECT_TRUE(Exists("outside/secret") && Exists("site/sub/g.txt") && Exists("site/f.txt"));
}

TEST_F(RemovalTest, WhatIsMeantToBeUnchangedIsLookedAtAgain) {
  const Removable thing = Find("f.txt");
  folder.Write("site/new", "other");
  folder.Rename("site/new", "site/f.txt");
  const Result<void> removed = Remove(thing, true);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(Exists("site/f.txt"));
  const Result<std::string> taken = trash.Take(thing, "f.txt", true);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(Exists("site/f.txt")) << "it was put back";
  EXPECT_EQ(InTrash(), 0U);
}

TEST_F(RemovalTest, AFolderThatTakesTheNameOfAFileIsNotRemoved) {
  const Removable thing = Find("f.txt");
  folder.Remove("site/f.txt");
  folder.Rename("site/sub", "site/f.txt");
  EXPECT_FALSE(Remove(thing, false));
  EXPECT_FALSE(trash.Take(thing, "f.txt", false));
  EXPECT_TRUE(Exists("site/f.txt/g.txt"));
  EXPECT_EQ(InTrash(), 0U);
}

TEST_F(RemovalTest, AFolderThatIsMovedAwayTakesTheRemovalWithIt) {
  const Removable thing = Find("sub/g.txt");
  folder.Rename("site/sub", "outside/sub");
  folder.MakeFolder("site/sub");
  folder.Write("site/sub/g.txt", "another");
  EXPECT_TRUE(Remove(thing, false));
  EXPECT_TRUE(Exists("site/sub/g.txt")) << "in the folder that was found, not in the one of that name";
  EXPECT_FALSE(Exists("outside/sub/g.txt"));
}

TEST_F(RemovalTest, TheTrashGivesBackWhatItTook) {
  const Result<std::string> token = trash.Take(Find("sub/g.txt"), "sub/g.txt", false);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->size(), 32U);
  EXPECT_FALSE(Exists("site/sub/g.txt"));
  EXPECT_EQ(InTrash(), 2U);
  for (const std::string& wrong :
       {std::string(32, '0'), std::string(), std::string("../secret"), *token + "0", "." + *token}) {
    EXPECT_EQ(Restore(trash, wrong, "sub/g.txt").error().code, ErrorCode::kNotFound) << wrong;
  }
  EXPECT_EQ(Restore(trash, *token, "f2.txt").error().code, ErrorCode::kNotFound) << "not to another place";
  folder.Write("site/sub/g.txt", "taken");
  EXPECT_EQ(Restore(trash, *token, "sub/g.txt").error().system_errno, EEXIST);
  folder.Remove("site/sub/g.txt");
  EXPECT_TRUE(Restore(trash, *token, "sub/g.txt"));
  EXPECT_TRUE(Exists("site/sub/g.txt"));
  EXPECT_EQ(Restore(trash, *token, "sub/g.txt").error().code, ErrorCode::kNotFound) << "once";
  EXPECT_EQ(InTrash(), 0U);
}

TEST_F(RemovalTest, LinksGoToTheTrashAsLinks) {
  folder.Link("../outside/secret", "site/out");
  const Result<std::string> token = trash.Take(Find("out"), "out", true);
  ASSERT_TRUE(token);
  EXPECT_EQ(std::filesystem::read_symlink(folder.Path("trash/" + *token)), "../outside/secret");
  EXPECT_TRUE(Restore(trash, *token, "out"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder.Path("site/out")));
}

TEST_F(RemovalTest, WithoutATrashNothingIsRemoved) {
  const Trash missing(folder.Path("none"), kDay);
  const Result<std::string> token = missing.Take(Find("f.txt"), "f.txt", false);
  ASSERT_FALSE(token);
  EXPECT_TRUE(token.error().context == Trash::kTrashContext);
  EXPECT_TRUE(Exists("site/f.txt"));
}

TEST_F(RemovalTest, WhatIsOverTimeIsGoneForGood) {
  const Result<std::string> old = trash.Take(Find("f.txt"), "f.txt", false);
  ASSERT_TRUE(old);
  SetAge("trash/" + *old + ".path", 86'300);
  folder.Write("trash/note.txt", "somebody else's");
  folder.Write("trash/other.path", "somebody else's");
  SetAge("trash/other.path", 1'000'000);
  const Result<std::string> young = trash.Take(Find("sub/g.txt"), "sub/g.txt", false);
  ASSERT_TRUE(young);
  EXPECT_TRUE(Exists("trash/" + *old)) << "a day is not over";
  SetAge("trash/" + *old + ".path", 86'500);
  folder.Write("site/f.txt", "again");
  ASSERT_TRUE(trash.Take(Find("f.txt"), "f.txt", false));
  EXPECT_FALSE(Exists("trash/" + *old) || Exists("trash/" + *old + ".path"));
  EXPECT_TRUE(Exists("trash/" + *young) && Exists("trash/note.txt") && Exists("trash/other.path"));
}

TEST_F(RemovalTest, OfTooManyFilesTheOldestAreGoneForGood) {
  const auto fill = [this](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      char token[33];
      snprintf(token, sizeof(token), "%032zx", i);
      folder.Write("trash/" + std::string(token), "x");
      folder.Write("trash/" + std::string(token) + ".path", "x");
    }
  };
  fill(kTrashFilesMax - 1);
  const std::string oldest = "trash/" + std::string(31, '0') + "7";
  SetAge(oldest + ".path", 60);
  ASSERT_TRUE(trash.Take(Find("f.txt"), "f.txt", false));
  EXPECT_EQ(InTrash(), 2 * kTrashFilesMax);
  ASSERT_TRUE(trash.Take(Find("sub/g.txt"), "sub/g.txt", false));
  EXPECT_EQ(InTrash(), 2 * kTrashFilesMax);
  EXPECT_FALSE(Exists(oldest) || Exists(oldest + ".path"));
}

}  // namespace
}  // namespace brilliant::files
