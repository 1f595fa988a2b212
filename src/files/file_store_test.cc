#include "files/file_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "base/platform.h"
#include "event/fake_poller.h"
#include "files/test_folder.h"

#if BRILLIANT_LINUX
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#endif

namespace {
std::atomic<uint64_t> allocations = 0;
}

// Counts: the hot path must not allocate. Not inlined, because g++ then takes malloc and delete for a mismatch.
[[gnu::noinline]] void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace brilliant::files {
namespace {

constexpr std::chrono::nanoseconds kTick(1);

// Shows what it was given.
class TestRenderer final : public FileRenderer {
 public:
  RenderedFile Render(std::string_view path, const OpenFile& file, std::string content, WallTime now) const override {
    EXPECT_EQ(content.size(), file.size);
    const bool weak = now.nanoseconds - file.mtime_ns < std::chrono::nanoseconds(kSettledAfter).count();
    RenderedFile rendered;
    rendered.fields = "Path: " + std::string(path) + "\r\n";
    rendered.content = std::move(content);
    rendered.etag = weak ? "W/\"e\"" : "\"e\"";
    return rendered;
  }
};

event::Task<void> OpenInto(FileStore& store, const DocumentRoot& root, std::string_view path, event::CancelScope& scope,
                           std::optional<Result<StoredFile>>& out) {
  const TestRenderer renderer;
  Result<StoredFile> found = co_await store.Open(root, path, renderer, scope);
  out.emplace(std::move(found));
}

event::Task<void> OpenOptionalInto(FileStore& store, const DocumentRoot& root, std::string_view path,
                                   event::CancelScope& scope, std::optional<Result<StoredFile>>& out) {
  const TestRenderer renderer;
  Result<StoredFile> found = co_await store.OpenOptional(root, path, renderer, scope);
  out.emplace(std::move(found));
}

struct FilePart {
  OpenFilePtr file;
  uint64_t offset = 0;
  uint64_t length = 0;
};

event::Task<void> WarmInto(FileStore& store, FilePart part, event::CancelScope& scope,
                           std::optional<Result<void>>& out) {
  const Result<void> warmed = co_await store.Warm(part.file, part.offset, part.length, scope);
  out.emplace(warmed);
}

int64_t MachineTimeNs() { return SystemTimeSource().Wall().nanoseconds; }

// `Method` kWalk sends every call that may block to the pool, which runs it at once.
class FileStoreTest : public testing::TestWithParam<DocumentRoot::Method> {
 protected:
  // Long after the test's files were written: they have settled.
  FileStoreTest() { SetWall(MachineTimeNs() + std::chrono::nanoseconds(std::chrono::hours(1)).count()); }

  void SetWall(int64_t nanoseconds) {
    time_.Advance(std::chrono::nanoseconds(nanoseconds - time_.Wall().nanoseconds));
    loop_.Turn(false);
  }
  void Advance(std::chrono::nanoseconds by) {
    time_.Advance(by);
    loop_.Turn(false);
  }

  static RenderedFilePtr FindRendered(FileStore& store, const DocumentRoot& root, std::string_view path) {
    std::optional<StoredFile> known = store.FindKnown(root, path);
    return known ? std::move(known->rendered) : nullptr;
  }

  Result<StoredFile> Open(FileStore& store, const DocumentRoot& root, std::string_view path) {
    std::optional<Result<StoredFile>> found;
    event::TaskList tasks;
    loop_.Spawn(OpenInto(store, root, path, scope_, found), tasks);
    for (int i = 0; i < 10 && !tasks.empty(); ++i) loop_.Turn(false);
    EXPECT_TRUE(found.has_value());
    return *std::move(found);
  }
  Result<StoredFile> Open(std::string_view path) { return Open(store_, root_, path); }
  std::string ReadOptional(std::string_view path) {
    std::optional<Result<StoredFile>> found;
    event::TaskList tasks;
    loop_.Spawn(OpenOptionalInto(store_, root_, path, scope_, found), tasks);
    for (int i = 0; i < 10 && !tasks.empty(); ++i) loop_.Turn(false);
    if (!found || !found->has_value()) return found ? ErrorCodeName(found->error().code) : "<nothing>";
    return (*found)->rendered->content;
  }
  // The content of a small file, "<folder>", "<descriptor>", or the name of the error.
  std::string Read(FileStore& store, const DocumentRoot& root, std::string_view path) {
    const Result<StoredFile> found = Open(store, root, path);
    if (!found) return ErrorCodeName(found.error().code);
    EXPECT_NE(found->rendered == nullptr, found->file == nullptr);
    if (found->rendered != nullptr) return found->rendered->content;
    return found->file->is_directory ? "<folder>" : "<descriptor>";
  }
  std::string Read(std::string_view path) { return Read(store_, root_, path); }

  TestFolder folder_;
  FakeTimeSource time_;
  event::EventLoop loop_{std::make_unique<event::FakePoller>(), time_, 0};
  event::CancelScope scope_{nullptr};
  DocumentRoot root_{folder_.Path(), {}, GetParam()};
  FileStore store_{loop_, 10'000'000};
};

INSTANTIATE_TEST_SUITE_P(Methods, FileStoreTest,
                         testing::Values(DocumentRoot::Method::kKernel, DocumentRoot::Method::kWalk),
                         [](const testing::TestParamInfo<DocumentRoot::Method>& param) {
                           return param.param == DocumentRoot::Method::kKernel ? "Kernel" : "Walk";
                         });

TEST_P(FileStoreTest, SmallFileComesRenderedAndStaysInMemory) {
  folder_.Write("f.txt", "content");
  EXPECT_EQ(FindRendered(store_, root_, "f.txt"), nullptr);
  const Result<StoredFile> opened = Open("f.txt");
  ASSERT_TRUE(opened);
  ASSERT_NE(opened->rendered, nullptr);
  EXPECT_EQ(opened->file, nullptr);
  EXPECT_EQ(opened->rendered->content, "content");
  EXPECT_EQ(opened->rendered->fields, "Path: f.txt\r\n");
  EXPECT_EQ(FindRendered(store_, root_, "f.txt"), opened->rendered);
  EXPECT_EQ(Open("f.txt")->rendered, opened->rendered);
  const FileStoreCounters counters = store_.counters();
  EXPECT_EQ(counters.hits, 2);
  EXPECT_EQ(counters.loads, 1);
  EXPECT_EQ(counters.entries, 1);
  EXPECT_GT(counters.bytes, 7);
}

TEST_P(FileStoreTest, EmptyFileIsAFile) {
  folder_.Write("empty", "");
  EXPECT_EQ(Read("empty"), "");
  EXPECT_NE(FindRendered(store_, root_, "empty"), nullptr);
}

TEST_P(FileStoreTest, FindingAllocatesNothing) {
  const std::string path = "a-name-that-is-too-long-to-be-kept-inside-of-a-string-object.html";
  folder_.Write(path, "content");
  EXPECT_EQ(Read(path), "content");
  const uint64_t before = allocations;
  const RenderedFilePtr found = FindRendered(store_, root_, path);
  const RenderedFilePtr missing = FindRendered(store_, root_, "no-such-file-but-a-name-that-is-just-as-long-as-that");
  EXPECT_EQ(allocations, before);
  EXPECT_NE(found, nullptr);
  EXPECT_EQ(missing, nullptr);
}

#if BRILLIANT_LINUX
TEST_P(FileStoreTest, FindingMakesNoSystemCall) {
  folder_.Write("f.txt", "content");
  EXPECT_EQ(Read("f.txt"), "content");
  const pid_t child = fork();
  if (child == 0) {
    // From here on every call but read, write and exit kills.
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(2);
    const bool found =
        FindRendered(store_, root_, "f.txt") != nullptr && FindRendered(store_, root_, "none") == nullptr;
    syscall(SYS_exit, found ? 0 : 3);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}
#endif

TEST_P(FileStoreTest, ChangeIsSeenWithinASecond) {
  folder_.Write("f.txt", "old");
  EXPECT_EQ(Read("f.txt"), "old");
  folder_.Write("f.txt", "newer");
  Advance(kFreshFor - kTick);
  EXPECT_EQ(FindRendered(store_, root_, "f.txt")->content, "old");
  Advance(kTick);
  EXPECT_EQ(FindRendered(store_, root_, "f.txt"), nullptr);
  EXPECT_EQ(Read("f.txt"), "newer");
  EXPECT_EQ(FindRendered(store_, root_, "f.txt")->content, "newer");
}

TEST_P(FileStoreTest, ReplacementOfTheSameSizeAndTimeIsSeen) {
  folder_.Write("f.txt", "old");
  EXPECT_EQ(Read("f.txt"), "old");
  struct stat status{};
  ASSERT_EQ(stat(folder_.Path("f.txt").c_str(), &status), 0);
  folder_.Write("g.txt", "new");
  const timespec times[] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = status.st_mtime, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, folder_.Path("g.txt").c_str(), times, 0), 0);
  folder_.Rename("g.txt", "f.txt");
  Advance(kFreshFor);
  EXPECT_EQ(Read("f.txt"), "new");
}

TEST_P(FileStoreTest, DeletionIsSeenAndForgotten) {
  folder_.Write("f.txt", "content");
  EXPECT_EQ(Read("f.txt"), "content");
  folder_.Remove("f.txt");
  EXPECT_EQ(Read("f.txt"), "content");
  Advance(kFreshFor);
  EXPECT_EQ(Read("f.txt"), "not found");
  EXPECT_EQ(store_.counters().entries, 0);
  EXPECT_EQ(store_.counters().bytes, 0);
}

TEST_P(FileStoreTest, PermissionTakenAwayIsSeen) {
  folder_.Write("f.txt", "content");
  EXPECT_EQ(Read("f.txt"), "content");
  ASSERT_EQ(chmod(folder_.Path("f.txt").c_str(), 0), 0);
  Advance(kFreshFor);
  if (geteuid() == 0) {
    ASSERT_EQ(seteuid(65'534), 0);
  }
  const std::string answer = Read("f.txt");
  ASSERT_EQ(seteuid(getuid()), 0);
  EXPECT_EQ(answer, "forbidden");
  EXPECT_EQ(store_.counters().entries, 0);
}

TEST_P(FileStoreTest, FileThatBecomesAFolderOrGrowsLargeIsSeen) {
  folder_.Write("f", "content");
  EXPECT_EQ(Read("f"), "content");
  folder_.Append("f", std::string(kSmallFileBytesMax, 'x'));
  Advance(kFreshFor);
  EXPECT_EQ(Read("f"), "<descriptor>");
  EXPECT_EQ(store_.counters().bytes, 0);
  folder_.Remove("f");
  folder_.MakeFolder("f");
  Advance(kFreshFor);
  EXPECT_EQ(Read("f"), "<folder>");
  EXPECT_EQ(store_.counters().entries, 1);
}

TEST_P(FileStoreTest, UnchangedFileIsNotReadAgain) {
  folder_.Write("f.txt", "content");
  const RenderedFilePtr rendered = Open("f.txt")->rendered;
  for (uint64_t i = 1; i <= 3; ++i) {
    Advance(kFreshFor);
    EXPECT_EQ(Open("f.txt")->rendered, rendered);
    EXPECT_EQ(FindRendered(store_, root_, "f.txt"), rendered);
    EXPECT_EQ(store_.counters().revalidations, i);
  }
  EXPECT_EQ(store_.counters().loads, 1);
}

TEST_P(FileStoreTest, YoungFileIsReadAgainUntilItsValidatorIsStrong) {
  folder_.Write("f.txt", "content");
  struct stat status{};
  ASSERT_EQ(stat(folder_.Path("f.txt").c_str(), &status), 0);
  const int64_t changed_ns = root_.Open("f.txt", loop_.now())->ctime_ns;
  SetWall(changed_ns + 500'000'000);
  EXPECT_EQ(Open("f.txt")->rendered->etag, "W/\"e\"");
  Advance(kFreshFor);
  EXPECT_EQ(Open("f.txt")->rendered->etag, "W/\"e\"");
  Advance(kFreshFor);
  EXPECT_EQ(Open("f.txt")->rendered->etag, "\"e\"");
  EXPECT_EQ(store_.counters().loads, 3);
  Advance(kFreshFor);
  EXPECT_EQ(Open("f.txt")->rendered->etag, "\"e\"");
  EXPECT_EQ(store_.counters().loads, 3);
  EXPECT_EQ(store_.counters().revalidations, 1);
}

TEST_P(FileStoreTest, ReplacedRootIsSeenWithinASecond) {
  for (const char* name : {"release1", "release2"}) {
    folder_.MakeFolder(name);
    folder_.Write(std::string(name) + "/f.txt", name);
    folder_.Write(std::string(name) + "/g.txt", name);
  }
  folder_.Link("release1", "current");
  const DocumentRoot root(folder_.Path("current"), {}, GetParam());
  EXPECT_EQ(Read(store_, root, "f.txt"), "release1");
  folder_.Link("release2", "next");
  folder_.Rename("next", "current");
  Advance(kFreshFor - kTick);
  EXPECT_EQ(Read(store_, root, "g.txt"), "release1");  // just now, but through a root opened a second ago
  Advance(kTick);
  EXPECT_EQ(Read(store_, root, "f.txt"), "release2");
  EXPECT_EQ(Read(store_, root, "g.txt"), "release2");
}

TEST_P(FileStoreTest, WhatMayBeMissingIsRememberedAsMissing) {
  EXPECT_EQ(ReadOptional("f.txt"), "not found");
  const std::optional<StoredFile> known = store_.FindKnown(root_, "f.txt");
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->is_missing());
  EXPECT_EQ(store_.counters().entries, 1U);
  EXPECT_GT(store_.counters().bytes, 0U);
  folder_.Write("f.txt", "content");
  Advance(kFreshFor - kTick);
  EXPECT_EQ(ReadOptional("f.txt"), "not found");
  EXPECT_EQ(Read("f.txt"), "not found");
  Advance(kTick);
  EXPECT_FALSE(store_.FindKnown(root_, "f.txt"));
  EXPECT_EQ(ReadOptional("f.txt"), "content");
  EXPECT_EQ(FindRendered(store_, root_, "f.txt")->content, "content");
  folder_.Remove("f.txt");
  Advance(kFreshFor);
  EXPECT_EQ(ReadOptional("f.txt"), "not found");
  EXPECT_TRUE(store_.FindKnown(root_, "f.txt")->is_missing());
  store_.Forget(root_, "f.txt");
  EXPECT_EQ(store_.counters().bytes, 0U);
}

TEST_P(FileStoreTest, WhatMustBeThereIsNotRememberedAsMissing) {
  EXPECT_EQ(Read("f.txt"), "not found");
  EXPECT_FALSE(store_.FindKnown(root_, "f.txt"));
  folder_.Write("f.txt", "content");
  EXPECT_EQ(Read("f.txt"), "content");
}

TEST_P(FileStoreTest, MissingOnesTakeNoMoreMemoryThanAllowed) {
  FileStore store(loop_, 20'000);
  for (int i = 0; i < 1'000; ++i) {
    std::optional<Result<StoredFile>> found;
    event::TaskList tasks;
    const std::string path = "none-" + std::to_string(i);
    loop_.Spawn(OpenOptionalInto(store, root_, path, scope_, found), tasks);
    for (int turns = 0; turns < 10 && !tasks.empty(); ++turns) loop_.Turn(false);
    EXPECT_LE(store.counters().bytes, 20'000U);
  }
  EXPECT_GT(store.counters().entries, 10U);
  EXPECT_LT(store.counters().entries, 200U);
}

TEST_P(FileStoreTest, FoldersAreNotKnownAsFiles) {
  folder_.MakeFolder("d");
  EXPECT_EQ(Read("d"), "<folder>");
  EXPECT_FALSE(store_.FindKnown(root_, "d"));
}

TEST_P(FileStoreTest, ForgetsOnRequest) {
  folder_.Write("f.txt", "old");
  EXPECT_EQ(Read("f.txt"), "old");
  folder_.Write("f.txt", "new");
  store_.Forget(root_, "f.txt");
  EXPECT_EQ(Read("f.txt"), "new");
}

TEST_P(FileStoreTest, LimitOfSmallFilesIsExact) {
  folder_.Write("small", std::string(kSmallFileBytesMax, 's'));
  folder_.Write("large", std::string(kSmallFileBytesMax + 1, 'l'));
  EXPECT_EQ(Read("small"), std::string(kSmallFileBytesMax, 's'));
  const Result<StoredFile> large = Open("large");
  ASSERT_TRUE(large);
  ASSERT_NE(large->file, nullptr);
  EXPECT_EQ(large->file->size, kSmallFileBytesMax + 1);
  EXPECT_TRUE(large->file->is_regular);
}

TEST_P(FileStoreTest, DescriptorsOfLargeFilesAndFoldersAreReused) {
  folder_.Write("large", std::string(kSmallFileBytesMax + 1, 'l'));
  folder_.MakeFolder("folder");
  for (const char* path : {"large", "folder"}) {
    const OpenFilePtr file = Open(path)->file;
    EXPECT_EQ(Open(path)->file, file);
    Advance(kFreshFor);
    EXPECT_EQ(Open(path)->file, file);
    EXPECT_EQ(FindRendered(store_, root_, path), nullptr);
  }
  EXPECT_EQ(store_.counters().loads, 2);
  EXPECT_EQ(store_.counters().open_files, 2);
  folder_.Append("large", "more");
  folder_.Write("folder/new", "");
  Advance(kFreshFor);
  EXPECT_EQ(Open("large")->file->size, kSmallFileBytesMax + 5);
  EXPECT_EQ(Read("folder"), "<folder>");
  EXPECT_EQ(store_.counters().loads, 4);
}

TEST_P(FileStoreTest, IdleDescriptorsAreClosed) {
  folder_.MakeFolder("folder");
  EXPECT_EQ(Read("folder"), "<folder>");
  const int open_descriptors = OpenDescriptors();
  Advance(kOpenFileIdleMax - kTick);
  store_.CloseIdle();
  EXPECT_EQ(store_.counters().open_files, 1);
  Advance(kTick);
  store_.CloseIdle();
  EXPECT_EQ(store_.counters().open_files, 0);
  EXPECT_EQ(OpenDescriptors(), open_descriptors - 1);
}

TEST_P(FileStoreTest, EvictsByBytes) {
  FileStore store(loop_, 200'000);
  for (int i = 0; i < 30; ++i) {
    const std::string name = std::to_string(i);
    folder_.Write(name, std::string(10'000, 'x'));
    EXPECT_EQ(Read(store, root_, name).size(), 10'000);
  }
  EXPECT_LE(store.counters().bytes, 200'000);
  EXPECT_GT(store.counters().bytes, 150'000);
  EXPECT_EQ(FindRendered(store, root_, "0"), nullptr);
  EXPECT_NE(FindRendered(store, root_, "29"), nullptr);
}

TEST_P(FileStoreTest, WithoutMemoryNothingIsKept) {
  FileStore store(loop_, 0);
  folder_.Write("f.txt", "content");
  folder_.MakeFolder("folder");
  EXPECT_EQ(Read(store, root_, "f.txt"), "content");
  EXPECT_EQ(Read(store, root_, "folder"), "<folder>");
  EXPECT_EQ(FindRendered(store, root_, "f.txt"), nullptr);
  EXPECT_EQ(store.counters().entries, 0);
}

TEST_P(FileStoreTest, PassesErrorsOn) {
  folder_.Link("/etc/passwd", "out");
  EXPECT_EQ(Read("none"), "not found");
  EXPECT_EQ(Read("out"), "forbidden");
  EXPECT_EQ(Read("../x"), "invalid");
  EXPECT_EQ(Read(std::string(256, 'n')), "too large");
  EXPECT_EQ(store_.counters().entries, 0);
}

// Leaves the process `spare` more descriptors than it has now.
class FewDescriptors {
 public:
  explicit FewDescriptors(int spare) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &old_), 0);
    const UniqueFd next(open("/", O_RDONLY | O_CLOEXEC));
    rlimit lowered = old_;
    lowered.rlim_cur = static_cast<rlim_t>(next.get() + spare);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  }
  ~FewDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &old_), 0); }

 private:
  rlimit old_{};
};

TEST_P(FileStoreTest, WithoutDescriptorsItSaysSoAndRecovers) {
  folder_.Write("f.txt", "content");
  folder_.Write("kept.txt", "kept");
  EXPECT_EQ(Read("kept.txt"), "kept");
  {
    const FewDescriptors none(0);
    EXPECT_EQ(Read("f.txt"), "resource unavailable");
    EXPECT_EQ(Read("kept.txt"), "kept");
    Advance(kFreshFor);
    EXPECT_EQ(Read("kept.txt"), "resource unavailable");  // can't be checked, so it isn't claimed
  }
  EXPECT_EQ(Read("f.txt"), "content");
  EXPECT_EQ(Read("kept.txt"), "kept");
  EXPECT_EQ(store_.counters().revalidations, 1);  // it had been kept all the same
}

TEST_P(FileStoreTest, GivesUpKeptDescriptorsForARequest) {
  folder_.Write("f.txt", "content");
  std::vector<std::string> names;
  for (int i = 0; i < 4; ++i) {
    names.push_back("folder" + std::to_string(i));
    folder_.MakeFolder(names.back());
    EXPECT_EQ(Read(names.back()), "<folder>");
  }
  const FewDescriptors none(0);
  EXPECT_EQ(Read("f.txt"), "content");
  EXPECT_EQ(store_.counters().open_files, 0);
}

TEST_P(FileStoreTest, FileThatGrowsWhileItIsReadIsNeverTorn) {
  FileStore store(loop_, 0);
  std::string pattern;
  while (pattern.size() < kSmallFileBytesMax) pattern += std::to_string(pattern.size()) + ",";
  pattern.resize(kSmallFileBytesMax);
  folder_.Write("f", "");
  std::atomic<bool> stop = false;
  auto grow = [&] {
    while (!stop) {
      folder_.Write("next", "");
      for (size_t at = 0; at < pattern.size() && !stop; at += 512) {
        folder_.Append("next", std::string_view(pattern).substr(at, 512));
        if (at == 512) folder_.Rename("next", "f"), folder_.Link("f", "next");
      }
      folder_.Remove("next");
    }
  };
  std::thread writer(grow);
  for (int i = 0; i < 2'000; ++i) {
    const std::string content = Read(store, root_, "f");
    if (content == "<descriptor>") continue;  // held still too rarely
    EXPECT_EQ(content, pattern.substr(0, content.size()));
  }
  stop = true;
  writer.join();
}

#if BRILLIANT_LINUX
TEST_P(FileStoreTest, FileThatNeverHasTheSizeItClaimsIsServedFromItsDescriptor) {
  // sysfs says 4096 bytes of every file and has fewer: as if it were cut short at every attempt.
  const DocumentRoot root("/sys/kernel", {}, GetParam());
  if (access("/sys/kernel/uevent_seqnum", R_OK) != 0) GTEST_SKIP() << "no sysfs";
  EXPECT_EQ(Read(store_, root, "uevent_seqnum"), "<descriptor>");
  EXPECT_EQ(store_.counters().entries, 0);
}
#endif

TEST(FileStorePoolTest, CancelledRequestGetsTheReasonAndLeaksNothing) {
  TestFolder folder;
  folder.Write("f.txt", "content");
  const FakeTimeSource time;
  event::EventLoop loop(std::make_unique<event::FakePoller>(), time, 0);
  const DocumentRoot root(folder.Path(), {}, DocumentRoot::Method::kWalk);
  FileStore store(loop, 1'000'000);
  event::CancelScope scope(nullptr);
  event::TaskList tasks;
  std::optional<Result<StoredFile>> found;
  const int before = OpenDescriptors();
  loop.Spawn(OpenInto(store, root, "f.txt", scope, found), tasks);
  loop.Turn(false);  // the job has run, its result waits for the next turn
  EXPECT_FALSE(found.has_value());
  EXPECT_EQ(store.counters().offloads, 1);
  scope.Cancel(ErrorCode::kClosed);
  loop.Turn(false);
  loop.Turn(false);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->error().code, ErrorCode::kClosed);
  EXPECT_EQ(OpenDescriptors(), before + 1);  // the root's
  EXPECT_EQ(store.counters().entries, 0);
}

TEST(FileStorePoolTest, FullQueueIsUnavailable) {
  TestFolder folder;
  folder.Write("f.txt", "content");
  std::latch started(1);
  std::latch release(1);
  const FakeTimeSource time;
  event::EventLoop loop(std::make_unique<event::FakePoller>(), time, 1);
  const DocumentRoot root(folder.Path(), {}, DocumentRoot::Method::kWalk);
  FileStore store(loop, 1'000'000);
  event::CancelScope scope(nullptr);
  event::TaskList tasks;
  auto occupy = [&started, &release] {
    started.count_down();
    release.wait();
  };
  ASSERT_TRUE(loop.offload().TryPost(occupy));
  started.wait();
  while (loop.offload().TryPost([] {})) {
  }
  std::optional<Result<StoredFile>> found;
  loop.Spawn(OpenInto(store, root, "f.txt", scope, found), tasks);
  loop.Turn(false);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->error().code, ErrorCode::kUnavailable);
  release.count_down();
}

// Real threads, the machine's clock and poller: many requests at once for a few files.
TEST(FileStorePoolTest, ManyRequestsAtOnceAllEnd) {
  TestFolder folder;
  for (int i = 0; i < 5; ++i) folder.Write(std::to_string(i), "content" + std::to_string(i));
  const SystemTimeSource time;
  Result<std::unique_ptr<event::Poller>> poller = event::MakePoller();
  ASSERT_TRUE(poller);
  event::EventLoop loop(std::move(*poller), time, 3);
  const DocumentRoot root(folder.Path(), {}, DocumentRoot::Method::kWalk);
  FileStore store(loop, 1'000'000);
  event::CancelScope scope(nullptr);
  event::TaskList tasks;
  const char* names[] = {"0", "1", "2", "3", "4", "none"};
  std::vector<std::optional<Result<StoredFile>>> found(300);
  for (size_t i = 0; i < found.size(); ++i) loop.Spawn(OpenInto(store, root, names[i % 6], scope, found[i]), tasks);
  while (!tasks.empty()) loop.Turn(true);
  for (size_t i = 0; i < found.size(); ++i) {
    const Result<StoredFile>& result = *found[i];
    if (i % 6 == 5) {
      EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
    } else {
      EXPECT_EQ(result->rendered->content, std::string("content") + names[i % 6]);
    }
  }
  EXPECT_EQ(store.counters().entries, 5);
}

class WarmTest : public testing::Test {
 protected:
  Result<void> Warm(OpenFilePtr file, uint64_t offset, uint64_t length) {
    std::optional<Result<void>> warmed;
    event::TaskList tasks;
    FilePart part{.file = std::move(file), .offset = offset, .length = length};
    loop_.Spawn(WarmInto(store_, std::move(part), scope_, warmed), tasks);
    for (int i = 0; i < 10 && !tasks.empty(); ++i) loop_.Turn(false);
    EXPECT_TRUE(warmed.has_value());
    return *warmed;
  }
  OpenFilePtr OpenLarge(size_t bytes) {
    folder_.Write("large", std::string(bytes, 'x'));
    const DocumentRoot root(folder_.Path(), {});
    Result<OpenFile> file = root.Open("large", loop_.now());
    EXPECT_TRUE(file);
    return std::make_shared<const OpenFile>(std::move(*file));
  }

  TestFolder folder_;
  FakeTimeSource time_;
  event::EventLoop loop_{std::make_unique<event::FakePoller>(), time_, 0};
  event::CancelScope scope_{nullptr};
  FileStore store_{loop_, 1'000'000};
};

TEST_F(WarmTest, WhatIsInMemoryCostsNothing) {
  const OpenFilePtr file = OpenLarge(500'000);  // just written
  EXPECT_TRUE(Warm(file, 0, 500'000));
  EXPECT_TRUE(Warm(file, 100'000, 1));
  EXPECT_TRUE(Warm(file, 0, 0));
  EXPECT_EQ(store_.counters().offloads, 0);
}

TEST_F(WarmTest, TheEndOfAFileCutShortIsNoError) {
  const OpenFilePtr file = OpenLarge(500'000);
  ASSERT_EQ(truncate(folder_.Path("large").c_str(), 10), 0);
  EXPECT_TRUE(Warm(file, 100'000, 400'000));
  EXPECT_TRUE(ReadAhead(*file, 100'000, 400'000));
}

#if BRILLIANT_LINUX
// Writes the file to the disk and drops it from memory. False if that can't be done here. Asking for a byte may make
// the kernel fetch it, so no test asks twice for the same one.
bool DropFromMemory(const OpenFile& file, const std::string& path) {
  const UniqueFd writable(open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(posix_fadvise(file.fd.get(), 0, 0, POSIX_FADV_RANDOM), 0);
  EXPECT_EQ(fsync(writable.get()), 0);
  EXPECT_EQ(posix_fadvise(writable.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  return !IsResident(file, 250'000, 1);
}

TEST_F(WarmTest, WhatIsOnDiskIsReadInThePool) {
  const OpenFilePtr file = OpenLarge(500'000);
  if (!DropFromMemory(*file, folder_.Path("large"))) GTEST_SKIP() << "this file system has nothing but memory";
  EXPECT_TRUE(Warm(file, 0, 500'000));
  EXPECT_EQ(store_.counters().offloads, 1);
  EXPECT_TRUE(IsResident(*file, 100'000, 300'000));
}

TEST_F(WarmTest, ReadsNoMoreThanItsLimit) {
  const OpenFilePtr file = OpenLarge(2 * kWarmBytesMax + 65'536);
  if (!DropFromMemory(*file, folder_.Path("large"))) GTEST_SKIP() << "this file system has nothing but memory";
  EXPECT_TRUE(Warm(file, 0, file->size));
  EXPECT_TRUE(IsResident(*file, 0, kWarmBytesMax));
  EXPECT_FALSE(IsResident(*file, file->size - 1, 1));
}
#endif

TEST_F(WarmTest, FailureOfTheDiskIsReported) {
  OpenFile broken;
  broken.fd = UniqueFd(open(folder_.Path().c_str(), O_RDONLY | O_CLOEXEC));  // a folder can't be read
  const OpenFilePtr file = std::make_shared<const OpenFile>(std::move(broken));
  EXPECT_EQ(ReadAhead(*file, 0, 10).error().code, ErrorCode::kSystem);
#if BRILLIANT_LINUX
  EXPECT_EQ(Warm(file, 0, 10).error().code, ErrorCode::kSystem);
#endif
}

}  // namespace
}  // namespace brilliant::files
