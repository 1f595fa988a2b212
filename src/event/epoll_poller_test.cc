// Tests of the poller this build was configured for, whichever that is, and of waiting with it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/platform.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "event/fake_loop.h"

namespace brilliant::event {
namespace {

constexpr Milliseconds kNoWait{0};

struct FdPair {
  UniqueFd ours;
  UniqueFd peers;
};

FdPair NonBlocking(int ours, int peers) {
  for (const int fd : {ours, peers}) {
    EXPECT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
  }
  return {UniqueFd(ours), UniqueFd(peers)};
}

FdPair SocketPair() {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  return NonBlocking(ends[0], ends[1]);
}

// The server's end of a TCP connection over loopback, and the client's.
FdPair TcpPair() {
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener.get(), generic, length), 0);
  EXPECT_EQ(listen(listener.get(), 1), 0);
  EXPECT_EQ(getsockname(listener.get(), generic, &length), 0);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(connect(client, generic, length), 0);
  return NonBlocking(accept(listener.get(), nullptr, nullptr), client);
}

void Send(const UniqueFd& fd, std::string_view bytes) {
  ASSERT_EQ(write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}
std::string Receive(const UniqueFd& fd) {
  std::array<char, 4096> bytes;
  const ssize_t got = read(fd.get(), bytes.data(), bytes.size());
  return got < 0 ? "error" : std::string(bytes.data(), static_cast<size_t>(got));
}
// Writes until there is no room.
void Fill(const UniqueFd& fd) {
  const std::string bytes(65536, 'x');
  while (write(fd.get(), bytes.data(), bytes.size()) > 0) {
  }
}

// ---- the poller itself ----------------------------------------------------------------------------------------------

class PollerTest : public ::testing::Test {
 protected:
  // What one Poll says about `token`, all directions together.
  PollEvent PollFor(uint64_t token, std::optional<Milliseconds> timeout = kNoWait) {
    PollEvent sum{.token = token};
    const Result<size_t> count = poller_->Poll(events_, timeout);
    EXPECT_TRUE(count);
    for (size_t i = 0; i < *count; ++i) {
      if (events_[i].token != token) continue;
      sum.readable |= events_[i].readable;
      sum.writable |= events_[i].writable;
      sum.input_ended |= events_[i].input_ended;
      sum.output_ended |= events_[i].output_ended;
      sum.hangup |= events_[i].hangup;
    }
    return sum;
  }

  std::unique_ptr<Poller> poller_ = *MakePoller();
  std::array<PollEvent, 16> events_;
};

TEST_F(PollerTest, ReportsAnEdgeOnce) {
  const FdPair pair = SocketPair();
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  EXPECT_TRUE(PollFor(7).writable);
  Send(pair.peers, "a");
  EXPECT_TRUE(PollFor(7).readable);
  EXPECT_FALSE(PollFor(7).readable) << "nothing new, though nothing was read";
  Send(pair.peers, "b");
  EXPECT_TRUE(PollFor(7).readable);
}

TEST_F(PollerTest, SaysNothingOfRoomToWriteWhereOnlyInputIsWatched) {
  const FdPair pair = SocketPair();
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kInput));
  EXPECT_FALSE(PollFor(7).writable);
  Send(pair.peers, "a");
  EXPECT_TRUE(PollFor(7).readable);
}

TEST_F(PollerTest, ReportsInputAgainWhenItIsWatchedAgain) {
  FdPair pair = SocketPair();
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  poller_->Change(pair.ours.get(), 7, Watch::kOutput);
  PollFor(7);
  Send(pair.peers, "a");
  poller_->Change(pair.ours.get(), 7, Watch::kBoth);
  EXPECT_TRUE(PollFor(7).readable);
  poller_->Change(pair.ours.get(), 7, Watch::kOutput);
  pair.peers.Reset();
  EXPECT_TRUE(PollFor(7).hangup) << "that is reported always";
}

