#include "files/spool.h"

#include <gtest/gtest.h>

#include <string>

#include "event/fake_loop.h"

namespace brilliant::files {
namespace {

struct SpoolTest : testing::Test {
  event::Task<void> AppendTask(std::string bytes, Result<void>& result) {
    result = co_await spool->Append(bytes, loop.scope);
  }
  event::Task<void> TakeTask(std::string& taken, bool& failed) {
    const Result<std::span<const char>> bytes = co_await spool->Take(loop.scope);
    failed = !bytes;
    if (bytes) taken.assign(bytes->data(), bytes->size());
  }
  void Finish() {
    for (int i = 0; i < 50 && !loop.tasks.empty(); ++i) loop.Turn();
    ASSERT_TRUE(loop.tasks.empty());
  }
  Result<void> Append(std::string bytes) {
    Result<void> result;
    loop.Spawn(AppendTask(std::move(bytes), result));
    Finish();
    return result;
  }
  std::string Take() {
    std::string taken;
    bool failed = false;
    loop.Spawn(TakeTask(taken, failed));
    Finish();
    EXPECT_FALSE(failed);
    return taken;
  }
  std::string TakeAll() {
    std::string all;
    for (std::string piece = Take(); !piece.empty(); piece = Take()) all += piece;
    return all;
  }

  event::FakeLoop loop;
  SpoolBudget budget{.bytes_max = 1'000'000};
  std::unique_ptr<Spool> spool = std::make_unique<Spool>(loop.loop, budget, "/tmp");
};

TEST_F(SpoolTest, ALittleStaysInMemory) {
  EXPECT_TRUE(Append("abc"));
  EXPECT_TRUE(Append("def"));
  EXPECT_EQ(spool->size(), 6U);
  EXPECT_EQ(budget.bytes, 0U);
  EXPECT_EQ(Take(), "abcdef");
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(spool->size(), 0U);
}

TEST_F(SpoolTest, MoreGoesToAFileAndComesBackInOrder) {
  std::string all;
  for (char c = 'a'; c <= 'z'; ++c) {
    const std::string piece(20'000, c);
    ASSERT_TRUE(Append(piece));
    all += piece;
  }
  EXPECT_GT(budget.bytes, 0U);
  EXPECT_EQ(spool->size(), all.size());
  EXPECT_EQ(TakeAll(), all);
}

TEST_F(SpoolTest, SpaceGoesBackWhenEverythingIsTaken) {
  ASSERT_TRUE(Append(std::string(100'000, 'x')));
  EXPECT_EQ(budget.bytes, 100'000U);
  EXPECT_EQ(TakeAll().size(), 100'000U);
  EXPECT_EQ(budget.bytes, 0U);
  ASSERT_TRUE(Append(std::string(100'000, 'y')));
  EXPECT_EQ(TakeAll(), std::string(100'000, 'y'));
}

TEST_F(SpoolTest, BeyondTheBudgetNothingIsKept) {
  ASSERT_TRUE(Append(std::string(600'000, 'x')));
  const Result<void> refused = Append(std::string(600'000, 'y'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(TakeAll(), std::string(600'000, 'x'));
  EXPECT_TRUE(Append(std::string(600'000, 'y')));
}

TEST_F(SpoolTest, WhatIsNotTakenIsGivenBackAtTheEnd) {
  ASSERT_TRUE(Append(std::string(100'000, 'x')));
  spool.reset();
  EXPECT_EQ(budget.bytes, 0U);
}

TEST_F(SpoolTest, ADiskThatFailsIsAnError) {
  spool = std::make_unique<Spool>(loop.loop, budget, "/no/such/folder");
  EXPECT_TRUE(Append("in memory"));
  EXPECT_FALSE(Append(std::string(100'000, 'x')));
  EXPECT_EQ(budget.bytes, 0U);
  EXPECT_EQ(Take(), "in memory");
}

}  // namespace
}  // namespace brilliant::files
