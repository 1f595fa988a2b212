// Memory for coroutine frames: free lists by size, one set per thread, so that an await costs no malloc. Used only by
// the promise types of this folder. Memory cached beyond kCachedBytesMax goes back to the heap. Under AddressSanitizer
// every frame is its own allocation, so that a use after free is seen.
#ifndef BRILLIANT_EVENT_FRAME_POOL_H_
#define BRILLIANT_EVENT_FRAME_POOL_H_

#include <cstddef>

namespace brilliant::event {

inline constexpr size_t kCachedBytesMax = size_t{8} << 20;

[[nodiscard]] void* AllocateFrame(size_t size);
void FreeFrame(void* frame, size_t size);

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_FRAME_POOL_H_
