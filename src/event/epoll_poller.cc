// The Linux poller: epoll, with an eventfd for Wake.
#include "base/platform.h"

#if BRILLIANT_LINUX

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "event/poller.h"

namespace brilliant::event {
namespace {

constexpr uint64_t kWakeToken = ~uint64_t{0};

epoll_event EventFor(uint64_t token, Watch watch) {
  epoll_event event{};
  event.events = EPOLLRDHUP | EPOLLET;
  if (watch != Watch::kOutput) event.events |= EPOLLIN;
  if (watch != Watch::kInput) event.events |= EPOLLOUT;
  event.data.u64 = token;
  return event;
}

class EpollPoller final : public Poller {
 public:
  EpollPoller(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

  Result<void> Add(int fd, uint64_t token, Watch watch) override {
    epoll_event event = EventFor(token, watch);
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return SystemFailure("epoll_ctl");
    return {};
  }

  void Change(int fd, uint64_t token, Watch watch) override {
    epoll_event event = EventFor(token, watch);
    CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);  // it allocates nothing
  }

  void Remove(int fd, bool closing) override {
    if (!closing) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }

  Result<size_t> Poll(std::span<PollEvent> into, std::optional<Milliseconds> timeout) override {
    const int timeout_ms = timeout ? static_cast<int>(std::min<int64_t>(timeout->count(), 1'000'000)) : -1;
    const auto space = static_cast<int>(std::min(into.size(), events_.size()));
    const int count = epoll_wait(epoll_.get(), events_.data(), space, timeout_ms);
    if (count < 0) {
      if (errno == EINTR) return size_t{0};
      return SystemFailure("epoll_wait");
    }
    size_t filled = 0;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<size_t>(i)];
      if (event.data.u64 == kWakeToken) {
        ClearWake();
        continue;
      }
      into[filled++] = PollEvent{.token = event.data.u64,
                                 .readable = (event.events & EPOLLIN) != 0,
                                 .writable = (event.events & EPOLLOUT) != 0,
                                 .input_ended = (event.events & EPOLLRDHUP) != 0,
                                 .hangup = (event.events & (EPOLLHUP | EPOLLERR)) != 0};
    }
    return filled;
  }

  void Wake() override {
    const uint64_t one = 1;
    // Fails only when the counter is full: then the wake-up is pending anyway.
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
  }

 private:
  void ClearWake() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(wake_.get(), &count, sizeof count);
  }

  UniqueFd epoll_;
  UniqueFd wake_;
  std::array<epoll_event, kEventsPerTurnMax> events_{};
};

}  // namespace

Result<std::unique_ptr<Poller>> MakePoller() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return SystemFailure("epoll_create1");
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return SystemFailure("eventfd");
  const int wake_fd = wake.get();
  auto poller = std::make_unique<EpollPoller>(std::move(epoll), std::move(wake));
  RETURN_IF_ERROR(poller->Add(wake_fd, kWakeToken, Watch::kInput));
  return poller;
}

}  // namespace brilliant::event

#endif  // BRILLIANT_LINUX