TEST_F(PollerTest, ReportsWhatCameBeforeTheDescriptorWasAdded) {
  const FdPair pair = SocketPair();
  Send(pair.peers, "a");
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  EXPECT_TRUE(PollFor(7).readable);
}

TEST_F(PollerTest, TellsAHalfCloseFromAHangup) {
  FdPair pair = SocketPair();
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  PollFor(7);
  ASSERT_EQ(shutdown(pair.peers.get(), SHUT_WR), 0);
  const PollEvent half = PollFor(7);
  EXPECT_TRUE(half.readable && half.input_ended);
  EXPECT_FALSE(half.hangup);
  pair.peers.Reset();
  const PollEvent gone = PollFor(7);
  EXPECT_TRUE(gone.hangup || (gone.input_ended && gone.output_ended));
}

TEST_F(PollerTest, TellsTheReaderOfAPipeThatTheWriterIsGone) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  FdPair pair = NonBlocking(ends[0], ends[1]);
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  Send(pair.peers, "a");
  pair.peers.Reset();
  const PollEvent event = PollFor(7);
  EXPECT_TRUE(event.readable);
  EXPECT_TRUE(event.input_ended || event.hangup);
}

TEST_F(PollerTest, TellsTheWriterOfAPipeThatTheReaderIsGone) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  FdPair pair = NonBlocking(ends[1], ends[0]);
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  PollFor(7);
  pair.peers.Reset();
  EXPECT_TRUE(PollFor(7).hangup);
}

TEST_F(PollerTest, ARemovedDescriptorIsReportedNoMoreThoughItStaysOpen) {
  const FdPair pair = SocketPair();
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  poller_->Remove(pair.ours.get(), false);
  Send(pair.peers, "a");
  EXPECT_FALSE(PollFor(7).readable);
}

TEST_F(PollerTest, AClosedDescriptorIsReportedNoMore) {
  FdPair pair = SocketPair();
  ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  poller_->Remove(pair.ours.get(), true);
  pair.ours.Reset();
  EXPECT_FALSE(PollFor(7).hangup);
}

TEST_F(PollerTest, WakeEndsThePollThatComesNext) {
  poller_->Wake();
  poller_->Wake();
  EXPECT_EQ(*poller_->Poll(events_, std::nullopt), 0U);
  EXPECT_EQ(*poller_->Poll(events_, kNoWait), 0U);
}

TEST_F(PollerTest, WakeFromAnotherThreadEndsAPoll) {
  for (int i = 0; i < 10; ++i) {
    std::thread waker([this] { poller_->Wake(); });
    EXPECT_EQ(*poller_->Poll(events_, std::nullopt), 0U);
    waker.join();
  }
}

TEST_F(PollerTest, FillsNoMoreThanItWasGiven) {
  PollFor(7);  // what the poller has for itself
  std::array<FdPair, 4> pairs;
  for (FdPair& pair : pairs) {
    pair = SocketPair();
    ASSERT_TRUE(poller_->Add(pair.ours.get(), 7, Watch::kBoth));
  }
  const Result<size_t> some = poller_->Poll(std::span(events_).first(3), kNoWait);
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, 3U);
  EXPECT_GE(*poller_->Poll(events_, kNoWait), 1U) << "the rest";
}

TEST_F(PollerTest, ADescriptorThatIsNotOpenIsAnError) { EXPECT_FALSE(poller_->Add(1'000'000, 7, Watch::kBoth)); }

// ---- waiting with it ------------------------------------------------------------------------------------------------

struct Connection {
  Connection(EventLoop& loop, FdPair fds, Waitable::Kind kind = Waitable::Kind::kConnection)
      : pair(std::move(fds)), waitable(loop, scope, pair.ours.get(), kind) {
    EXPECT_TRUE(waitable.Register());
  }
  CancelScope scope{nullptr};
  FdPair pair;
  Waitable waitable;
  std::string seen;
};

