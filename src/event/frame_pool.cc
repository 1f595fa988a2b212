#include "event/frame_pool.h"

#include <array>
#include <new>

namespace brilliant::event {
namespace {

constexpr size_t kStep = 64;
constexpr size_t kPooledMax = 4096;

struct FreeFrameNode {
  FreeFrameNode* next;
};

class FramePool {
 public:
  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool() {
    for (FreeFrameNode*& head : free_) {
      while (head != nullptr) {
        FreeFrameNode* node = head;
        head = node->next;
        ::operator delete(node);
      }
    }
  }

  void* Take(size_t step) {
    FreeFrameNode* node = free_[step];
    if (node == nullptr) return ::operator new(step * kStep);
    free_[step] = node->next;
    cached_bytes_ -= step * kStep;
    return node;
  }

  void Give(void* frame, size_t step) {
    if (cached_bytes_ + step * kStep > kCachedBytesMax) {
      ::operator delete(frame);
      return;
    }
    free_[step] = new (frame) FreeFrameNode{free_[step]};
    cached_bytes_ += step * kStep;
  }

 private:
  std::array<FreeFrameNode*, kPooledMax / kStep + 1> free_{};
  size_t cached_bytes_ = 0;
};

#ifdef BRILLIANT_SANITIZED
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

FramePool& ThreadPool() {
  static thread_local FramePool pool;
  return pool;
}

}  // namespace

void* AllocateFrame(size_t size) {
  if (!kPooled || size > kPooledMax) return ::operator new(size);
  return ThreadPool().Take((size + kStep - 1) / kStep);
}

void FreeFrame(void* frame, size_t size) {
  if (!kPooled || size > kPooledMax) {
    ::operator delete(frame);
    return;
  }
  ThreadPool().Give(frame, (size + kStep - 1) / kStep);
}

}  // namespace brilliant::event
