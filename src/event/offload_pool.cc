#include "event/offload_pool.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace brilliant::event {
namespace {

class PostedWork final : public OffloadPool::Job {
 public:
  explicit PostedWork(std::move_only_function<void()> work) : work_(std::move(work)) {}
  void Run() override { work_(); }

 private:
  std::move_only_function<void()> work_;
};

// Signals belong to the loop's thread.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t old_{};
};

}  // namespace

OffloadPool::OffloadPool(int threads, Poller& poller) : poller_(poller), inline_(threads == 0) {
  const SignalsBlocked blocked;
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { RunJobs(); });
}

OffloadPool::~OffloadPool() { Stop(); }

bool OffloadPool::TrySubmit(std::shared_ptr<Job> job) {
  if (inline_) {
    job->Run();
    completed_.push_back(std::move(job));
    has_completed_ = true;
    poller_.Wake();
    return true;
  }
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= kOffloadQueueMax) return false;
    queue_.push_back(std::move(job));
  }
  work_available_.notify_one();
  return true;
}

bool OffloadPool::TryPost(std::move_only_function<void()> work) {
  return TrySubmit(std::make_shared<PostedWork>(std::move(work)));
}

void OffloadPool::DeliverCompleted() {
  if (!has_completed_.load(std::memory_order_acquire)) return;
  std::vector<std::shared_ptr<Job>> completed;
  {
    const std::lock_guard lock(mutex_);
    completed.swap(completed_);
    has_completed_ = false;
  }
  for (const std::shared_ptr<Job>& job : completed) job->Deliver();
}

void OffloadPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_available_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  DeliverCompleted();
}

void OffloadPool::RunJobs() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) work_available_.wait(lock);
    if (queue_.empty()) return;
    std::shared_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job->Run();
    lock.lock();
    // Moved, not copied: the last reference goes on the loop's thread.
    completed_.push_back(std::move(job));
    has_completed_.store(true, std::memory_order_release);
    poller_.Wake();
  }
}

}  // namespace brilliant::event
