// What DocumentRoot is for: nobody who can rename files below a root, at any speed, makes it open what lies outside.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <climits>
#include <string>
#include <thread>

#include "base/platform.h"
#include "files/document_root.h"
#include "files/test_folder.h"

#if BRILLIANT_LINUX
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#endif

namespace brilliant::files {
namespace {

constexpr MonotonicTime kNow{std::chrono::hours(1)};

// Repeats `step` on a thread of its own until destroyed.
template <typename Step>
class Disturbance {
 public:
  explicit Disturbance(Step step)
      : thread_([this, step] {
          while (!stop_) step();
        }) {}
  ~Disturbance() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class DocumentRootRaceTest : public testing::TestWithParam<DocumentRoot::Method> {
 protected:
  DocumentRootRaceTest() {
    for (const char* name : {"site", "site/sub", "outside"}) folder_.MakeFolder(name);
    folder_.Write("outside/f.txt", "secret");
  }

  static uint64_t InodeOf(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_ino;
  }

  // Opens `path` again and again; it must be the file with that inode, below the root, or an error. Returns how often
  // it was the file.
  int OpenManyTimes(const DocumentRoot& root, std::string_view path, uint64_t inode, int times) {
    const std::string prefix = folder_.Path("site") + "/";
    int found = 0;
    int escaped = 0;
    for (int i = 0; i < times && escaped == 0; ++i) {
      const Result<OpenFile> file = root.Open(path, kNow);
      if (!file) continue;
      ++found;
      if (file->inode != inode || !IsBelow(file->fd.get(), prefix)) ++escaped;
    }
    EXPECT_EQ(escaped, 0);
    return found;
  }

  static bool IsBelow(int fd, const std::string& prefix) {
#if BRILLIANT_LINUX
    char name[PATH_MAX];
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = readlink(link.c_str(), name, sizeof(name));
    return length > 0 && std::string_view(name, static_cast<size_t>(length)).starts_with(prefix);
#else
    return fd >= 0 && !prefix.empty();  // the inode alone tells
#endif
  }

  TestFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Methods, DocumentRootRaceTest,
                         testing::Values(DocumentRoot::Method::kKernel, DocumentRoot::Method::kWalk),
                         [](const testing::TestParamInfo<DocumentRoot::Method>& param) {
                           return param.param == DocumentRoot::Method::kKernel ? "Kernel" : "Walk";
                         });

TEST_P(DocumentRootRaceTest, FolderAndLinkThatAreSwappedNeverLeadOut) {
  folder_.Write("site/sub/f.txt", "inside");
  folder_.Link("../outside", "site/link");
  const DocumentRoot root(folder_.Path("site"), {}, GetParam());
  const std::string folder = folder_.Path("site/sub");
  const std::string link = folder_.Path("site/link");
  const std::string spare = folder_.Path("site/spare");
  auto swap = [folder, link, spare] {
    static_cast<void>(rename(folder.c_str(), spare.c_str()));
    static_cast<void>(rename(link.c_str(), folder.c_str()));
    static_cast<void>(rename(folder.c_str(), link.c_str()));
    static_cast<void>(rename(spare.c_str(), folder.c_str()));
  };
  const uint64_t inode = InodeOf(folder_.Path("site/sub/f.txt"));
  const Disturbance disturbance(swap);
  EXPECT_GT(OpenManyTimes(root, "sub/f.txt", inode, 200'000), 0);
}

TEST_P(DocumentRootRaceTest, FileAndLinkThatAreSwappedNeverLeadOut) {
  folder_.Write("site/f.txt", "inside");
  folder_.Link("../outside/f.txt", "site/link");
  folder_.Link(folder_.Path("site/f.txt"), "site/absolute");  // takes the walk even where the kernel has a rule
  const DocumentRoot root(folder_.Path("site"), {}, GetParam());
  const std::string file = folder_.Path("site/f.txt");
  const std::string link = folder_.Path("site/link");
  const std::string spare = folder_.Path("site/spare");
  auto swap = [file, link, spare] {
    static_cast<void>(rename(file.c_str(), spare.c_str()));
    static_cast<void>(rename(link.c_str(), file.c_str()));
    static_cast<void>(rename(file.c_str(), link.c_str()));
    static_cast<void>(rename(spare.c_str(), file.c_str()));
  };
  const uint64_t inode = InodeOf(file);
  const Disturbance disturbance(swap);
  EXPECT_GT(OpenManyTimes(root, "absolute", inode, 20'000), 0);
}

TEST_P(DocumentRootRaceTest, FolderThatIsMovedOutDoesNotTakeDotDotWithIt) {
  // If ".." were asked of the folder that was moved, "jump" would be outside/f.txt.
  folder_.MakeFolder("site/sub/deep");
  folder_.Write("site/sub/f.txt", "inside");
  folder_.Link("sub/deep/../f.txt", "site/jump");
  const DocumentRoot root(folder_.Path("site"), {}, GetParam());
  const std::string inside = folder_.Path("site/sub/deep");
  const std::string outside = folder_.Path("outside/deep");
  auto move = [inside, outside] {
    static_cast<void>(rename(inside.c_str(), outside.c_str()));
    static_cast<void>(rename(outside.c_str(), inside.c_str()));
  };
  const uint64_t inode = InodeOf(folder_.Path("site/sub/f.txt"));
  const Disturbance disturbance(move);
  EXPECT_GT(OpenManyTimes(root, "jump", inode, 50'000), 0);
}

#if BRILLIANT_LINUX

// Makes openat2 fail in this process from now on, as an old kernel or a container's filter does.
void RefuseOpenAt2(int with_errno) {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(with_errno)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(rules), .filter = rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    _exit(2);
  }
}

// The child's verdict: 0 is good.
template <typename Check>
int InChild(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(DocumentRootOldKernelTest, WorksWithoutOpenAt2) {
  TestFolder folder;
  folder.Write("f", "content");
  folder.Link("/etc/passwd", "out");
  for (const int refusal : {ENOSYS, EPERM}) {
    auto check = [&folder, refusal] {
      RefuseOpenAt2(refusal);
      const DocumentRoot root(folder.Path(), {});
      if (root.TryOpen("f", kNow).error().code != ErrorCode::kWouldBlock) return 3;
      if (!root.Open("f", kNow)) return 4;
      return root.Open("out", kNow).error().code == ErrorCode::kForbidden ? 0 : 5;
    };
    EXPECT_EQ(InChild(check), 0) << refusal;
  }
}

TEST(DocumentRootOldKernelTest, WorksWhenOpenAt2GoesAwayLater) {
  TestFolder folder;
  folder.Write("f", "content");
  auto check = [&folder] {
    const DocumentRoot root(folder.Path(), {});
    if (!root.Open("f", kNow)) return 3;
    RefuseOpenAt2(ENOSYS);
    if (root.TryOpen("f", kNow).error().code != ErrorCode::kWouldBlock) return 4;
    if (root.TryOpen("f", kNow + kFreshFor).error().code != ErrorCode::kWouldBlock) return 5;
    return root.Open("f", kNow + kFreshFor) ? 0 : 6;
  };
  EXPECT_EQ(InChild(check), 0);
}

#endif

}  // namespace
}  // namespace brilliant::files
