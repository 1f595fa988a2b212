#include "process/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace brilliant::process {
namespace {

// A handler has no other way to learn where to write. Both are lock-free, as a handler demands.
std::atomic<uint64_t> pending_signals{0};
std::atomic<int> notify_fd{-1};
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void NoteSignal(int signal) {
  const int saved_errno = errno;
  pending_signals.fetch_or(uint64_t{1} << signal, std::memory_order_relaxed);
  // A full pipe is readable already.
  [[maybe_unused]] const ssize_t written = write(notify_fd.load(std::memory_order_relaxed), "", 1);
  errno = saved_errno;
}

}  // namespace

Result<SignalPipe> SignalPipe::Open(std::span<const int> signals) {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) return SystemFailure("pipe");
  for (const int end : ends) {
    fcntl(end, F_SETFD, FD_CLOEXEC);
    fcntl(end, F_SETFL, O_NONBLOCK);
  }
  // The write end lives as long as the handlers: as long as the process.
  const UniqueFd before(notify_fd.exchange(ends[1], std::memory_order_relaxed));
  SignalPipe pipe{UniqueFd(ends[0])};
  for (const int signal : signals) {
    struct sigaction action{};
    action.sa_handler = NoteSignal;
    action.sa_flags = SA_RESTART | (signal == SIGCHLD ? SA_NOCLDSTOP : 0);
    sigfillset(&action.sa_mask);
    if (sigaction(signal, &action, nullptr) != 0) return SystemFailure("sigaction");
  }
  return pipe;
}

std::vector<int> SignalPipe::Take() {
  char sink[64];
  while (read(reader_.get(), sink, sizeof sink) == sizeof sink) {
  }
  const uint64_t pending = pending_signals.exchange(0, std::memory_order_relaxed);
  std::vector<int> signals;
  for (int signal = 1; signal < 64; ++signal) {
    if ((pending & (uint64_t{1} << signal)) != 0) signals.push_back(signal);
  }
  return signals;
}

}  // namespace brilliant::process
