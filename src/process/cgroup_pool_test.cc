// The pool against a folder with files like those of the kernel. With the kernel's own: spawner_test.cc.
#include "process/cgroup_pool.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace brilliant::process {
namespace {

namespace fs = std::filesystem;

class CgroupPoolTest : public ::testing::Test {
 protected:
  CgroupPoolTest() {
    char name[] = "/tmp/brilliant-cgroup-XXXXXX";
    home_ = mkdtemp(name);
    own_ = fmt::format("{}/brilliantserver-{}", home_, getpid());
  }
  ~CgroupPoolTest() override { fs::remove_all(home_); }

  // What the kernel would put into a new group.
  void MakeFiles(const std::string& folder, const std::vector<std::string>& names) const {
    fs::create_directories(folder);
    for (const std::string& name : names) std::ofstream(folder + "/" + name).flush();
  }
  void MakeLeaf(int number, const std::vector<std::string>& names) const {
    MakeFiles(fmt::format("{}/{}", own_, number), names);
  }
  [[nodiscard]] std::string Read(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] CgroupPool Make(size_t leaves, bool delegated = false) const {
    return CgroupPool(CgroupHome{.folder = home_, .delegated = delegated}, leaves);
  }

  std::string home_;
  std::string own_;
};

const std::vector<std::string> kBare = {"cgroup.procs", "cgroup.kill"};
const std::vector<std::string> kFull = {"cgroup.procs", "cgroup.kill", "pids.max", "memory.max", "memory.events"};

TEST_F(CgroupPoolTest, WithoutAPlaceThereIsNone) {
  CgroupPool pool(CgroupHome{}, 4);
  EXPECT_EQ(pool.size(), 0U);
  EXPECT_EQ(pool.Take(), nullptr);
  EXPECT_EQ(CgroupPool(CgroupHome{.folder = home_ + "/nowhere"}, 4).size(), 0U);
}

TEST_F(CgroupPoolTest, WhatIsNoHierarchyGivesNoLeaves) { EXPECT_EQ(Make(4).size(), 0U); }

TEST_F(CgroupPoolTest, ALeafIsEnteredAndKilledByOneWrite) {
  MakeLeaf(0, kBare);
  CgroupPool pool = Make(1);
  ASSERT_EQ(pool.size(), 1U);
  CgroupLeaf* leaf = pool.Take();
  ASSERT_NE(leaf, nullptr);
  EXPECT_EQ(Read(own_ + "/0/cgroup.kill"), "1") << "what a predecessor of the same number has left";
  EXPECT_TRUE(leaf->Enter());
  EXPECT_EQ(Read(own_ + "/0/cgroup.procs"), "0");
  EXPECT_TRUE(leaf->Kill());
}

// Before Linux 5.14.
TEST_F(CgroupPoolTest, ALeafThatCannotKillSaysSo) {
  MakeLeaf(0, {"cgroup.procs"});
  CgroupPool pool = Make(1);
  EXPECT_FALSE(pool.Take()->Kill());
}

TEST_F(CgroupPoolTest, LeavesAreUsedAgainTheLongestFreeFirst) {
  for (int leaf = 0; leaf < 2; ++leaf) MakeLeaf(leaf, kBare);
  CgroupPool pool = Make(2);
  CgroupLeaf* first = pool.Take();
  CgroupLeaf* second = pool.Take();
  EXPECT_EQ(pool.Take(), nullptr);
  std::ofstream(own_ + "/1/cgroup.kill", std::ios::trunc).flush();
  pool.GiveBack(second);
  EXPECT_EQ(Read(own_ + "/1/cgroup.kill"), "1");
  pool.GiveBack(first);
  pool.GiveBack(nullptr);
  EXPECT_EQ(pool.Take(), second);
  EXPECT_EQ(pool.Take(), first);
  EXPECT_EQ(pool.Take(), nullptr);
}

TEST_F(CgroupPoolTest, HasNoMoreLeavesThanItsLimit) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  if (before.rlim_max < 8192) GTEST_SKIP() << "too few descriptors";
  const auto allow = [&before](rlim_t files) {
    const rlimit limit{.rlim_cur = files, .rlim_max = before.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
  };
  for (size_t leaf = 0; leaf <= kCgroupLeavesMax; ++leaf) MakeLeaf(static_cast<int>(leaf), {"cgroup.procs"});
  EXPECT_EQ(Make(3).size(), 3U);
  ASSERT_TRUE(allow(8192));
  EXPECT_EQ(Make(kCgroupLeavesMax + 1).size(), kCgroupLeavesMax);
  // The process needs descriptors for other things as well.
  ASSERT_TRUE(allow(100));
  EXPECT_EQ(Make(kCgroupLeavesMax).size(), 5U);
  ASSERT_TRUE(allow(before.rlim_cur));
}

TEST_F(CgroupPoolTest, SetsLimitsWhereThereAreControllers) {
  MakeLeaf(0, kFull);
  CgroupPool pool = Make(1);
  EXPECT_TRUE(pool.limits_processes() && pool.limits_memory());
  CgroupLeaf* leaf = pool.Take();
  leaf->SetLimits({.processes = 20, .memory_bytes = 1'048'576});
  EXPECT_EQ(Read(own_ + "/0/pids.max"), "21") << "the keeper is one more";
  EXPECT_EQ(Read(own_ + "/0/memory.max"), "1048576");
  // The next script may be of another rule.
  for (const char* name : {"pids.max", "memory.max"}) std::ofstream(own_ + "/0/" + name, std::ios::trunc).flush();
  leaf->SetLimits({.processes = 20, .memory_bytes = 1'048'576});
  EXPECT_EQ(Read(own_ + "/0/pids.max"), "") << "written only when it changes";
  leaf->SetLimits({});
  EXPECT_EQ(Read(own_ + "/0/pids.max") + Read(own_ + "/0/memory.max"), "maxmax");
}

TEST_F(CgroupPoolTest, WithoutControllersThereAreNoLimits) {
  MakeLeaf(0, kBare);
  CgroupPool pool = Make(1);
  EXPECT_FALSE(pool.limits_processes() || pool.limits_memory());
  CgroupLeaf* leaf = pool.Take();
  leaf->SetLimits({.processes = 1, .memory_bytes = 1});
  EXPECT_EQ(leaf->OutOfMemoryKills(), 0U);
}

TEST_F(CgroupPoolTest, CountsWhatWasKilledForItsMemory) {
  MakeLeaf(0, kFull);
  CgroupPool pool = Make(1);
  const CgroupLeaf* leaf = pool.Take();
  EXPECT_EQ(leaf->OutOfMemoryKills(), 0U);
  std::ofstream(own_ + "/0/memory.events") << "low 0\nhigh 0\nmax 17\noom 3\noom_kill 2\noom_group_kill 9\n";
  EXPECT_EQ(leaf->OutOfMemoryKills(), 2U);
}

// A group that is not given away is somebody else's: only what is below it is ours.
TEST_F(CgroupPoolTest, ChangesTheSettingsOfItsHomeOnlyIfThatWasGivenAway) {
  MakeFiles(home_, {"cgroup.subtree_control"});
  MakeFiles(own_, {"cgroup.subtree_control"});
  MakeLeaf(0, kFull);
  static_cast<void>(Make(1));
  EXPECT_EQ(Read(home_ + "/cgroup.subtree_control"), "");
  EXPECT_NE(Read(own_ + "/cgroup.subtree_control"), "");
  static_cast<void>(Make(1, true));
  EXPECT_NE(Read(home_ + "/cgroup.subtree_control"), "");
}

TEST_F(CgroupPoolTest, SweepsWhatHasNoMakerAndNothingElse) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  const std::string leftover = fmt::format("{}/brilliantserver-{}", home_, gone);
  const std::string kept[] = {own_ + "/0", home_ + fmt::format("/other-{}", gone), home_ + "/brilliantserver-x",
                              home_ + "/brilliantserver-"};
  for (const std::string& folder : kept) fs::create_directories(folder);
  fs::create_directories(leftover + "/0");
  fs::create_directories(leftover + "/1");
  SweepCgroups(home_);
  EXPECT_FALSE(fs::exists(leftover));
  for (const std::string& folder : kept) EXPECT_TRUE(fs::exists(folder)) << folder;
  SweepCgroups("");
  SweepCgroups(home_ + "/nowhere");
}

// The kernel keeps groups with processes; a folder that is not empty stands for one here.
TEST_F(CgroupPoolTest, ASweepLeavesWhatIsInUse) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  const std::string leftover = fmt::format("{}/brilliantserver-{}", home_, gone);
  MakeFiles(leftover + "/0", {"busy"});
  fs::create_directories(leftover + "/1");
  SweepCgroups(home_);
  EXPECT_TRUE(fs::exists(leftover + "/0"));
  EXPECT_FALSE(fs::exists(leftover + "/1"));
}

}  // namespace
}  // namespace brilliant::process