class RealWaitTest : public ::testing::Test {
 protected:
  void Spawn(Task<void> task) { loop_.Spawn(std::move(task), tasks_); }
  void Turn() { loop_.Turn(false); }
  void TurnUntilEnded() {
    while (!tasks_.empty()) loop_.Turn(true);
  }

  SystemTimeSource time_;
  EventLoop loop_{*MakePoller(), time_, 0};
  TaskList tasks_;
};

// Reads as the server does, until the end of input.
Task<void> ReadAll(EventLoop& loop, Connection& connection) {
  std::array<char, 16> bytes;
  while (true) {
    const Result<void> readable = co_await loop.Wait(connection.waitable, Interest::kRead);
    if (!readable) {
      connection.seen += "[" + Outcome(readable) + "]";
      co_return;
    }
    const ssize_t got = read(connection.pair.ours.get(), bytes.data(), bytes.size());
    if (got < 0) {
      connection.seen += '.';
      connection.waitable.ReadWouldBlock();
    } else {
      connection.seen += got == 0 ? "[end]" : std::string(bytes.data(), static_cast<size_t>(got));
      if (got == 0) co_return;
      if (static_cast<size_t>(got) < bytes.size()) connection.waitable.InputDrained();
    }
  }
}

TEST_F(RealWaitTest, BytesThatComeLaterWakeAReaderThatDrainedItsInput) {
  Connection connection(loop_, SocketPair());
  Spawn(ReadAll(loop_, connection));
  Turn();
  EXPECT_EQ(connection.seen, ".");
  Send(connection.pair.peers, "abc");
  Turn();
  Send(connection.pair.peers, "def");
  Turn();
  EXPECT_EQ(connection.seen, ".abcdef");
  connection.scope.Cancel(ErrorCode::kCancelled);
  Turn();
  EXPECT_EQ(connection.seen, ".abcdef[cancelled]");
}

TEST_F(RealWaitTest, BytesAndTheirEndThatCameTogetherAreBothSeen) {
  Connection connection(loop_, SocketPair());
  Send(connection.pair.peers, "last words");
  ASSERT_EQ(shutdown(connection.pair.peers.get(), SHUT_WR), 0);
  Turn();  // the one edge there will ever be comes before anybody reads
  Spawn(ReadAll(loop_, connection));
  Turn();
  EXPECT_EQ(connection.seen, "last words[end]");
  EXPECT_EQ(connection.scope.reason(), std::nullopt) << "a half-close is no hangup";
}

TEST_F(RealWaitTest, AnInputOfExactlyTheBuffersSizeIsNotLost) {
  Connection connection(loop_, SocketPair());
  Send(connection.pair.peers, "0123456789abcdef");
  Spawn(ReadAll(loop_, connection));
  Turn();
  EXPECT_EQ(connection.seen, "0123456789abcdef.");
  Send(connection.pair.peers, "g");
  Turn();
  EXPECT_EQ(connection.seen, "0123456789abcdef.g");
  connection.scope.Cancel(ErrorCode::kCancelled);
  Turn();
}

Task<void> WaitUntilWritable(EventLoop& loop, Connection& connection) {
  const Result<void> writable = co_await loop.Wait(connection.waitable, Interest::kWrite);
  connection.seen += "writable " + Outcome(writable);
}

TEST_F(RealWaitTest, AWriterWaitsUntilThePeerHasRead) {
  Connection connection(loop_, SocketPair());
  Fill(connection.pair.ours);
  connection.waitable.WriteWouldBlock();
  Turn();  // takes the edge of the registration
  connection.waitable.WriteWouldBlock();
  Spawn(WaitUntilWritable(loop_, connection));
  Turn();
  EXPECT_EQ(connection.seen, "");
  while (Receive(connection.pair.peers) != "error") {
  }
  Turn();
  EXPECT_EQ(connection.seen, "writable ok");
}

