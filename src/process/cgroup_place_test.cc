#include "process/cgroup_place.h"

#include <gtest/gtest.h>

namespace brilliant::process {
namespace {

TEST(CgroupPlaceTest, FindsTheFirstWritableUnifiedMount) {
  struct Case {
    const char* text;
    std::optional<CgroupMount> expected;
  };
  const Case cases[] = {
      {"", std::nullopt},
      {"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n", std::nullopt},
      // Version 1.
      {"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n", std::nullopt},
      // Unified alone, with optional fields, and beside version 1.
      {"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:2 - cgroup2 cgroup2 rw,nsdelegate\n",
       CgroupMount{.folder = "/sys/fs/cgroup", .root = "/"}},
      {"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
       "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
       CgroupMount{.folder = "/sys/fs/cgroup/unified", .root = "/"}},
      // A container's part.
      {"9 8 0:26 /docker/ab /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
       CgroupMount{.folder = "/sys/fs/cgroup", .root = "/docker/ab"}},
      // Read-only: the mount, or all of it.
      {"9 8 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n", std::nullopt},
      {"9 8 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup ro\n", std::nullopt},
      {"9 8 0:26 / /ro ro - cgroup2 c rw\n10 8 0:26 / /rw rw - cgroup2 c rw", CgroupMount{"/rw", "/"}},
      {"9 8 0:26 / /a\\040b\\134c rw - cgroup2 cgroup rw\n", CgroupMount{.folder = "/a b\\c", .root = "/"}},
      // A folder that only looks like it, and lines that are cut off.
      {"9 8 0:26 / /cgroup2 rw - tmpfs cgroup2 rw\n", std::nullopt},
      {"9 8 0:26 / - cgroup2 cgroup rw\n", std::nullopt},
      {"9 8 0:26 / /x rw - cgroup2\n", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(FindCgroupMount(c.text), c.expected) << c.text;
}

TEST(CgroupPlaceTest, FindsTheOwnGroup) {
  EXPECT_EQ(OwnCgroup("9:name=systemd:/\n4:memory:/x\n0::/system.slice/web.service\n"), "/system.slice/web.service");
  EXPECT_EQ(OwnCgroup("0::/\n"), "/");
  EXPECT_EQ(OwnCgroup("4:memory:/x\n"), "");
  EXPECT_EQ(OwnCgroup(""), "");
}

TEST(CgroupPlaceTest, TheFolderOfAGroupLiesBelowItsMount) {
  const CgroupMount whole{.folder = "/cg", .root = "/"};
  EXPECT_EQ(CgroupFolder(whole, "/"), "/cg");
  EXPECT_EQ(CgroupFolder(whole, "/a/b"), "/cg/a/b");
  EXPECT_EQ(CgroupFolder(whole, ""), "");
  EXPECT_EQ(CgroupFolder(whole, "/../x"), "") << "outside of the namespace";
  EXPECT_EQ(CgroupFolder(whole, "/a (deleted)"), "");
  const CgroupMount part{.folder = "/cg", .root = "/docker/ab"};
  EXPECT_EQ(CgroupFolder(part, "/docker/ab"), "/cg");
  EXPECT_EQ(CgroupFolder(part, "/docker/ab/c"), "/cg/c");
  EXPECT_EQ(CgroupFolder(part, "/docker/abc"), "");
  EXPECT_EQ(CgroupFolder(part, "/"), "");
}

}  // namespace
}  // namespace brilliant::process
