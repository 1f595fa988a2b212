#include "event/frame_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "event/fake_heap.h"

namespace brilliant::event {
namespace {

TEST(FramePoolTest, AFrameIsUsedAgainForItsSize) {
  if (!kHeapCounted) GTEST_SKIP() << "under the sanitizers every frame is its own allocation";
  void* first = AllocateFrame(300);
  FreeFrame(first, 300);
  const size_t before = AllocationCount();
  void* again = AllocateFrame(290);  // of the same step of 64 bytes
  EXPECT_EQ(again, first);
  EXPECT_EQ(AllocationCount(), before);
  FreeFrame(again, 290);
}

TEST(FramePoolTest, FramesAreAlignedWritableAndApart) {
  std::vector<void*> frames;
  const size_t sizes[] = {1, 64, 65, 1000, 4096, 4097, 100'000};
  for (const size_t size : sizes) {
    frames.push_back(AllocateFrame(size));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(frames.back()) % alignof(std::max_align_t), 0U);
    std::memset(frames.back(), static_cast<int>(frames.size()), size);
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    const auto* bytes = static_cast<const unsigned char*>(frames[i]);
    EXPECT_EQ(bytes[0], i + 1);
    EXPECT_EQ(bytes[sizes[i] - 1], i + 1);
    FreeFrame(frames[i], sizes[i]);
  }
}

TEST(FramePoolTest, LargeFramesAreNotKept) {
  if (!kHeapCounted) GTEST_SKIP() << "under the sanitizers every frame is its own allocation";
  FreeFrame(AllocateFrame(5000), 5000);
  const size_t before = AllocationCount();
  FreeFrame(AllocateFrame(5000), 5000);
  EXPECT_EQ(AllocationCount(), before + 1);
}

void TakeAndGiveMoreThanTheLimit(size_t& allocations) {
  constexpr size_t kSize = 4096;
  std::vector<void*> frames(kCachedBytesMax / kSize + 100);
  for (void*& frame : frames) frame = AllocateFrame(kSize);
  for (void* frame : frames) FreeFrame(frame, kSize);
  const size_t before = AllocationCount();
  for (void*& frame : frames) frame = AllocateFrame(kSize);
  allocations = AllocationCount() - before;
  for (void* frame : frames) FreeFrame(frame, kSize);
}

TEST(FramePoolTest, NoMoreThanTheLimitIsKept) {
  if (!kHeapCounted) GTEST_SKIP() << "under the sanitizers every frame is its own allocation";
  size_t allocations = 0;
  // A thread of its own has a pool of its own.
  std::thread(TakeAndGiveMoreThanTheLimit, std::ref(allocations)).join();
  EXPECT_EQ(allocations, 100U);
}

}  // namespace
}  // namespace brilliant::event
