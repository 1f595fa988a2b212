// Memory that a worker inherits as a descriptor: bytes that never change (its configuration) and one page that both
// sides see (its heartbeat). The supervisor makes them, the worker only opens them.
#ifndef BRILLIANT_PROCESS_SHARED_MEMORY_H_
#define BRILLIANT_PROCESS_SHARED_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::process {

inline constexpr size_t kSealedBytesMax = 64 << 20;

// A descriptor that holds `bytes` and can only be read: a sealed memfd, elsewhere an unlinked temporary file. Error:
// kTooLarge.
[[nodiscard]] Result<UniqueFd> SealBytes(std::string_view bytes);

// All of it; the offset, which is shared with other processes, is left alone. Error: kTooLarge.
[[nodiscard]] Result<std::string> ReadSealed(int fd);

// One mapped page, shared by the supervisor and one worker.
class SharedPage {
 public:
  SharedPage(SharedPage&& other) noexcept : fd_(std::move(other.fd_)), page_(std::exchange(other.page_, nullptr)) {}
  SharedPage& operator=(SharedPage&& other) noexcept;
  ~SharedPage();

  [[nodiscard]] static Result<SharedPage> Create();
  // Of the descriptor of a page that Create() made. Error: kInvalid.
  [[nodiscard]] static Result<SharedPage> Open(UniqueFd fd);

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Counted up by the worker, read by the supervisor. Lives as long as this object.
  [[nodiscard]] std::atomic<uint64_t>& heartbeat() const;

 private:
  SharedPage(UniqueFd fd, void* page) : fd_(std::move(fd)), page_(page) {}
  UniqueFd fd_;
  void* page_ = nullptr;
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SHARED_MEMORY_H_
