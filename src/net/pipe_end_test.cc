#include "net/pipe_end.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "event/fake_loop.h"

namespace brilliant::net {
namespace {

struct PipeEndTest : testing::Test {
  // Byte by byte, up to the end.
  event::Task<void> Read(PipeEnd& end) {
    std::array<char, 1> byte;
    while (true) {
      const Result<size_t> count = co_await end.ReadSome(byte, nullptr);
      if (!count || *count == 0) co_return;
      ++read;
    }
  }
  event::FakeLoop loop;
  PipeEnds pipe = *MakePipe(PipeDirection::kToUs);
  int read = 0;
};

TEST_F(PipeEndTest, WhoeverWritesAsFastAsItIsReadLeavesOthersTheirTurn) {
  PipeEnd end(loop.loop, loop.scope, std::move(pipe.ours));
  const std::string bytes(5 * kReadsPerTurn, 'x');
  ASSERT_EQ(write(pipe.theirs.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  loop.Spawn(Read(end));
  int before = read;
  for (int turn = 0; turn < 10 && read < static_cast<int>(bytes.size()); ++turn) {
    loop.Turn();
    EXPECT_LE(read - before, kReadsPerTurn);
    before = read;
  }
  EXPECT_EQ(read, static_cast<int>(bytes.size()));
  pipe.theirs.Reset();
  loop.scope.Cancel(ErrorCode::kCancelled);
  loop.Turns(2);
}

}  // namespace
}  // namespace brilliant::net
