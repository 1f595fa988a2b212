// For tests: counts what the program takes from the heap, by replacing operator new. Included by exactly one file of a
// test program. Under the sanitizers, which need their own, nothing is replaced and nothing is counted.
#ifndef BRILLIANT_EVENT_FAKE_HEAP_H_
#define BRILLIANT_EVENT_FAKE_HEAP_H_

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace brilliant::event {

#ifdef BRILLIANT_SANITIZED
inline constexpr bool kHeapCounted = false;
#else
inline constexpr bool kHeapCounted = true;
#endif

inline std::atomic<size_t> allocations_counted = 0;

// Since the program began.
inline size_t AllocationCount() { return allocations_counted; }

}  // namespace brilliant::event

#ifndef BRILLIANT_SANITIZED
void* operator new(size_t size) {
  ++brilliant::event::allocations_counted;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

#endif  // BRILLIANT_EVENT_FAKE_HEAP_H_
