#include "files/document_root.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/platform.h"
#include "files/test_folder.h"
#include "http/target.h"

namespace brilliant::files {
namespace {

constexpr MonotonicTime kNow{std::chrono::hours(1)};

// Every behaviour holds for the kernel's rule and for the walk.
class DocumentRootTest : public testing::TestWithParam<DocumentRoot::Method> {
 protected:
  // site/ is the root; other/ and outside/ stand beside it.
  DocumentRootTest() {
    for (const char* name : {"site", "site/sub", "site/sub/deep", "other", "outside", "outside/sub"}) {
      folder_.MakeFolder(name);
    }
    folder_.Write("site/f.txt", "inside");
    folder_.Write("site/sub/g.txt", "deeper");
    folder_.Write("other/o.txt", "other");
    folder_.Write("outside/f.txt", "secret");
    folder_.Write("outside/sub/g.txt", "secret");
  }

  [[nodiscard]] DocumentRoot Root(std::vector<std::string> symlink_roots = {}) const {
    return DocumentRoot(folder_.Path("site"), std::move(symlink_roots), GetParam());
  }
  // The content of a file, "<folder>", or the name of the error.
  static std::string Read(const DocumentRoot& root, std::string_view path, MonotonicTime now = kNow) {
    const Result<OpenFile> file = root.Open(path, now);
    if (!file) return ErrorCodeName(file.error().code);
    if (file->is_directory) return "<folder>";
    char content[64];
    const ssize_t count = pread(file->fd.get(), content, sizeof(content), 0);
    return count < 0 ? "<unreadable>" : std::string(content, static_cast<size_t>(count));
  }

  TestFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Methods, DocumentRootTest,
                         testing::Values(DocumentRoot::Method::kKernel, DocumentRoot::Method::kWalk),
                         [](const testing::TestParamInfo<DocumentRoot::Method>& param) {
                           return param.param == DocumentRoot::Method::kKernel ? "Kernel" : "Walk";
                         });

TEST_P(DocumentRootTest, OpensFilesAndFolders) {
  const DocumentRoot root = Root();
  EXPECT_EQ(Read(root, "f.txt"), "inside");
  EXPECT_EQ(Read(root, "sub/g.txt"), "deeper");
  EXPECT_EQ(Read(root, "sub"), "<folder>");
  EXPECT_EQ(Read(root, "sub/"), "<folder>");
  EXPECT_EQ(Read(root, ""), "<folder>");
  EXPECT_EQ(Read(root, "sub/deep"), "<folder>");
}

TEST_P(DocumentRootTest, TellsWhatIsMissing) {
  const DocumentRoot root = Root();
  for (const char* path : {"none", "none/f.txt", "f.txt/", "f.txt/x", "sub/none"}) {
    EXPECT_EQ(Read(root, path), "not found") << path;
  }
}

TEST_P(DocumentRootTest, DescribesWhatItOpened) {
  struct stat expected{};
  ASSERT_EQ(stat(folder_.Path("site/f.txt").c_str(), &expected), 0);
  const Result<OpenFile> file = Root().Open("f.txt", kNow);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->is_regular);
  EXPECT_FALSE(file->is_directory);
  EXPECT_EQ(file->size, 6);
  EXPECT_EQ(file->inode, expected.st_ino);
  EXPECT_EQ(file->mtime_ns / 1'000'000'000, expected.st_mtime);
  EXPECT_EQ(file->ctime_ns / 1'000'000'000, expected.st_ctime);
  EXPECT_EQ(file->checked_at, kNow);
  EXPECT_EQ(fcntl(file->fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(fcntl(file->fd.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
}

TEST_P(DocumentRootTest, RefusesPathsThatAreNotNormal) {
  const DocumentRoot root = Root();
  for (const std::string_view path :
       {std::string_view("/"), std::string_view("/f.txt"), std::string_view("/etc/passwd"), std::string_view(".."),
        std::string_view("../outside/f.txt"), std::string_view("sub/.."), std::string_view("sub/../f.txt"),
        std::string_view("."), std::string_view("./f.txt"), std::string_view("sub//g.txt"), std::string_view("sub//"),
        std::string_view("f.txt\0", 6), std::string_view("\0", 1), std::string_view("sub/../../outside/f.txt")}) {
    EXPECT_EQ(Read(root, path), "invalid") << path;
    EXPECT_EQ(root.TryOpen(path, kNow).error().code, ErrorCode::kInvalid) << path;
  }
}

TEST_P(DocumentRootTest, OpensNamesOfAnyBytes) {
  const DocumentRoot root = Root();
  for (const std::string& name :
       {std::string("with space"), std::string("new\nline"), std::string("\xff\xfe\x80"), std::string("back\\slash"),
        std::string("%2e%2e"), std::string("..."), std::string("..a"), std::string("\"quote'"), std::string("-rf"),
        std::string("\xed\x95\x9c\xea\xb8\x80"), std::string(255, 'n')}) {
    folder_.Write("site/" + name, "content of " + name.substr(0, 8));
    EXPECT_EQ(Read(root, name), "content of " + name.substr(0, 8)) << name;
  }
}

TEST_P(DocumentRootTest, LimitsNamesDepthAndLength) {
  const DocumentRoot root = Root();
  EXPECT_EQ(Read(root, std::string(255, 'n')), "not found");
  EXPECT_EQ(Read(root, std::string(256, 'n')), "too large");

  std::string deep = "a";
  for (size_t depth = 1; depth < http::kPathDepthMax; ++depth) deep += "/a";
  EXPECT_EQ(Read(root, deep), "not found");
  EXPECT_EQ(Read(root, deep + "/a"), "too large");

  std::string wide = std::string(200, 'w');
  while (wide.size() + 201 <= kPathBytesMax) wide += "/" + std::string(200, 'w');
  EXPECT_EQ(Read(root, wide), "not found");
  wide.resize(kPathBytesMax + 1, 'w');
  EXPECT_EQ(Read(root, wide), "too large");
}

TEST_P(DocumentRootTest, OpensTheDeepestPath) {
  std::string path;
  for (size_t depth = 1; depth < http::kPathDepthMax; ++depth) {
    path += "d";
    folder_.MakeFolder("site/" + path);
    path += "/";
  }
  folder_.Write("site/" + path + "f", "deepest");
  EXPECT_EQ(Read(Root(), path + "f"), "deepest");
}

TEST_P(DocumentRootTest, FollowsLinksThatStayBelowTheRoot) {
  folder_.Link("f.txt", "site/relative");
  folder_.Link("../f.txt", "site/sub/up");
  folder_.Link("sub/../sub/deep/../g.txt", "site/around");
  folder_.Link("sub", "site/folder");
  folder_.Link("sub/", "site/folder-with-slash");
  folder_.Link(".", "site/self");
  folder_.Link(folder_.Path("site/f.txt"), "site/absolute");
  folder_.Link(folder_.Path("site/sub"), "site/absolute-folder");
  folder_.Link(folder_.Path("site"), "site/whole");
  folder_.Link(folder_.Path() + "//./site/sub/../f.txt", "site/absolute-crooked");
  folder_.Link("absolute", "site/link-to-absolute");
  folder_.Link("../site/f.txt", "site/out-and-in");
  const DocumentRoot root = Root();
  for (const char* path : {"relative", "sub/up", "absolute", "absolute-crooked", "link-to-absolute", "out-and-in",
                           "self/f.txt", "self/self/relative", "whole/f.txt", "whole/whole/sub/up", "folder/up"}) {
    EXPECT_EQ(Read(root, path), "inside") << path;
  }
  for (const char* path : {"around", "folder/g.txt", "folder-with-slash/g.txt", "absolute-folder/g.txt"}) {
    EXPECT_EQ(Read(root, path), "deeper") << path;
  }
  for (const char* path : {"folder", "folder/", "self", "whole", "whole/", "absolute-folder", "folder-with-slash"}) {
    EXPECT_EQ(Read(root, path), "<folder>") << path;
  }
  EXPECT_EQ(Read(root, "relative/"), "not found");
  EXPECT_EQ(Read(root, "absolute/"), "not found");
}

TEST_P(DocumentRootTest, RefusesLinksThatLeadOut) {
  folder_.Link("../outside/f.txt", "site/relative");
  folder_.Link(folder_.Path("outside/f.txt"), "site/absolute");
  folder_.Link("../outside", "site/folder");
  folder_.Link(folder_.Path("outside"), "site/absolute-folder");
  folder_.Link("folder/f.txt", "site/link-to-link");
  folder_.Link("..", "site/parent");
  folder_.Link("/", "site/top");
  folder_.Link("../outside/none", "site/missing");
  folder_.Link("/no/such/thing", "site/absolute-missing");
  folder_.Link("../site/../outside/f.txt", "site/in-and-out");
  folder_.Link("/proc/self/cwd", "site/magic");
  folder_.Link("../site-neighbour/f.txt", "site/same-prefix");
  folder_.MakeFolder("site-neighbour");
  folder_.Write("site-neighbour/f.txt", "secret");
  const DocumentRoot root = Root();
  for (const char* path : {"relative",
                           "absolute",
                           "folder",
                           "folder/",
                           "folder/f.txt",
                           "folder/none",
                           "folder/sub/g.txt",
                           "absolute-folder",
                           "absolute-folder/f.txt",
                           "link-to-link",
                           "parent",
                           "parent/outside/f.txt",
                           "top",
                           "top/etc/passwd",
                           "missing",
                           "absolute-missing",
                           "in-and-out",
                           "magic",
                           "magic/x",
                           "same-prefix"}) {
    const Result<OpenFile> file = root.Open(path, kNow);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().code, ErrorCode::kForbidden) << path;
    // The log's reader learns which directive allows it.
    EXPECT_NE(std::strstr(file.error().context, "symlink_roots"), nullptr) << path;
  }
}

TEST_P(DocumentRootTest, FollowsLinksBelowSymlinkRoots) {
  folder_.Link("../other/o.txt", "site/relative");
  folder_.Link(folder_.Path("other/o.txt"), "site/absolute");
  folder_.Link("../other", "site/folder");
  folder_.Link("../outside/f.txt", "other/leads-on");
  folder_.Link("../site/f.txt", "other/leads-back");
  folder_.Link("../outside/f.txt", "site/outside");
  const DocumentRoot root = Root({"/no/such/root", folder_.Path("other")});
  for (const char* path : {"relative", "absolute", "folder/o.txt"}) EXPECT_EQ(Read(root, path), "other") << path;
  EXPECT_EQ(Read(root, "folder"), "<folder>");
  EXPECT_EQ(Read(root, "folder/none"), "not found");
  EXPECT_EQ(Read(root, "folder/leads-back"), "inside");
  EXPECT_EQ(Read(root, "folder/leads-on"), "forbidden");
  EXPECT_EQ(Read(root, "outside"), "forbidden");
}

TEST_P(DocumentRootTest, KnowsRootsByIdentityNotByName) {
  folder_.Link("site", "alias");
  folder_.Link("other", "other-alias");
  folder_.Link(folder_.Path("alias/f.txt"), "site/by-alias");
  folder_.Link(folder_.Path("other-alias/o.txt"), "site/other-by-alias");
  folder_.Link(folder_.Path("site/f.txt"), "site/by-name");
  EXPECT_EQ(Read(Root(), "by-alias"), "inside");
  const DocumentRoot root(folder_.Path("alias"), {folder_.Path("other")}, GetParam());
  EXPECT_EQ(Read(root, "by-name"), "inside");
  EXPECT_EQ(Read(root, "other-by-alias"), "other");
}

TEST_P(DocumentRootTest, ReportsDanglingLinksAndLoops) {
  folder_.Link("none", "site/dangling");
  folder_.Link(folder_.Path("site/none"), "site/absolute-dangling");
  folder_.Link("loop", "site/loop");
  folder_.Link(folder_.Path("site/absolute-loop"), "site/absolute-loop");
  folder_.Link("pong", "site/ping");
  folder_.Link("ping", "site/pong");
  const DocumentRoot root = Root();
  EXPECT_EQ(Read(root, "dangling"), "not found");
  EXPECT_EQ(Read(root, "absolute-dangling"), "not found");
  for (const char* path : {"loop", "loop/x", "absolute-loop", "absolute-loop/x", "ping"}) {
    EXPECT_EQ(Read(root, path), "forbidden") << path;
  }
}

TEST_P(DocumentRootTest, FollowsFortyLinksAndNoMore) {
  folder_.Link("f.txt", "site/link1");
  for (int i = 2; i <= 41; ++i) folder_.Link("link" + std::to_string(i - 1), "site/link" + std::to_string(i));
  EXPECT_EQ(Read(Root(), "link40"), "inside");
  EXPECT_EQ(Read(Root(), "link41"), "forbidden");
}

TEST_P(DocumentRootTest, RefusesWhatIsNeitherFileNorFolderWithoutHanging) {
  ASSERT_EQ(mkfifo(folder_.Path("site/fifo").c_str(), 0644), 0);
  folder_.Link("fifo", "site/link-to-fifo");
  folder_.Link("/dev/zero", "site/link-to-device");
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(folder_.Path("site/socket").size(), sizeof(address.sun_path));
  std::strcpy(address.sun_path, folder_.Path("site/socket").c_str());  // TIDY: fits, as asserted above
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const DocumentRoot root = Root({"/dev"});
  for (const char* path : {"fifo", "link-to-fifo", "link-to-device", "socket"}) {
    EXPECT_EQ(Read(root, path), "forbidden") << path;
  }
}

TEST_P(DocumentRootTest, MissingRootAppearsAndIsReplaced) {
  const DocumentRoot root(folder_.Path("current"), {}, GetParam());
  EXPECT_EQ(Read(root, "f.txt"), "not found");
  EXPECT_EQ(Read(root, ""), "not found");
  folder_.Link("site", "current");
  EXPECT_EQ(Read(root, "f.txt"), "inside");

  folder_.Link("outside", "next");
  folder_.Rename("next", "current");
  const MonotonicTime last_fresh = kNow + kFreshFor - std::chrono::nanoseconds(1);
  EXPECT_EQ(Read(root, "f.txt", last_fresh), "inside");
  EXPECT_EQ(root.Open("f.txt", last_fresh)->checked_at, kNow);  // says no more than it knows
  EXPECT_EQ(Read(root, "f.txt", kNow + kFreshFor), "secret");

  folder_.Remove("current");
  EXPECT_EQ(Read(root, "f.txt", kNow + 2 * kFreshFor), "not found");
}

TEST_P(DocumentRootTest, RecreatedRootIsSeen) {
  folder_.MakeFolder("short-lived");
  folder_.Write("short-lived/f", "old");
  const DocumentRoot root(folder_.Path("short-lived"), {}, GetParam());
  EXPECT_EQ(Read(root, "f"), "old");
  folder_.Remove("short-lived/f");
  ASSERT_EQ(rmdir(folder_.Path("short-lived").c_str()), 0);
  folder_.MakeFolder("short-lived");
  folder_.Write("short-lived/f", "new");
  EXPECT_EQ(Read(root, "f"), "not found");
  EXPECT_EQ(Read(root, "f", kNow + kFreshFor), "new");
}

TEST_P(DocumentRootTest, RootThatIsAFileHoldsNothing) {
  const DocumentRoot root(folder_.Path("site/f.txt"), {}, GetParam());
  EXPECT_EQ(Read(root, ""), "not found");
  EXPECT_EQ(Read(root, "x"), "not found");
}

// Gives up root's rights for a while. Tests run by root would otherwise be allowed everything.
class AsNobody {
 public:
  AsNobody() {
    if (geteuid() == 0) {
      EXPECT_EQ(seteuid(65'534), 0);
    }
  }
  ~AsNobody() { EXPECT_EQ(seteuid(getuid()), 0); }
};

TEST_P(DocumentRootTest, RespectsPermissions) {
  folder_.Write("site/private", "private");
  folder_.MakeFolder("site/locked");
  folder_.Write("site/locked/f", "locked");
  folder_.MakeFolder("site/pass-only");
  folder_.Write("site/pass-only/f", "passed");
  ASSERT_EQ(chmod(folder_.Path("site/private").c_str(), 0), 0);
  ASSERT_EQ(chmod(folder_.Path("site/locked").c_str(), 0), 0);
  ASSERT_EQ(chmod(folder_.Path("site/pass-only").c_str(), 0111), 0);
  {
    const AsNobody nobody;
    const DocumentRoot root = Root();
    EXPECT_EQ(Read(root, "private"), "forbidden");
    EXPECT_EQ(Read(root, "locked"), "forbidden");
    EXPECT_EQ(Read(root, "locked/f"), "forbidden");
    EXPECT_EQ(Read(root, "pass-only"), "forbidden");
    EXPECT_EQ(Read(root, "f.txt"), "inside");
#if BRILLIANT_LINUX
    EXPECT_EQ(Read(root, "pass-only/f"), "passed");
#endif
  }
  ASSERT_EQ(chmod(folder_.Path("site/locked").c_str(), 0755), 0);
}

TEST_P(DocumentRootTest, RunsOutOfDescriptorsWithoutHarm) {
  folder_.Link(folder_.Path("site/f.txt"), "site/absolute");
  const DocumentRoot root = Root();
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  rlimit lowered = old_limit;
  const UniqueFd next(open("/", O_RDONLY | O_CLOEXEC));
  // From no descriptor at all to enough of them: every step of opening fails once.
  std::vector<std::string> outcomes;
  for (int spare = 0; spare < 8; ++spare) {
    lowered.rlim_cur = static_cast<rlim_t>(next.get() + 1 + spare);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    outcomes.push_back(Read(root, "absolute", kNow + spare * kFreshFor));
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
  EXPECT_EQ(outcomes.front(), "resource unavailable");
  EXPECT_EQ(outcomes.back(), "inside");
  for (const std::string& outcome : outcomes) EXPECT_TRUE(outcome == "resource unavailable" || outcome == "inside");
}

TEST_P(DocumentRootTest, LeaksNoDescriptor) {
  folder_.Link(folder_.Path("site/sub"), "site/absolute");
  folder_.Link("../outside", "site/out");
  const DocumentRoot root = Root({folder_.Path("other")});
  EXPECT_EQ(Read(root, "absolute/g.txt"), "deeper");  // opens what is kept
  const int before = OpenDescriptors();
  for (int i = 0; i < 50; ++i) {
    const MonotonicTime now = kNow + i * kFreshFor;
    for (const char* path : {"f.txt", "absolute/g.txt", "out/f.txt", "none", "sub", "f.txt/x", ""}) {
      static_cast<void>(Read(root, path, now));
    }
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_P(DocumentRootTest, OpensTheFolderThatSomethingLiesInWhetherItIsThereOrNot) {
  folder_.Link("/none", "site/sub/dangling");
  const DocumentRoot root = Root();
  for (const auto& [path, folder, name] : {std::array{"f.txt", "site", "f.txt"},
                                           {"new", "site", "new"},
                                           {"sub", "site", "sub"},
                                           {"sub/", "site", "sub"},
                                           {"sub/deep/new.txt", "site/sub/deep", "new.txt"},
                                           {"sub/dangling", "site/sub", "dangling"}}) {
    const Result<ParentFolder> parent = root.OpenParent(path, kNow);
    ASSERT_TRUE(parent) << path;
    EXPECT_EQ(RealPath(parent->folder.get()), folder_.Path(folder)) << path;
    EXPECT_EQ(parent->name, name) << path;
  }
  for (const auto& [path, error] : {std::pair{"", ErrorCode::kInvalid},
                                    {"/", ErrorCode::kInvalid},
                                    {"..", ErrorCode::kInvalid},
                                    {"a/../b", ErrorCode::kInvalid},
                                    {"none/new", ErrorCode::kNotFound},
                                    {"f.txt/new", ErrorCode::kNotFound},
                                    {"sub/dangling/new", ErrorCode::kForbidden}}) {
    const Result<ParentFolder> parent = root.OpenParent(path, kNow);
    ASSERT_FALSE(parent) << path;
    EXPECT_EQ(parent.error().code, error) << path;
  }
}

TEST_P(DocumentRootTest, FoldersThatSomethingLiesInAreReachedThroughLinksOnlyWhereReadingIsToo) {
  folder_.Link("sub", "site/in");
  folder_.Link("../outside", "site/out");
  folder_.Link(folder_.Path("other"), "site/allowed");
  folder_.Link("../outside/f.txt", "site/file");
  const DocumentRoot root = Root({folder_.Path("other")});
  const auto folder = [&](std::string_view path) {
    const Result<ParentFolder> parent = root.OpenParent(path, kNow);
    return parent ? RealPath(parent->folder.get()) : ErrorCodeName(parent.error().code);
  };
  EXPECT_EQ(folder("in/new"), folder_.Path("site/sub"));
  EXPECT_EQ(folder("allowed/new"), folder_.Path("other"));
  EXPECT_EQ(folder("out/new"), "forbidden");
  EXPECT_EQ(folder("out/sub/new"), "forbidden");
  EXPECT_EQ(folder("out"), folder_.Path("site")) << "the link itself lies inside";
  EXPECT_EQ(folder("file"), folder_.Path("site"));
}

TEST_P(DocumentRootTest, TryOpenAnswersOrAsksToBlock) {
  const DocumentRoot root = Root();
  EXPECT_EQ(Read(root, "f.txt"), "inside");
  const Result<OpenFile> file = root.TryOpen("f.txt", kNow);
  if (file) {
    EXPECT_EQ(GetParam(), DocumentRoot::Method::kKernel);
    EXPECT_EQ(file->size, 6);
  } else {
    EXPECT_EQ(file.error().code, ErrorCode::kWouldBlock);
  }
  // A link that only the walk can judge.
  folder_.Link(folder_.Path("site/f.txt"), "site/absolute");
  EXPECT_EQ(root.TryOpen("absolute", kNow).error().code, ErrorCode::kWouldBlock);
}

TEST(DocumentRootWalkTest, LimitsStepsAndPendingText) {
  TestFolder folder;
  folder.Write("f", "content");
  std::string dots;
  for (int i = 0; i < 1'400; ++i) dots += "./";
  folder.Link(dots + "f", "link1");
  folder.Link(dots + "link1", "link2");
  folder.Link(dots + "link2", "link3");
  const DocumentRoot root(folder.Path(), {}, DocumentRoot::Method::kWalk);
  EXPECT_TRUE(root.Open("link2", kNow));
  EXPECT_EQ(root.Open("link3", kNow).error().code, ErrorCode::kTooLarge);

  // Each leaves its own long tail to be walked after the next; slashes are no steps.
  const std::string slashes(4'000, '/');
  folder.MakeFolder("tail0");
  for (int i = 1; i <= 5; ++i) folder.Link("tail" + std::to_string(i - 1) + slashes, "tail" + std::to_string(i));
  EXPECT_TRUE(root.Open("tail4", kNow));
  EXPECT_EQ(root.Open("tail5", kNow).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace brilliant::files