TEST_F(RealWaitTest, AClientThatLeavesEndsWhatIsDoneForIt) {
  Connection connection(loop_, SocketPair());
  CancelScope request(&connection.scope);
  Spawn(ReadAll(loop_, connection));
  Turn();
  connection.pair.peers.Reset();
  Turn();
  EXPECT_EQ(connection.seen, ".[closed]");
  EXPECT_EQ(request.reason(), ErrorCode::kClosed);
}

TEST_F(RealWaitTest, ATcpClientThatOnlyShutsItsSideIsStillServed) {
  Connection connection(loop_, TcpPair());
  Spawn(ReadAll(loop_, connection));
  Send(connection.pair.peers, "GET");
  ASSERT_EQ(shutdown(connection.pair.peers.get(), SHUT_WR), 0);
  TurnUntilEnded();
  EXPECT_TRUE(connection.seen.ends_with("GET[end]")) << connection.seen;
  EXPECT_EQ(connection.scope.reason(), std::nullopt);
  Send(connection.pair.ours, "200");
  EXPECT_EQ(Receive(connection.pair.peers), "200");
}

TEST_F(RealWaitTest, ATcpResetIsAHangup) {
  Connection connection(loop_, TcpPair());
  Send(connection.pair.ours, "not read by the client, which makes its close a reset");
  Spawn(ReadAll(loop_, connection));
  Turn();
  connection.pair.peers.Reset();
  TurnUntilEnded();
  EXPECT_TRUE(connection.seen.ends_with("[closed]")) << connection.seen;
}

Task<void> ReplaceOther(EventLoop& loop, Connection& mine, std::unique_ptr<Connection>& other) {
  mine.waitable.ReadWouldBlock();
  const Result<void> readable = co_await loop.Wait(mine.waitable, Interest::kRead);
  const int number = other->pair.ours.get();
  other.reset();
  other = std::make_unique<Connection>(loop, SocketPair());
  other->waitable.ReadWouldBlock();
  mine.seen += readable && other->pair.ours.get() == number ? "replaced" : "not replaced";
}

TEST_F(RealWaitTest, WhoeverGetsADescriptorsNumberNextSeesNothingOfTheFormerOwner) {
  Connection mine(loop_, SocketPair());
  auto other = std::make_unique<Connection>(loop_, SocketPair());
  Spawn(ReplaceOther(loop_, mine, other));
  Turn();
  Send(mine.pair.peers, "a");
  Send(other->pair.peers, "b");
  other->pair.peers.Reset();
  Turn();
  EXPECT_EQ(mine.seen, "replaced");
  Turn();
  EXPECT_FALSE(other->waitable.readable());
  EXPECT_EQ(other->scope.reason(), std::nullopt);
}

TEST_F(RealWaitTest, ASharedDescriptorThatOthersKeepOpenReachesNobodyOnceItsWaitableIsGone) {
  auto connection = std::make_unique<Connection>(loop_, SocketPair(), Waitable::Kind::kShared);
  const UniqueFd held_elsewhere(dup(connection->pair.ours.get()));
  const UniqueFd peer = std::move(connection->pair.peers);
  connection.reset();
  Send(peer, "a");
  Turn();
  Connection successor(loop_, SocketPair());
  successor.waitable.ReadWouldBlock();
  Turn();
  EXPECT_FALSE(successor.waitable.readable());
}

TEST_F(RealWaitTest, ATimerEndsThePoll) {
  Timer timer;
  timer.Start(loop_.TimerClassFor(Milliseconds(5)));
  while (!timer.expired()) loop_.Turn(true);
  EXPECT_GE(loop_.turns(), 1U);
}

#if BRILLIANT_LINUX
TEST_F(RealWaitTest, WhatCannotBeWaitedForFailsToRegister) {
  const UniqueFd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CancelScope scope(nullptr);
  Waitable waitable(loop_, scope, file.get(), Waitable::Kind::kPrivate);
  EXPECT_FALSE(waitable.Register());
}
#endif

}  // namespace
}  // namespace brilliant::event
