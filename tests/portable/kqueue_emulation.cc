// kqueue(2) over epoll, as much of it as the kqueue poller uses, so that the portable build can be run on Linux:
// filters for reading and writing with EV_CLEAR, EV_EOF, deletion by hand and by close. Not for production.
//   cmake -DBRILLIANT_POLLER=kqueue -DBRILLIANT_KQUEUE_EMULATION=ON ...
#include <sys/epoll.h>
#include <sys/event.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace {

struct Filters {
  bool read = false;
  bool write = false;
  void* read_udata = nullptr;
  void* write_udata = nullptr;
};

struct Queue {
  std::map<int, Filters> filters;
  std::deque<struct kevent> left;  // what one call's caller had no room for
};

// The one piece of state a C interface without objects can't do without.
std::mutex mutex;
std::map<int, Queue>& Queues() {
  static std::map<int, Queue> queues;
  return queues;
}

int Apply(int kq, Queue& queue, const struct kevent& change) {
  const int fd = static_cast<int>(change.ident);
  Filters& filters = queue.filters[fd];
  const bool add = (change.flags & EV_ADD) != 0;
  if (change.filter == EVFILT_READ) {
    filters.read = add;
    filters.read_udata = change.udata;
  } else if (change.filter == EVFILT_WRITE) {
    filters.write = add;
    filters.write_udata = change.udata;
  } else {
    errno = EINVAL;
    return -1;
  }
  epoll_event event{};
  event.data.fd = fd;
  event.events = EPOLLET | EPOLLRDHUP;
  if (filters.read) event.events |= EPOLLIN;
  if (filters.write) event.events |= EPOLLOUT;
  if (!filters.read && !filters.write) {
    queue.filters.erase(fd);
    return epoll_ctl(kq, EPOLL_CTL_DEL, fd, nullptr);
  }
  if (epoll_ctl(kq, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
  return epoll_ctl(kq, EPOLL_CTL_ADD, fd, &event);
}

void Collect(Queue& queue, const epoll_event& event) {
  const auto found = queue.filters.find(event.data.fd);
  if (found == queue.filters.end()) return;
  const Filters& filters = found->second;
  const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  const unsigned int error = (event.events & EPOLLERR) != 0 ? ECONNRESET : 0;
  const bool ended = failed || (event.events & EPOLLRDHUP) != 0;
  struct kevent result;
  if (filters.read && (ended || (event.events & EPOLLIN) != 0)) {
    EV_SET(&result, event.data.fd, EVFILT_READ, ended ? EV_EOF : 0, error, 0, filters.read_udata);
    queue.left.push_back(result);
  }
  if (filters.write && (failed || (event.events & EPOLLOUT) != 0)) {
    EV_SET(&result, event.data.fd, EVFILT_WRITE, failed ? EV_EOF : 0, error, 0, filters.write_udata);
    queue.left.push_back(result);
  }
}

}  // namespace

int kqueue() {
  const int kq = epoll_create1(0);
  if (kq < 0) return -1;
  const std::lock_guard lock(mutex);
  Queues()[kq] = Queue();
  return kq;
}

// TIDY: the system call's own parameters
int kevent(int kq, const struct kevent* changes, int changes_count, struct kevent* events, int events_count,
           const timespec* timeout) {
  {
    const std::lock_guard lock(mutex);
    for (int i = 0; i < changes_count; ++i) {
      if (Apply(kq, Queues()[kq], changes[i]) != 0) return -1;
    }
  }
  if (events_count == 0) return 0;
  std::array<epoll_event, 256> ready;
  int timeout_ms = -1;
  if (timeout != nullptr)
    timeout_ms = static_cast<int>(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999'999) / 1'000'000);
  {
    const std::lock_guard lock(mutex);
    if (!Queues()[kq].left.empty()) timeout_ms = 0;
  }
  const int space = std::min(events_count, static_cast<int>(ready.size()));
  const int count = epoll_wait(kq, ready.data(), space, timeout_ms);
  if (count < 0) return -1;
  const std::lock_guard lock(mutex);
  Queue& queue = Queues()[kq];
  for (int i = 0; i < count; ++i) Collect(queue, ready[static_cast<size_t>(i)]);
  int filled = 0;
  while (filled < events_count && !queue.left.empty()) {
    events[filled++] = queue.left.front();
    queue.left.pop_front();
  }
  return filled;
}
