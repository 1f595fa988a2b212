#include "net/pipe_end.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "base/descriptor_pipe.h"

namespace brilliant::net {

PipeEnd::PipeEnd(event::EventLoop& loop, event::CancelScope& scope, UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {
  waitable_.emplace(loop, scope, fd_.get(), event::Waitable::Kind::kPrivate);
}

Result<void> PipeEnd::Watch(event::Watch watch) {
  if (watch_) {
    CHECK(watch == event::Watch::kInput || *watch_ == watch);
    return {};
  }
  RETURN_IF_ERROR(waitable_->Register(watch));
  watch_ = watch;
  return {};
}

void PipeEnd::Close() {
  waitable_.reset();  // leaves the poller while the descriptor is still its own
  fd_.Reset();
}

UniqueFd PipeEnd::Release() {
  if (waitable_) waitable_->NoteStaysOpen();
  waitable_.reset();
  return std::move(fd_);
}

void PipeEnd::ShutDown() { shutdown(fd_.get(), SHUT_RDWR); }

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
    if (loop_.turns() == turn_ && reads_ == kReadsPerTurn) co_await loop_.Yield();
    reads_ = loop_.turns() == turn_ ? reads_ + 1 : 1;
    turn_ = loop_.turns();
    if (!open()) co_return Failure(ErrorCode::kClosed, "pipe");
    if (!waitable_->readable()) {
      const Result<void> watched = Watch(event::Watch::kInput);
      if (!watched) co_return std::unexpected(watched.error());
    }
    const Result<void> readable = co_await loop_.Wait(*waitable_, event::Interest::kRead, timer);
    if (!readable) co_return std::unexpected(readable.error());
    const Result<size_t> count = TryRead(into);
    if (count || count.error().code != ErrorCode::kWouldBlock) co_return count;
  }
}

event::Task<Result<void>> PipeEnd::WriteAll(std::span<const char> bytes) {
  while (!bytes.empty()) {
    if (!open()) co_return Failure(ErrorCode::kClosed, "pipe");
    if (!waitable_->writable()) {
      const Result<void> watched = Watch(event::Watch::kBoth);
      if (!watched) co_return watched;
    }
    const Result<void> writable = co_await loop_.Wait(*waitable_, event::Interest::kWrite);
    if (!writable) co_return writable;
    const Result<size_t> count = TryWrite(bytes);
    if (!count) co_return std::unexpected(count.error());
    bytes = bytes.subspan(*count);
  }
  co_return Result<void>();
}

Result<PipeEnds> MakePipe(PipeDirection direction) {
  ASSIGN_OR_RETURN(DescriptorPipe pipe, MakeDescriptorPipe());
  const bool to_us = direction == PipeDirection::kToUs;
  PipeEnds ends{.ours = std::move(to_us ? pipe.reader : pipe.writer),
                .theirs = std::move(to_us ? pipe.writer : pipe.reader)};
  fcntl(ends.ours.get(), F_SETFL, O_NONBLOCK);
  return ends;
}

}  // namespace brilliant::net
