#include "net/control_channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "net/descriptor_passing.h"

namespace brilliant::net {
namespace {

constexpr Milliseconds kLong{10'000};

struct Ends {
  ControlChannel left;
  ControlChannel right;
};

Ends MakeEnds() {
  auto pair = ControlChannel::MakePair();
  EXPECT_TRUE(pair);
  return Ends{ControlChannel(std::move(pair->first)), ControlChannel(std::move(pair->second))};
}

// One channel, and the raw socket that speaks to it.
struct RawEnds {
  UniqueFd raw;
  ControlChannel channel;
  void Write(std::string_view bytes) const {
    ASSERT_EQ(write(raw.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
};

RawEnds MakeRawEnds() {
  auto pair = ControlChannel::MakePair();
  EXPECT_TRUE(pair);
  return RawEnds{std::move(pair->first), ControlChannel(std::move(pair->second))};
}

std::string Head(uint32_t text_bytes, uint8_t type, uint8_t descriptors, uint8_t zero = 0) {
  std::string head(8, '\0');
  std::memcpy(head.data(), &text_bytes, sizeof text_bytes);
  head[4] = static_cast<char>(type);
  head[5] = static_cast<char>(descriptors);
  head[7] = static_cast<char>(zero);
  return head;
}

UniqueFd MakePipe(UniqueFd& write_end) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  write_end.Reset(ends[1]);
  return UniqueFd(ends[0]);
}

TEST(ControlChannelTest, MessagesArriveWholeAndInOrder) {
  Ends ends = MakeEnds();
  ASSERT_TRUE(ends.left.Send(ControlType::kReady));
  ASSERT_TRUE(ends.left.Send(ControlType::kFailed, "no memory"));
  const auto first = ends.right.TryReceive();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, ControlType::kReady);
  EXPECT_EQ(first->text, "");
  const auto second = ends.right.TryReceive();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->type, ControlType::kFailed);
  EXPECT_EQ(second->text, "no memory");
  EXPECT_EQ(ends.right.TryReceive().error().code, ErrorCode::kWouldBlock);
}

TEST(ControlChannelTest, DescriptorsTravelWithTheirOwnMessageCloseOnExec) {
  Ends ends = MakeEnds();
  UniqueFd writer;
  UniqueFd reader = MakePipe(writer);
  const int borrowed[] = {writer.get()};
  ASSERT_TRUE(ends.left.Send(ControlType::kDrain, "before"));
  ASSERT_TRUE(ends.left.Send(ControlType::kLogs, "access", borrowed));
  ASSERT_TRUE(ends.left.Send(ControlType::kStop));
  EXPECT_TRUE(ends.right.TryReceive()->descriptors.empty());
  auto logs = ends.right.TryReceive();
  ASSERT_TRUE(logs);
  EXPECT_EQ(logs->type, ControlType::kLogs);
  ASSERT_EQ(logs->descriptors.size(), 1u);
  const int passed = logs->descriptors[0].get();
  EXPECT_NE(fcntl(passed, F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_EQ(write(passed, "x", 1), 1);
  char byte = 0;
  ASSERT_EQ(read(reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT_TRUE(ends.right.TryReceive()->descriptors.empty());
}

TEST(ControlChannelTest, TheEndOfThePeerComesAfterItsLastMessage) {
  Ends ends = MakeEnds();
  ASSERT_TRUE(ends.left.Send(ControlType::kFailed, "last words"));
  {
    const ControlChannel gone = std::move(ends.left);
  }
  EXPECT_EQ(ends.right.TryReceive()->text, "last words");
  EXPECT_EQ(ends.right.TryReceive().error().code, ErrorCode::kClosed);
  EXPECT_EQ(ends.right.Send(ControlType::kStop).error().code, ErrorCode::kClosed);
}

TEST(ControlChannelTest, AMessageMayArriveInAnyPieces) {
  const std::string bytes = Head(5, 2, 0) + "hello" + Head(0, 1, 0);
  for (size_t piece = 1; piece < bytes.size(); ++piece) {
    RawEnds ends = MakeRawEnds();
    std::vector<ControlMessage> messages;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      ends.Write(std::string_view(bytes).substr(at, piece));
      for (auto message = ends.channel.TryReceive(); message; message = ends.channel.TryReceive()) {
        messages.push_back(std::move(*message));
      }
    }
    ASSERT_EQ(messages.size(), 2u) << piece;
    EXPECT_EQ(messages[0].text, "hello");
    EXPECT_EQ(messages[1].type, ControlType::kReady);
  }
}

TEST(ControlChannelTest, AMessageCutOffByTheEndIsNeverReturned) {
  const std::string bytes = Head(5, 2, 0) + "hello";
  for (size_t length = 0; length < bytes.size(); ++length) {
    RawEnds ends = MakeRawEnds();
    ends.Write(std::string_view(bytes).substr(0, length));
    ends.raw.Reset();
    EXPECT_EQ(ends.channel.TryReceive().error().code, ErrorCode::kClosed) << length;
  }
}

TEST(ControlChannelTest, HeadsBeyondTheLimitsAreRefused) {
  const std::string bad[] = {
      Head(ControlChannel::kTextBytesMax + 1, 2, 0),
      Head(0xffffffff, 2, 0),
      Head(0, 2, ControlChannel::kDescriptorsMax + 1),
      Head(0, 2, 0, 1),
      Head(0, 18, 1),  // announces a descriptor that did not come
  };
  for (const std::string& head : bad) {
    RawEnds ends = MakeRawEnds();
    ends.Write(head);
    EXPECT_EQ(ends.channel.TryReceive().error().code, ErrorCode::kInvalid);
  }
}

TEST(ControlChannelTest, UnknownTypesArePassedOnToBeIgnored) {
  RawEnds ends = MakeRawEnds();
  ends.Write(Head(1, 200, 0) + "x");
  const auto message = ends.channel.TryReceive();
  ASSERT_TRUE(message);
  EXPECT_EQ(static_cast<int>(message->type), 200);
}

TEST(ControlChannelTest, DescriptorsThatNoMessageClaimsAreBounded) {
  RawEnds ends = MakeRawEnds();
  const std::vector<int> descriptors(kPassedDescriptorsMax, ends.raw.get());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(SendDescriptors(ends.raw.get(), std::string_view("\0", 1), descriptors));
  EXPECT_EQ(ends.channel.TryReceive().error().code, ErrorCode::kInvalid);
}

TEST(ControlChannelTest, TextIsCutAtItsLimitAndTooManyDescriptorsAreRefused) {
  Ends ends = MakeEnds();
  ASSERT_TRUE(ends.left.Send(ControlType::kFailed, std::string(ControlChannel::kTextBytesMax + 10, 'x')));
  EXPECT_EQ(ends.right.Receive(kLong)->text.size(), ControlChannel::kTextBytesMax);
  const std::vector<int> many(ControlChannel::kDescriptorsMax + 1, ends.left.fd());
  EXPECT_EQ(ends.left.Send(ControlType::kLogs, "", many).error().code, ErrorCode::kTooLarge);
}

TEST(ControlChannelTest, APeerThatNeverReadsDoesNotHoldTheSenderForEver) {
  Ends ends = MakeEnds();
  const std::string text(ControlChannel::kTextBytesMax, 'x');
  Result<void> sent;
  for (int i = 0; i < 10'000 && sent; ++i) sent = ends.left.Send(ControlType::kFailed, text);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kDeadline);
}

TEST(ControlChannelTest, ReceiveGivesUpAtItsDeadline) {
  Ends ends = MakeEnds();
  EXPECT_EQ(ends.right.Receive(Milliseconds(1)).error().code, ErrorCode::kDeadline);
}

TEST(DescriptorPassingTest, MoreDescriptorsThanTheLimitAreNotSent) {
  RawEnds ends = MakeRawEnds();
  const std::vector<int> many(kPassedDescriptorsMax + 1, ends.raw.get());
  EXPECT_EQ(SendDescriptors(ends.raw.get(), std::string_view("x"), many).error().code, ErrorCode::kTooLarge);
}

// Only a foreign sender can do this; what did arrive must not leak.
TEST(DescriptorPassingTest, ATruncatedSetOfDescriptorsIsAnErrorAndLeaksNone) {
  RawEnds ends = MakeRawEnds();
  constexpr size_t kCount = kPassedDescriptorsMax + 8;
  int descriptors[kCount];
  for (int& fd : descriptors) fd = ends.raw.get();
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)] = {};
  char byte = 'x';
  iovec data{.iov_base = &byte, .iov_len = 1};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(head), descriptors, sizeof descriptors);
  const int lowest_free_before = UniqueFd(dup(0)).get();
  ASSERT_EQ(sendmsg(ends.raw.get(), &message, 0), 1);
  EXPECT_EQ(ends.channel.TryReceive().error().code, ErrorCode::kTooLarge);
  const int lowest_free_after = UniqueFd(dup(0)).get();
  EXPECT_EQ(lowest_free_after, lowest_free_before);
}

}  // namespace
}  // namespace brilliant::net
