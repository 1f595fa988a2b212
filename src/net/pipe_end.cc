#include "net/pipe_end.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/platform.h"

namespace brilliant::net {

PipeEnd::PipeEnd(event::EventLoop& loop, event::CancelScope& scope, UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {
  waitable_.emplace(loop, scope, fd_.get(), event::Waitable::Kind::kPrivate);
}

Result<void> PipeEnd::Register() { return waitable_->Register(); }

void PipeEnd::Close() {
  waitable_.reset();  // leaves the poller while the descriptor is still its own
  fd_.Reset();
}

Result<size_t> PipeEnd::TryRead(std::span<char> into) {
  ssize_t count = 0;
  do {
    count = read(fd_.get(), into.data(), into.size());
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return static_cast<size_t>(count);
  if (errno == EAGAIN || errno == EWOULDBLOCK) waitable_->ReadWouldBlock();
  return SystemFailure("read");
}

Result<size_t> PipeEnd::TryWrite(std::span<const char> bytes) {
  if (!waitable_->writable()) return 0;
  ssize_t count = 0;
  do {
    count = write(fd_.get(), bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  if (count >= 0) {
    if (static_cast<size_t>(count) < bytes.size()) waitable_->WriteWouldBlock();
    return static_cast<size_t>(count);
  }
  if (errno != EAGAIN && errno != EWOULDBLOCK) return SystemFailure("write");
  waitable_->WriteWouldBlock();
  return 0;
}

event::Task<Result<size_t>> PipeEnd::ReadSome(std::span<char> into, event::Timer* timer) {
  while (true) {
    if (!open()) co_return Failure(ErrorCode::kClosed, "pipe");
    const Result<void> readable = co_await loop_.Wait(*waitable_, event::Interest::kRead, timer);
    if (!readable) co_return std::unexpected(readable.error());
    const Result<size_t> count = TryRead(into);
    if (count || count.error().code != ErrorCode::kWouldBlock) co_return count;
  }
}

event::Task<Result<void>> PipeEnd::WriteAll(std::span<const char> bytes) {
  while (!bytes.empty()) {
    if (!open()) co_return Failure(ErrorCode::kClosed, "pipe");
    const Result<void> writable = co_await loop_.Wait(*waitable_, event::Interest::kWrite);
    if (!writable) co_return writable;
    const Result<size_t> count = TryWrite(bytes);
    if (!count) co_return std::unexpected(count.error());
    bytes = bytes.subspan(*count);
  }
  co_return Result<void>();
}

Result<PipeEnds> MakePipe(PipeDirection direction) {
  int ends[2] = {-1, -1};
#if BRILLIANT_LINUX
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemFailure("pipe2");
#else
  if (pipe(ends) != 0) return SystemFailure("pipe");
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  PipeEnds pipe = direction == PipeDirection::kToUs ? PipeEnds{.ours = std::move(reader), .theirs = std::move(writer)}
                                                    : PipeEnds{.ours = std::move(writer), .theirs = std::move(reader)};
  fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

}  // namespace brilliant::net
