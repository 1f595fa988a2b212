// The poller of macOS and the BSDs: kqueue. Both filters of a descriptor are registered once with EV_CLEAR, which is
// kqueue's edge-triggering. Wake writes to a pipe, because EVFILT_USER is not everywhere.
#include "base/platform.h"

#if !BRILLIANT_LINUX

#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "event/poller.h"

namespace brilliant::event {
namespace {

constexpr uint64_t kWakeToken = ~uint64_t{0};

class KqueuePoller final : public Poller {
 public:
  KqueuePoller(UniqueFd kqueue, UniqueFd wake_read, UniqueFd wake_write)
      : kqueue_(std::move(kqueue)), wake_read_(std::move(wake_read)), wake_write_(std::move(wake_write)) {}

  Result<void> Add(int fd, uint64_t token, Watch watch) override {
    std::array<struct kevent, 2> changes{};
    // The token travels as udata, an opaque pointer that is never followed.
    EV_SET(&changes[0], static_cast<uintptr_t>(fd), EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, TokenToPointer(token));
    EV_SET(&changes[1], static_cast<uintptr_t>(fd), EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, TokenToPointer(token));
    // One by one: the read end of a pipe refuses the write filter, and that is no failure.
    if (kevent(kqueue_.get(), &changes[0], 1, nullptr, 0, nullptr) != 0) {
      const int read_errno = errno;
      if (watch == Watch::kBoth && kevent(kqueue_.get(), &changes[1], 1, nullptr, 0, nullptr) == 0) return {};
      errno = read_errno;
      return SystemFailure("kevent");
    }
    if (watch == Watch::kInput) return {};
    [[maybe_unused]] const int write_filter = kevent(kqueue_.get(), &changes[1], 1, nullptr, 0, nullptr);
    return {};
  }

  // A filter that is disabled would not report the end of input either.
  void Change(int /*fd*/, uint64_t /*token*/, Watch /*watch*/) override {}

  // Always explicit: emulations of kqueue do not see a close.
  void Remove(int fd, bool /*closing*/) override {
    std::array<struct kevent, 2> changes{};
    EV_SET(&changes[0], static_cast<uintptr_t>(fd), EVFILT_READ, EV_DELETE, 0, 0, nullptr);
    EV_SET(&changes[1], static_cast<uintptr_t>(fd), EVFILT_WRITE, EV_DELETE, 0, 0, nullptr);
    for (struct kevent& change : changes) {
      [[maybe_unused]] const int removed = kevent(kqueue_.get(), &change, 1, nullptr, 0, nullptr);
    }
  }

  Result<void> AddWake() {
    struct kevent change{};
    EV_SET(&change, static_cast<uintptr_t>(wake_read_.get()), EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0,
           TokenToPointer(kWakeToken));
    if (kevent(kqueue_.get(), &change, 1, nullptr, 0, nullptr) != 0) return SystemFailure("kevent");
    return {};
  }

  Result<size_t> Poll(std::span<PollEvent> into, std::optional<Milliseconds> timeout) override {
    timespec wait{};
    if (timeout) {
      wait.tv_sec = static_cast<time_t>(timeout->count() / 1000);
      wait.tv_nsec = static_cast<long>(timeout->count() % 1000) * 1'000'000;
    }
    const auto space = static_cast<int>(std::min(into.size(), events_.size()));
    const int count = kevent(kqueue_.get(), nullptr, 0, events_.data(), space, timeout ? &wait : nullptr);
    if (count < 0) {
      if (errno == EINTR) return size_t{0};
      return SystemFailure("kevent");
    }
    size_t filled = 0;
    for (int i = 0; i < count; ++i) {
      const struct kevent& event = events_[static_cast<size_t>(i)];
      const uint64_t token = PointerToToken(event.udata);
      if (token == kWakeToken) {
        ClearWake();
      } else {
        into[filled++] = FromKevent(event, token);
      }
    }
    return filled;
  }

  void Wake() override {
    const char byte = 0;
    // Fails only when the pipe is full: then the wake-up is pending anyway.
    [[maybe_unused]] const ssize_t written = write(wake_write_.get(), &byte, 1);
  }

 private:
  static void* TokenToPointer(uint64_t token) { return reinterpret_cast<void*>(static_cast<uintptr_t>(token)); }
  template <typename Pointer>
  static uint64_t PointerToToken(Pointer udata) {
    return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(udata));
  }

  static PollEvent FromKevent(const struct kevent& event, uint64_t token) {
    const bool ended = (event.flags & EV_EOF) != 0;
    const bool failed = (event.flags & EV_ERROR) != 0 || (ended && event.fflags != 0);
    PollEvent result{.token = token};
    result.readable = event.filter == EVFILT_READ;
    result.writable = event.filter == EVFILT_WRITE;
    result.input_ended = ended && event.filter == EVFILT_READ;
    // Alone, this is also what our own shutdown of that side looks like; with both, the connection is gone.
    result.output_ended = ended && event.filter == EVFILT_WRITE;
    result.hangup = failed;
    return result;
  }

  void ClearWake() {
    std::array<char, 64> bytes{};
    while (read(wake_read_.get(), bytes.data(), bytes.size()) > 0) {
    }
  }

  UniqueFd kqueue_;
  UniqueFd wake_read_;
  UniqueFd wake_write_;
  std::array<struct kevent, kEventsPerTurnMax> events_{};
};

Result<void> MakeNonBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return SystemFailure("fcntl");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Poller>> MakePoller() {
  UniqueFd queue(kqueue());
  if (!queue.valid()) return SystemFailure("kqueue");
  if (fcntl(queue.get(), F_SETFD, FD_CLOEXEC) != 0) return SystemFailure("fcntl");
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return SystemFailure("pipe");
  UniqueFd wake_read(ends[0]);
  UniqueFd wake_write(ends[1]);
  RETURN_IF_ERROR(MakeNonBlocking(wake_read.get()));
  RETURN_IF_ERROR(MakeNonBlocking(wake_write.get()));
  auto poller = std::make_unique<KqueuePoller>(std::move(queue), std::move(wake_read), std::move(wake_write));
  RETURN_IF_ERROR(poller->AddWake());
  return poller;
}

}  // namespace brilliant::event

#endif  // !BRILLIANT_LINUX
