// Task<T>: a lazy coroutine that its parent awaits exactly once: `T value = co_await std::move(task);`. The parent's
// frame outlives the child's. Root tasks are started by EventLoop::Spawn and nothing else. Frames are never destroyed
// while suspended on the kernel: cancelling resumes them with an error (see cancel_scope.h). Single-threaded.
//
// What may stand beside a co_await is restricted by compiler faults: CONTRIBUTING.md, "Coroutines".
#ifndef BRILLIANT_EVENT_TASK_H_
#define BRILLIANT_EVENT_TASK_H_

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/result.h"
#include "event/frame_pool.h"

namespace brilliant::event {

class RootTask;

// What the promises of all tasks share: who goes on when the task is done.
class PromiseBase {
 public:
  static void* operator new(size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, size_t size) { FreeFrame(frame, size); }

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }

  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().Finish();
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }

  void set_parent(std::coroutine_handle<> parent) { parent_ = parent; }
  void set_root(RootTask* root) { root_ = root; }

 private:
  std::coroutine_handle<> Finish() noexcept;

  std::coroutine_handle<> parent_;
  RootTask* root_ = nullptr;  // set instead of parent_ for a root
};

template <typename T>
class [[nodiscard]] Task;

template <typename T>
class Promise final : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T TakeValue() {
    CHECK(value_.has_value());
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  inline Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void TakeValue() const noexcept {}
};

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Trivial, so that no compiler can copy or destroy it wrongly: the Task owns the frame.
  struct Awaiter {
    Handle handle;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) const noexcept {
      handle.promise().set_parent(parent);
      return handle;
    }
    T await_resume() const { return handle.promise().TakeValue(); }
  };
  [[nodiscard]] Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }

  // For EventLoop::Spawn: gives the frame up.
  [[nodiscard]] Handle Release() { return std::exchange(handle_, nullptr); }

 private:
  Handle handle_;
};

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_TASK_H_
