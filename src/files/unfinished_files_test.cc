#include "files/unfinished_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "files/document_root.h"
#include "files/served_names.h"
#include "files/test_folder.h"
#include "files/upload_file.h"
#include "files/upload_place.h"

namespace brilliant::files {
namespace {

using testing::ElementsAre;

using Kind = UploadFile::Kind;

constexpr MonotonicTime kNow{std::chrono::hours(1)};
constexpr const char* kName = ".upload-0123456789abcdef";

struct UnfinishedFilesTest : testing::Test {
  [[nodiscard]] std::shared_ptr<const UniqueFd> Folder() const {
    return std::make_shared<const UniqueFd>(open(folder.Path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  [[nodiscard]] std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.Path()))
      names.push_back(entry.path().filename());
    return names;
  }
  // A process that is killed in the middle of `count` uploads.
  void Crash(int count) const {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      std::vector<Result<std::shared_ptr<UploadFile>>> files;
      for (int i = 0; i < count; ++i) {
        files.push_back(UploadFile::Create(Folder(), Kind::kHidden));
        static_cast<void>((*files.back())->Append("half"));
      }
      raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  TestFolder folder;
};

TEST_F(UnfinishedFilesTest, WhatAKilledProcessLeftIsTakenAway) {
  folder.Write("kept", "");
  Crash(3);
  EXPECT_EQ(Names().size(), 4);
  SweepUnfinished(Folder()->get());
  EXPECT_THAT(Names(), ElementsAre("kept"));
}

TEST_F(UnfinishedFilesTest, UploadsThatGoOnStay) {
  const Result<std::shared_ptr<UploadFile>> going_on = UploadFile::Create(Folder(), Kind::kHidden);
  ASSERT_TRUE(going_on);
  Crash(1);
  SweepUnfinished(Folder()->get());
  EXPECT_EQ(Names().size(), 1);
  ASSERT_TRUE((*going_on)->Append("whole"));
  PublishPlan plan;
  plan.name = "a";
  const Result<Published> published = (*going_on)->Publish(plan);
  ASSERT_TRUE(published);
  EXPECT_EQ(published->outcome, Published::Outcome::kCreated);
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(UnfinishedFilesTest, OnlyFilesWithExactlySuchANameGo) {
  const std::vector<std::string> others = {".upload-",
                                           ".upload-0123456789abcde",
                                           ".upload-0123456789abcdef0",
                                           ".upload-0123456789ABCDEF",
                                           ".upload-0123456789abcdeg",
                                           ".upload-0123456789abcdef.txt",
                                           "upload-0123456789abcdef",
                                           ".Upload-0123456789abcdef"};
  for (const std::string& name : others) {
    EXPECT_FALSE(IsUnfinishedName(name)) << name;
    folder.Write(name, "somebody's");
  }
  EXPECT_TRUE(IsUnfinishedName(kName));
  EXPECT_TRUE(IsUnfinishedName(UnfinishedName()));
  EXPECT_TRUE(IsUnfinishedName(ReplacingName()));
  folder.Write(kName, "half");
  SweepUnfinished(Folder()->get());
  EXPECT_THAT(Names(), testing::UnorderedElementsAreArray(others));
}

TEST_F(UnfinishedFilesTest, FoldersLinksAndFilesOfOthersStay) {
  folder.Write("x", "somebody's");
  folder.MakeFolder(".upload-0000000000000001");
  folder.Link("x", ".upload-0000000000000002");
  ASSERT_EQ(mkfifo(folder.Path(".upload-0000000000000003").c_str(), 0644), 0);
  std::vector<std::string> expected = {"x", ".upload-0000000000000001", ".upload-0000000000000002",
                                       ".upload-0000000000000003"};
  if (geteuid() == 0) {
    folder.Write(".upload-0000000000000004", "");
    ASSERT_EQ(chown(folder.Path(".upload-0000000000000004").c_str(), 1, 1), 0);
    expected.emplace_back(".upload-0000000000000004");
  }
  SweepUnfinished(Folder()->get());
  EXPECT_THAT(Names(), testing::UnorderedElementsAreArray(expected));
}

// On file systems where publishing is a link and an unlink, a crash between them leaves two names of one whole file.
TEST_F(UnfinishedFilesTest, TheSecondNameOfAPublishedFileGoes) {
  folder.Write("a", "whole");
  std::filesystem::create_hard_link(folder.Path("a"), folder.Path(kName));
  SweepUnfinished(Folder()->get());
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(UnfinishedFilesTest, AFileThatWasRemovedBeforeItWasHeldIsNotTaken) {
  folder.Write(kName, "");
  const UniqueFd made(open(folder.Path(kName).c_str(), O_WRONLY | O_CLOEXEC));
  {
    const UniqueFd sweeper(open(folder.Path(kName).c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_TRUE(HoldUnfinished(sweeper.get()));
    EXPECT_FALSE(HoldUnfinished(made.get())) << "somebody looks at it";
  }
  EXPECT_TRUE(HoldUnfinished(made.get()));
  SweepUnfinished(Folder()->get());
  folder.Remove(kName);
  EXPECT_FALSE(HoldUnfinished(made.get()));
}

TEST_F(UnfinishedFilesTest, NoUploadIsLostToSweepsAtTheSameTime) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 50; ++j) {
        const Result<std::shared_ptr<UploadFile>> file = UploadFile::Create(Folder(), Kind::kHidden);
        ASSERT_TRUE(file);
        SweepUnfinished(Folder()->get());
        PublishPlan plan;
        plan.name = std::to_string(i) + "-" + std::to_string(j);
        const Result<Published> published = (*file)->Publish(plan);
        ASSERT_TRUE(published && published->outcome == Published::Outcome::kCreated);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Names().size(), 200);
}

TEST_F(UnfinishedFilesTest, TheNextUploadIntoTheFolderSweepsIt) {
  folder.Write(kName, "left");
  const DocumentRoot root(folder.Path(), {});
  UploadTarget target{
      .root = root, .path = "a", .now = kNow, .make_folders = false, .sweep = false, .quota = std::nullopt};
  const Result<UploadPlace> not_due = OpenUploadPlace(target);
  ASSERT_TRUE(not_due);
  EXPECT_THAT(Names(), testing::Contains(kName));
  target.sweep = true;
  const Result<UploadPlace> place = OpenUploadPlace(target);
  ASSERT_TRUE(place);
  // Where files have no names before they are complete, nothing is left, and nobody looks.
  EXPECT_EQ(testing::Value(Names(), testing::Contains(kName)), !place->file->has_hidden_name());
}

TEST_F(UnfinishedFilesTest, ClientsNeverSeeThem) {
  for (const bool dotfiles : {false, true}) {
    const ServedNames names(dotfiles, {});
    EXPECT_TRUE(names.IsHidden(kName));
    EXPECT_EQ(names.IsHidden(".upload-notes"), !dotfiles);
    EXPECT_FALSE(names.IsHidden("upload-0123456789abcdef"));
    EXPECT_FALSE(names.IsHidden(".well-known"));
  }
}

TEST(SweepTimesTest, EachFolderIsDueAtFirstAndAfterTheInterval) {
  SweepTimes times;
  EXPECT_TRUE(times.Take("a/", kNow));
  EXPECT_FALSE(times.Take("a/", kNow));
  EXPECT_TRUE(times.Take("", kNow + kSweepInterval / 2));
  EXPECT_FALSE(times.Take("a/", kNow + kSweepInterval - Milliseconds(1)));
  EXPECT_TRUE(times.Take("a/", kNow + kSweepInterval));
  EXPECT_FALSE(times.Take("a/", kNow + kSweepInterval));
  EXPECT_FALSE(times.Take("", kNow + kSweepInterval));
}

TEST(SweepTimesTest, ForgetsWhenThereAreTooMany) {
  SweepTimes times;
  for (size_t i = 0; i < kSweptFoldersMax; ++i) EXPECT_TRUE(times.Take(std::to_string(i), kNow));
  EXPECT_FALSE(times.Take("0", kNow));
  EXPECT_TRUE(times.Take("one more", kNow));
  EXPECT_TRUE(times.Take("0", kNow));
}

}  // namespace
}  // namespace brilliant::files
