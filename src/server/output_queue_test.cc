#include "server/output_queue.h"

#include <gtest/gtest.h>

#include "files/test_folder.h"

namespace brilliant::server {
namespace {

std::string Gathered(OutputQueue& output) {
  std::string bytes;
  for (const iovec& part : output.GatherParts()) bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
  return bytes;
}

void AppendText(OutputQueue& output, std::string_view text) {
  output.text() += text;
  output.CommitText();
}

void AppendContent(OutputQueue& output, std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view view = *owner;
  output.AppendShared(std::move(owner), view);
}

TEST(OutputQueueTest, GathersTextAndContentInOrder) {
  OutputQueue output;
  EXPECT_TRUE(output.empty());
  AppendText(output, "a");
  AppendText(output, "b");
  AppendContent(output, "C");
  AppendText(output, "d");
  EXPECT_EQ(Gathered(output), "abCd");
  EXPECT_EQ(output.GatherParts().size(), 3U);  // neighbouring texts are one
  EXPECT_FALSE(output.more_after_gather());
  EXPECT_EQ(output.queued_bytes(), 4U);
}

TEST(OutputQueueTest, AdvancesByAnyNumberOfBytes) {
  const std::string whole = "headCONTENTnext headMORE";
  for (size_t step = 1; step <= whole.size(); ++step) {
    OutputQueue output;
    AppendText(output, "head");
    AppendContent(output, "CONTENT");
    AppendText(output, "next ");
    AppendText(output, "head");
    AppendContent(output, "MORE");
    std::string sent;
    while (!output.empty()) {
      const std::string bytes = Gathered(output).substr(0, step);
      sent += bytes;
      output.Advance(bytes.size());
    }
    EXPECT_EQ(sent, whole) << step;
    EXPECT_EQ(output.sent_bytes(), whole.size());
  }
}

TEST(OutputQueueTest, TextMayBeAddedWhenSomeOfItIsSent) {
  OutputQueue output;
  AppendText(output, "abc");
  output.Advance(2);
  AppendText(output, "def");
  EXPECT_EQ(Gathered(output), "cdef");
  output.Advance(4);
  EXPECT_TRUE(output.empty());
  AppendText(output, "g");
  EXPECT_EQ(Gathered(output), "g");
  EXPECT_EQ(output.queued_bytes(), 7U);
  EXPECT_EQ(output.sent_bytes(), 6U);
}

TEST(OutputQueueTest, WhatIsSentIsForgottenButNotItsCount) {
  OutputQueue output;
  const auto owner = std::make_shared<const std::string>("x");
  for (int i = 0; i < 1'000; ++i) {
    AppendText(output, "0123456789");
    output.AppendShared(owner, *owner);
    output.Advance(11);
    ASSERT_EQ(owner.use_count(), 1);
    ASSERT_TRUE(output.text().empty());
  }
  EXPECT_EQ(output.sent_bytes(), 11'000U);
}

TEST(OutputQueueTest, GathersNoMorePartsThanTheLimit) {
  OutputQueue output;
  for (size_t i = 0; i < OutputQueue::kPartsMax + 1; ++i) AppendContent(output, "x");
  EXPECT_EQ(output.GatherParts().size(), OutputQueue::kPartsMax);
  EXPECT_TRUE(output.more_after_gather());
  output.Advance(OutputQueue::kPartsMax);
  EXPECT_EQ(output.GatherParts().size(), 1U);
  EXPECT_FALSE(output.more_after_gather());
}

TEST(OutputQueueTest, FilesComeInTheirTurnInSlices) {
  const files::TestFolder folder;
  folder.Write("f", "0123456789");
  auto file = std::make_shared<files::OpenFile>();
  file->fd = UniqueFd(open(folder.Path("f").c_str(), O_RDONLY | O_CLOEXEC));
  OutputQueue output;
  AppendText(output, "head");
  output.AppendFile(file, 2, 7);
  AppendText(output, "tail");
  EXPECT_EQ(output.front_file(), nullptr);
  EXPECT_EQ(Gathered(output), "head");
  EXPECT_TRUE(output.more_after_gather());
  output.Advance(4);
  ASSERT_NE(output.front_file(), nullptr);
  const net::FileSlice first = output.front_slice(5);
  EXPECT_EQ(first.offset, 2U);
  EXPECT_EQ(first.length, 5U);
  EXPECT_TRUE(output.more_after_slice(first));
  output.Advance(3);
  const net::FileSlice second = output.front_slice(100);
  EXPECT_EQ(second.offset, 5U);
  EXPECT_EQ(second.length, 4U);
  EXPECT_TRUE(output.more_after_slice(second));  // the tail
  output.Advance(4);
  EXPECT_EQ(output.front_file(), nullptr);
  EXPECT_EQ(file.use_count(), 1);
  EXPECT_EQ(Gathered(output), "tail");
}

TEST(OutputQueueTest, EmptyContentIsNothing) {
  OutputQueue output;
  AppendContent(output, "");
  output.AppendFile(nullptr, 0, 0);
  output.CommitText();
  EXPECT_TRUE(output.empty());
}

TEST(OutputQueueTest, ClearForgetsWhatWasNotSentAndGivesLargeMemoryBack) {
  OutputQueue output;
  const auto owner = std::make_shared<const std::string>("x");
  AppendText(output, std::string(1'000'000, 'x'));
  output.AppendShared(owner, *owner);
  output.Clear();
  EXPECT_TRUE(output.empty());
  EXPECT_EQ(owner.use_count(), 1);
  EXPECT_EQ(output.queued_bytes(), 0U);
  EXPECT_LT(output.text().capacity(), 100'000U);
}

}  // namespace
}  // namespace brilliant::server
