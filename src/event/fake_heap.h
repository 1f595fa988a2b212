// For tests: counts what the program takes from the heap, if one of its files includes event/fake_heap_operators.h.
// Under the sanitizers, which need their own operator new, nothing is counted.
#ifndef BRILLIANT_EVENT_FAKE_HEAP_H_
#define BRILLIANT_EVENT_FAKE_HEAP_H_

#include <atomic>
#include <cstddef>

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

#endif  // BRILLIANT_EVENT_FAKE_HEAP_H_
