#include "files/upload_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/platform.h"
#include "files/document_root.h"
#include "files/folder_lock.h"
#include "files/test_folder.h"
#include "files/unfinished_files.h"
#include "files/upload_place.h"
#include "http/target.h"

namespace brilliant::files {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using IfTaken = PublishPlan::IfTaken;
using Outcome = Published::Outcome;

constexpr MonotonicTime kNow{std::chrono::hours(1)};

struct UploadFileTest : testing::TestWithParam<UploadFile::Kind> {
  [[nodiscard]] std::shared_ptr<const UniqueFd> Folder() const {
    return std::make_shared<const UniqueFd>(open(folder.Path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  [[nodiscard]] std::shared_ptr<UploadFile> Make(std::string_view content) const {
    Result<std::shared_ptr<UploadFile>> file = UploadFile::Create(Folder(), GetParam());
    EXPECT_TRUE(file);
    EXPECT_TRUE((*file)->Append(content));
    return *file;
  }
  static PublishPlan Plan(std::string name, IfTaken if_taken) {
    PublishPlan plan;
    plan.name = std::move(name);
    plan.if_taken = if_taken;
    return plan;
  }
  [[nodiscard]] std::string Read(std::string_view name) const {
    std::ifstream in(folder.Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Hidden ones too.
  [[nodiscard]] std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.Path()))
      names.push_back(entry.path().filename());
    return names;
  }
  [[nodiscard]] Published Publish(UploadFile& file, const PublishPlan& plan) const {
    const Result<Published> published = file.Publish(plan);
    EXPECT_TRUE(published) << (published ? 0 : published.error().system_errno);
    return published.value_or(Published{});
  }

  TestFolder folder;
};

TEST_P(UploadFileTest, AppearsWholeOrNotAtAll) {
  {
    const auto file = Make("never finished");
    EXPECT_EQ(Names().size(), file->has_hidden_name() ? 1 : 0);
    EXPECT_THAT(Names(), testing::Each(testing::Truly(IsUnfinishedName)));
  }
  EXPECT_THAT(Names(), ElementsAre());
  const auto file = Make("hello ");
  EXPECT_TRUE(file->Append("world"));
  EXPECT_EQ(Publish(*file, Plan("a.txt", IfTaken::kFail)).outcome, Outcome::kCreated);
  EXPECT_THAT(Names(), ElementsAre("a.txt"));
  EXPECT_EQ(Read("a.txt"), "hello world");
  struct stat status{};
  ASSERT_EQ(stat(folder.Path("a.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07111, 0U) << "never executable";
}

TEST_P(UploadFileTest, ATakenNameIsNeverWrittenTo) {
  folder.Write("x.txt", "old");
  folder.MakeFolder("dir");
  folder.Link("/etc/none", "link.txt");
  EXPECT_EQ(Publish(*Make("new"), Plan("x.txt", IfTaken::kFail)).outcome, Outcome::kTaken);
  EXPECT_EQ(Publish(*Make("new"), Plan("dir", IfTaken::kFail)).outcome, Outcome::kTaken);
  EXPECT_EQ(Publish(*Make("new"), Plan("dir", IfTaken::kReplace)).outcome, Outcome::kTaken);
  EXPECT_EQ(Publish(*Make("new"), Plan("link.txt", IfTaken::kFail)).outcome, Outcome::kTaken);
  EXPECT_EQ(Publish(*Make("new"), Plan("link.txt", IfTaken::kReplace)).outcome, Outcome::kTaken);
  EXPECT_EQ(Publish(*Make("1"), Plan("x.txt", IfTaken::kFindAnother)).name, "x_1.txt");
  EXPECT_EQ(Publish(*Make("2"), Plan("x.txt", IfTaken::kFindAnother)).name, "x_2.txt");
  EXPECT_EQ(Publish(*Make("3"), Plan("link.txt", IfTaken::kFindAnother)).name, "link_1.txt");
  EXPECT_EQ(Read("x.txt") + Read("x_1.txt") + Read("x_2.txt") + Read("link_1.txt"), "old123");
  EXPECT_THAT(Names(), UnorderedElementsAre("x.txt", "dir", "link.txt", "x_1.txt", "x_2.txt", "link_1.txt"));
}

TEST_P(UploadFileTest, ReplacesInOneStep) {
  folder.Write("x.txt", "old");
  const UniqueFd reader(open(folder.Path("x.txt").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(Publish(*Make("new"), Plan("x.txt", IfTaken::kReplace)).outcome, Outcome::kReplaced);
  EXPECT_EQ(Publish(*Make("first"), Plan("y.txt", IfTaken::kReplace)).outcome, Outcome::kCreated);
  EXPECT_EQ(Read("x.txt"), "new");
  EXPECT_EQ(Read("y.txt"), "first");
  char old[8];
  EXPECT_EQ(pread(reader.get(), old, sizeof(old), 0), 3) << "who reads the old file goes on reading it";
  EXPECT_THAT(Names(), UnorderedElementsAre("x.txt", "y.txt"));
}

TEST_P(UploadFileTest, WhatACrashLeftBetweenTwoNamesIsTakenAway) {
  if (GetParam() == UploadFile::Kind::kHidden) GTEST_SKIP() << "there is one name only, and it is swept away";
  folder.Write("x.txt", "old");
  folder.Write(ReplacingName(), "left behind");
  EXPECT_EQ(Publish(*Make("new"), Plan("x.txt", IfTaken::kReplace)).outcome, Outcome::kReplaced);
  EXPECT_EQ(Read("x.txt"), "new");
  EXPECT_THAT(Names(), ElementsAre("x.txt"));
}

TEST_P(UploadFileTest, ReplacesOnlyWhatWasExpected) {
  folder.Write("x.txt", "old");
  PublishPlan plan = Plan("x.txt", IfTaken::kReplace);
  plan.expects = true;
  const auto file = Make("new");
  EXPECT_EQ(Publish(*file, plan).outcome, Outcome::kChanged) << "nothing was expected";
  const Result<std::optional<NamedThing>> there = LookAt(Folder()->get(), "x.txt");
  ASSERT_TRUE(there && *there);
  plan.expected = (*there)->identity;
  folder.Write("x.txt", "changed meanwhile");
  EXPECT_EQ(Publish(*file, plan).outcome, Outcome::kChanged);
  EXPECT_EQ(Read("x.txt"), "changed meanwhile");
  plan.expected = (*LookAt(Folder()->get(), "x.txt"))->identity;
  EXPECT_EQ(Publish(*file, plan).outcome, Outcome::kReplaced);
  EXPECT_EQ(Read("x.txt"), "new");
  plan.name = "gone";
  EXPECT_EQ(Publish(*Make(""), plan).outcome, Outcome::kChanged);
}

TEST_P(UploadFileTest, ManyAtOnceGetANameEach) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 10; ++j) {
        const auto file = Make(std::to_string(i * 10 + j));
        EXPECT_EQ(Publish(*file, Plan("n.bin", IfTaken::kFindAnother)).outcome, Outcome::kCreated);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> contents;
  for (const std::string& name : Names()) contents.push_back(Read(name));
  std::ranges::sort(contents);
  EXPECT_EQ(contents.size(), 80);
  EXPECT_TRUE(std::ranges::adjacent_find(contents) == contents.end());
}

TEST_P(UploadFileTest, ReplacingAtOnceLosesNoWholeFile) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 20; ++j) {
        const auto file = Make(std::string(1'000, static_cast<char>('a' + i)));
        const Outcome outcome = Publish(*file, Plan("x", IfTaken::kReplace)).outcome;
        EXPECT_TRUE(outcome == Outcome::kReplaced || outcome == Outcome::kCreated);
        const std::string seen = Read("x");
        EXPECT_EQ(seen, std::string(1'000, seen.empty() ? '?' : seen[0]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Names(), ElementsAre("x"));
}

TEST_P(UploadFileTest, SyncedFilesArePublishedToo) {
  PublishPlan plan = Plan("a", IfTaken::kFail);
  plan.sync_data = plan.sync_folder = true;
  EXPECT_EQ(Publish(*Make("synced"), plan).outcome, Outcome::kCreated);
  plan.sync_folder = false;
  plan.name = "b";
  EXPECT_EQ(Publish(*Make("synced"), plan).outcome, Outcome::kCreated);
  EXPECT_EQ(Read("a") + Read("b"), "syncedsynced");
}

TEST_P(UploadFileTest, QuotaCountsAllFilesBelowItsFolder) {
  folder.MakeFolder("sub");
  folder.Write("sub/.hidden", std::string(60, 'h'));
  folder.Link("/etc/passwd", "link");
  PublishPlan plan = Plan("a", IfTaken::kReplace);
  plan.quota = FolderQuota{.folder = folder.Path(), .bytes_max = 100};
  EXPECT_EQ(Publish(*Make(std::string(41, 'a')), plan).outcome, Outcome::kOverQuota);
  EXPECT_EQ(Publish(*Make(std::string(40, 'a')), plan).outcome, Outcome::kCreated);
  EXPECT_EQ(Publish(*Make(std::string(40, 'b')), plan).outcome, Outcome::kReplaced)
      << "what is replaced does not count";
  EXPECT_EQ(Publish(*Make(std::string(41, 'b')), plan).outcome, Outcome::kOverQuota);
  EXPECT_EQ(Read("a"), std::string(40, 'b'));
  EXPECT_EQ(BytesBelow(Folder()->get()).value_or(0), 100);
}

TEST_P(UploadFileTest, QuotaHoldsForManyAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([this] {
      PublishPlan plan = Plan("f", IfTaken::kFindAnother);
      plan.quota = FolderQuota{.folder = folder.Path(), .bytes_max = 1'000};
      static_cast<void>(Publish(*Make(std::string(90, 'x')), plan));
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Files that have a name count while they are under way.
  EXPECT_LE(Names().size(), 11);
  EXPECT_TRUE(Names().size() == 11 || GetParam() == UploadFile::Kind::kHidden);
}

#if BRILLIANT_LINUX
TEST_P(UploadFileTest, RoomIsSetAsideAheadButNotForAllThatIsAnnounced) {
  if (GetParam() == UploadFile::Kind::kBest) GTEST_SKIP() << "it has no name to look at it by";
  constexpr size_t kPiece = 262'144;
  const UniqueFd probe(open(folder.Path("probe").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (fallocate(probe.get(), FALLOC_FL_KEEP_SIZE, 0, kPiece) != 0) GTEST_SKIP() << "this file system can't";
  std::filesystem::remove(folder.Path("probe"));
  Result<std::shared_ptr<UploadFile>> file = UploadFile::Create(Folder(), GetParam());
  ASSERT_TRUE(file);
  (*file)->Expect(256 * kPiece);
  // The fifth piece is the first of a stretch as long as the four before it.
  for (int i = 0; i < 5; ++i) ASSERT_TRUE((*file)->Append(std::string(kPiece, 'x')));
  struct stat status{};
  ASSERT_EQ(stat(folder.Path(Names().at(0)).c_str(), &status), 0);
  EXPECT_EQ(static_cast<size_t>(status.st_size), 5 * kPiece);
  EXPECT_GE(static_cast<size_t>(status.st_blocks) * 512, 8 * kPiece);
  EXPECT_LT(static_cast<size_t>(status.st_blocks) * 512, 9 * kPiece);
}
#endif

TEST_P(UploadFileTest, NoRoomIsToldByItsErrno) {
  const std::shared_ptr<const UniqueFd> full = Folder();
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{.rlim_cur = 1'000, .rlim_max = old.rlim_max};
  const auto file = Make("");
  struct sigaction ignored{};
  struct sigaction handler{};
  ignored.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGXFSZ, &ignored, &handler), 0);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result<void> appended = file->Append(std::string(2'000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  ASSERT_EQ(sigaction(SIGXFSZ, &handler, nullptr), 0);
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().system_errno, EFBIG);
}

INSTANTIATE_TEST_SUITE_P(Kinds, UploadFileTest, testing::Values(UploadFile::Kind::kBest, UploadFile::Kind::kHidden),
                         [](const auto& kind) {
                           return std::string(kind.param == UploadFile::Kind::kBest ? "Best" : "Hidden");
                         });

TEST(FreeNameTest, CountsBeforeTheExtensionAndNeverGetsTooLong) {
  const std::tuple<std::string, int, std::string> cases[] = {
      {"x.txt", 1, "x_1.txt"},
      {"x", 2, "x_2"},
      {"a.tar.gz", 10, "a.tar_10.gz"},
      {"x.", 1, "x_1."},
      {std::string(255, 'a'), 1, std::string(253, 'a') + "_1"},
      {std::string(251, 'a') + ".txt", 123, std::string(247, 'a') + "_123.txt"},
      {std::string(250, 'a') + "\xc3\xa4.tx", 1, std::string(250, 'a') + "_1.tx"},
      {"a." + std::string(253, 'b'), 1, "a." + std::string(251, 'b') + "_1"},
  };
  for (const auto& [name, count, expected] : cases) {
    EXPECT_EQ(FreeName(name, count), expected) << name;
    EXPECT_LE(expected.size(), http::kPathSegmentBytesMax);
  }
}

TEST_P(UploadFileTest, ThePlaceIsFoundOutBeforehand) {
  folder.MakeFolder("site");
  folder.Write("site/x.txt", "old");
  folder.Write("secret", "s");
  folder.Link("..", "site/out");
  const DocumentRoot root(folder.Path("site"), {});
  UploadTarget target{
      .root = root, .path = "x.txt", .now = kNow, .make_folders = false, .sweep = false, .quota = std::nullopt};
  Result<UploadPlace> place = OpenUploadPlace(target);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->name, "x.txt");
  ASSERT_TRUE(place->there);
  EXPECT_TRUE(place->there->is_regular);
  EXPECT_EQ(place->there->identity.size, 3);
  EXPECT_GT(place->free_bytes, 0);
  EXPECT_EQ(place->quota_left, UINT64_MAX);

  target.quota = FolderQuota{.folder = folder.Path("site"), .bytes_max = 10};
  EXPECT_EQ(OpenUploadPlace(target)->quota_left, 7);
  target.path = "a/b/new.txt";
  EXPECT_EQ(OpenUploadPlace(target).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder.Path("site/a")));
  target.make_folders = true;
  ASSERT_TRUE(OpenUploadPlace(target));
  EXPECT_TRUE(std::filesystem::is_directory(folder.Path("site/a/b")));
  for (const char* path : {"out/new.txt", "out/a/new.txt"}) {
    target.path = path;
    EXPECT_EQ(OpenUploadPlace(target).error().code, ErrorCode::kForbidden) << path;
  }
  EXPECT_FALSE(std::filesystem::exists(folder.Path("a")));
}

TEST_P(UploadFileTest, LocksAreHeldOnceAtATime) {
  const std::shared_ptr<const UniqueFd> fd = Folder();
  int inside = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) {
        const FolderLock lock(fd->get());
        EXPECT_TRUE(lock.held());
        EXPECT_EQ(++inside, 1);
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace brilliant::files
