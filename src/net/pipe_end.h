// One end of a pipe or of a pair of sockets to another process of this machine, for coroutines. Owned by whoever talks
// to that process; pinned in memory. One reader and one writer at a time. The poller hears of it when something has to
// be waited for, so that what is there already costs nothing.
#ifndef BRILLIANT_NET_PIPE_END_H_
#define BRILLIANT_NET_PIPE_END_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "event/task.h"
#include "event/waitable.h"

namespace brilliant::net {

// So often ReadSome returns without waiting; then everybody else has a turn, also if the other side writes as fast as
// it is read.
inline constexpr int kReadsPerTurn = 16;

class PipeEnd {
 public:
  // `fd`: non-blocking; waits end when `scope` is cancelled, which outlives the end.
  PipeEnd(event::EventLoop& loop, event::CancelScope& scope, UniqueFd fd);
  PipeEnd(const PipeEnd&) = delete;
  PipeEnd& operator=(const PipeEnd&) = delete;

  // The other side sees the end. Nobody may be waiting.
  void Close();
  // Nobody may be waiting. What has been read or written stays so.
  [[nodiscard]] UniqueFd Release();
  // Of a socket: the other side sees the end, and whoever waits here sees it as well.
  void ShutDown();
  [[nodiscard]] bool open() const { return fd_.valid(); }

  // At least one byte; 0: the other side has closed. `timer`, if any, bounds the wait: kDeadline, but what is there
  // wins.
  [[nodiscard]] event::Task<Result<size_t>> ReadSome(std::span<char> into, event::Timer* timer);
  // What is there now; kWouldBlock.
  [[nodiscard]] Result<size_t> TryRead(std::span<char> into);
  // All of it. kClosed: nobody reads any more. Not if ReadSome has been called before: then only input is watched.
  [[nodiscard]] event::Task<Result<void>> WriteAll(std::span<const char> bytes);
  // What goes in now, without waiting; 0: nothing.
  [[nodiscard]] Result<size_t> TryWrite(std::span<const char> bytes);

 private:
  [[nodiscard]] Result<void> Watch(event::Watch watch);

  event::EventLoop& loop_;
  UniqueFd fd_;
  std::optional<event::Waitable> waitable_;
  std::optional<event::Watch> watch_;
  uint64_t turn_ = 0;  // of the last read
  int reads_ = 0;      // in that turn
};

// The ends of a new pipe, close-on-exec. `ours` does not block, `theirs` does: programs expect that.
struct PipeEnds {
  UniqueFd ours;
  UniqueFd theirs;
};
enum class PipeDirection : uint8_t { kToUs, kFromUs };
[[nodiscard]] Result<PipeEnds> MakePipe(PipeDirection direction);

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_PIPE_END_H_
