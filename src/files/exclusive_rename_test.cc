#include "files/exclusive_rename.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "base/unique_fd.h"
#include "files/test_folder.h"

namespace brilliant::files {
namespace {

TEST(ExclusiveRenameTest, MovesBetweenFoldersAndReplacesNothing) {
  TestFolder folder;
  folder.MakeFolder("a");
  folder.MakeFolder("b");
  folder.Write("a/x", "x");
  folder.Write("a/y", "y");
  folder.Write("b/taken", "old");
  folder.Link("nowhere", "b/link");
  const UniqueFd from(open(folder.Path("a").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd to(open(folder.Path("b").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(RenameExclusively(from.get(), "x", to.get(), "x"), 0);
  EXPECT_FALSE(std::filesystem::exists(folder.Path("a/x")));
  EXPECT_EQ(std::filesystem::file_size(folder.Path("b/x")), 1U);
  EXPECT_EQ(RenameExclusively(from.get(), "y", to.get(), "taken"), EEXIST);
  EXPECT_EQ(RenameExclusively(from.get(), "y", to.get(), "link"), EEXIST) << "also by a link that leads nowhere";
  EXPECT_EQ(std::filesystem::file_size(folder.Path("b/taken")), 3U);
  EXPECT_TRUE(std::filesystem::exists(folder.Path("a/y")));
  EXPECT_EQ(RenameExclusively(from.get(), "none", to.get(), "z"), ENOENT);
}

}  // namespace
}  // namespace brilliant::files
