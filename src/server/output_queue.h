// What a connection is about to send: heads, content in memory and stretches of files, in order. Heads are collected in
// one buffer, content is referred to and never copied; everything up to the next file leaves in one gathered write.
// Belongs to the exchange buffers of a connection (exchange_buffers.h); filled by WriteResponse, emptied by Flush.
#ifndef BRILLIANT_SERVER_OUTPUT_QUEUE_H_
#define BRILLIANT_SERVER_OUTPUT_QUEUE_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files/file_store.h"
#include "net/transport.h"

namespace brilliant::server {

class OutputQueue {
 public:
  // Parts of one gathered write.
  static constexpr size_t kPartsMax = 64;

  // Append to this string to queue a head or other small bytes, then call CommitText.
  [[nodiscard]] std::string& text() { return text_; }
  void CommitText();
  // Content that `owner` keeps alive until it is sent.
  void AppendShared(std::shared_ptr<const void> owner, std::string_view bytes);
  void AppendFile(files::OpenFilePtr file, uint64_t offset, uint64_t length);

  [[nodiscard]] bool empty() const { return next_ == segments_.size() && committed_text_ == text_.size(); }
  // Bytes queued and bytes sent since Clear: the difference is still to go. Positions in the output for the log.
  [[nodiscard]] uint64_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] uint64_t sent_bytes() const { return sent_bytes_; }

  // The file whose turn it is, or null if bytes in memory come next.
  [[nodiscard]] const files::OpenFilePtr* front_file() const;
  // The stretch of front_file() to send next, at most `length_max` bytes of it.
  [[nodiscard]] net::FileSlice front_slice(size_t length_max) const;
  // The bytes in memory up to the next file or kPartsMax parts. Valid until the next change.
  [[nodiscard]] std::span<const iovec> GatherParts();
  // More follows behind what GatherParts or front_slice covers.
  [[nodiscard]] bool more_after_gather() const { return more_after_gather_; }
  [[nodiscard]] bool more_after_slice(const net::FileSlice& slice) const;
  // `count` bytes from the front have been sent. Keeps nothing when that was all.
  void Advance(size_t count);
  // Forgets everything, sent or not; keeps the memory, within bounds.
  void Clear();

 private:
  struct Segment {
    uint64_t offset = 0;  // in text_ (no owner, no file), in the file, or unused
    uint64_t length = 0;
    const char* bytes = nullptr;  // of the owner
    std::shared_ptr<const void> owner = nullptr;
    files::OpenFilePtr file = nullptr;
  };

  void Forget();

  std::string text_;
  size_t committed_text_ = 0;
  std::vector<Segment> segments_;
  size_t next_ = 0;  // the first segment not wholly sent
  std::vector<iovec> parts_;
  bool more_after_gather_ = false;
  uint64_t queued_bytes_ = 0;
  uint64_t sent_bytes_ = 0;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_OUTPUT_QUEUE_H_
