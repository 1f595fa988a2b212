// For tests: the operators new and delete that event/fake_heap.h counts. Included by exactly one file of a test
// program.
#ifndef BRILLIANT_EVENT_FAKE_HEAP_OPERATORS_H_
#define BRILLIANT_EVENT_FAKE_HEAP_OPERATORS_H_

#include <cstdlib>
#include <new>

#include "event/fake_heap.h"

#ifndef BRILLIANT_SANITIZED
// Not inline: g++ takes one without the other for a mismatch.
[[gnu::noinline]] void* operator new(size_t size) {
  ++brilliant::event::allocations_counted;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

#endif  // BRILLIANT_EVENT_FAKE_HEAP_OPERATORS_H_
