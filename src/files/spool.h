// Bytes on their way from one who may be fast to one who may be slow: the first of them in memory, the rest in an
// unnamed temporary file. For the content of requests whose program does not read as fast as the client sends. One
// writer and one reader, both coroutines of one loop; the disk never blocks the loop.
#ifndef BRILLIANT_FILES_SPOOL_H_
#define BRILLIANT_FILES_SPOOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "event/task.h"

namespace brilliant::files {

// In memory at most, of one spool.
inline constexpr size_t kSpoolMemoryBytes = 65'536;
// Read from the file at once.
inline constexpr size_t kSpoolReadBytes = 65'536;

// What all spools of a worker may hold on disk together.
struct SpoolBudget {
  uint64_t bytes_max = 0;
  uint64_t bytes = 0;
};

class Spool {
 public:
  // `budget` and `loop` outlive it. `folder`: for the temporary file.
  Spool(event::EventLoop& loop, SpoolBudget& budget, std::string folder)
      : loop_(loop), budget_(budget), folder_(std::move(folder)) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Keeps a copy of `bytes`, all or nothing. kTooLarge: the budget is spent: wait until something has been taken.
  // kUnavailable: the offload queue is full, or no descriptor. kSystem: the disk.
  [[nodiscard]] event::Task<Result<void>> Append(std::span<const char> bytes, event::CancelScope& scope);
  // Bytes from the front, valid until the next call; empty: there are none now.
  [[nodiscard]] event::Task<Result<std::span<const char>>> Take(event::CancelScope& scope);

  // Appended and not taken yet.
  [[nodiscard]] uint64_t size() const { return memory_.size() + (written_ - read_) + writing_; }

 private:
  // Gives the disk space back when everything in the file has been taken.
  void FreeFileIfTaken();

  event::EventLoop& loop_;
  SpoolBudget& budget_;
  const std::string folder_;
  std::string memory_;  // comes before what is in the file
  std::string taken_;
  std::shared_ptr<const UniqueFd> file_;  // shared with jobs under way
  uint64_t written_ = 0;                  // bytes in the file
  uint64_t writing_ = 0;                  // bytes on their way there
  uint64_t read_ = 0;                     // of those written, taken
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_SPOOL_H_
