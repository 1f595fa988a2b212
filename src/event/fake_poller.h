// A poller for tests and fuzzing: the test says what is ready. Never blocks; records the time-out it was asked for.
#ifndef BRILLIANT_EVENT_FAKE_POLLER_H_
#define BRILLIANT_EVENT_FAKE_POLLER_H_

#include <deque>
#include <map>

#include "event/poller.h"

namespace brilliant::event {

class FakePoller final : public Poller {
 public:
  Result<void> Add(int fd, uint64_t token, Watch watch) override {
    tokens_[fd] = token;
    watches_[fd] = watch;
    return {};
  }
  void Change(int fd, uint64_t token, Watch watch) override {
    tokens_[fd] = token;
    watches_[fd] = watch;
  }

  void Remove(int fd, bool /*closing*/) override { tokens_.erase(fd); }
  [[nodiscard]] Watch watch(int fd) const { return watches_.at(fd); }

  Result<size_t> Poll(std::span<PollEvent> into, std::optional<Milliseconds> timeout) override {
    last_timeout_ = timeout;
    size_t count = 0;
    while (count < into.size() && !events_.empty()) {
      into[count++] = events_.front();
      events_.pop_front();
    }
    return count;
  }

  void Wake() override { ++wakes_; }

  // What the next Poll reports for `fd`; its token is the one it was added with last.
  void Report(int fd, PollEvent event) {
    event.token = tokens_.at(fd);
    events_.push_back(event);
  }
  void ReportReadable(int fd) { Report(fd, PollEvent{.readable = true}); }
  void ReportWritable(int fd) { Report(fd, PollEvent{.writable = true}); }

  [[nodiscard]] std::optional<Milliseconds> last_timeout() const { return last_timeout_; }
  [[nodiscard]] int wakes() const { return wakes_; }

 private:
  std::map<int, uint64_t> tokens_;
  std::map<int, Watch> watches_;
  std::deque<PollEvent> events_;
  std::optional<Milliseconds> last_timeout_;
  int wakes_ = 0;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_FAKE_POLLER_H_
