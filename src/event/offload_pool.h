// A few threads per worker for calls that may block: a stat on a cold disk, fsync, unlink, reading a folder, writing a
// log. The queue is bounded: beyond it, submitting fails and the caller answers 503 or drops. A job owns all it
// touches; who gives up waiting abandons it, and its result and descriptors are destroyed on the loop when it is done.
//
// Owned by the EventLoop; every method is called on the loop's thread.
#ifndef BRILLIANT_EVENT_OFFLOAD_POOL_H_
#define BRILLIANT_EVENT_OFFLOAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "event/poller.h"

namespace brilliant::event {

inline constexpr size_t kOffloadQueueMax = 1024;

class OffloadPool {
 public:
  // A unit of work. Run is called on a pool thread, everything else (also destruction) on the loop's.
  class Job {
   public:
    virtual ~Job() = default;
    virtual void Run() = 0;
    // Run has ended.
    virtual void Deliver() {}
  };

  // `threads` 0: jobs run inside TrySubmit and are delivered at the loop's next turn. `poller` outlives the pool.
  OffloadPool(int threads, Poller& poller);
  ~OffloadPool();
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;

  // False if the queue is full; then the job is destroyed unrun.
  [[nodiscard]] bool TrySubmit(std::shared_ptr<Job> job);
  // Work whose end nobody waits for.
  [[nodiscard]] bool TryPost(std::move_only_function<void()> work);

  // Called by the loop each turn.
  void DeliverCompleted();
  // Runs what is queued, then ends the threads. Idempotent.
  void Stop();

 private:
  void RunJobs();

  Poller& poller_;
  const bool inline_;
  std::mutex mutex_;
  std::condition_variable work_available_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::vector<std::shared_ptr<Job>> completed_;
  std::atomic<bool> has_completed_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_OFFLOAD_POOL_H_
