// Takes one file's bytes as they come and has them written, in large pieces, by the offload pool: the memory it needs
// does not depend on the file. A job that has written a piece goes on with what has come meanwhile, so that a fast
// client costs few turns between it and the loop. Lives in the frame of a coroutine that stores an upload.
#ifndef BRILLIANT_HANDLERS_UPLOAD_WRITER_H_
#define BRILLIANT_HANDLERS_UPLOAD_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "event/task.h"
#include "files/upload_file.h"
#include "handlers/api.h"

namespace brilliant::handlers {

// Written at once; the memory of one upload.
inline constexpr size_t kUploadPieceBytes = 262'144;
// What a job goes on with, at most: other jobs wait for its thread.
inline constexpr uint64_t kAheadBytesMax = 16 * kUploadPieceBytes;
inline constexpr Milliseconds kAheadTimeMax{20};  // for a slow disk

// What the uploads of one location take together, in this worker.
struct UploadRoom {
  uint64_t under_way = 0;  // bytes on disk of files that are not published yet
};

class UploadWriter {
 public:
  // `context` and `room` outlive it. `bytes_max`: of all uploads of `room` under way; beyond it Add fails with EDQUOT.
  UploadWriter(const HandlerContext& context, UploadRoom& room, uint64_t bytes_max)
      : context_(context), room_(room), bytes_max_(bytes_max) {}
  ~UploadWriter() { room_.under_way -= bytes_; }
  UploadWriter(const UploadWriter&) = delete;
  UploadWriter& operator=(const UploadWriter&) = delete;

  // Begins with another file; what the last one was is over. `expected`: how many bytes will come, as far as is known.
  void Start(std::shared_ptr<files::UploadFile> file, uint64_t expected);
  // All that still comes of `body`, which outlives the writer, is of this file.
  void GoOnWith(RequestBody& body) { body_ = &body; }
  [[nodiscard]] bool started() const { return file_ != nullptr; }
  // Of the file.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  // Where the next bytes may be put, for Add to find them there. Never empty.
  [[nodiscard]] std::span<char> space();
  // `bytes` lie at the beginning of space(), or elsewhere. Errors: those of writing; EDQUOT.
  [[nodiscard]] event::Task<Result<void>> Add(std::span<const char> bytes);
  // Everything has come. On success and on failure the writer has no file any more, but after kChanged it can be tried
  // again.
  [[nodiscard]] event::Task<Result<files::Published>> Publish(files::PublishPlan plan);
  // Gives the file up.
  void Drop();

 private:
  // `body`: what follows may be read from it. Null: something else comes first.
  [[nodiscard]] event::Task<Result<void>> Flush(RequestBody* body);

  const HandlerContext& context_;
  UploadRoom& room_;
  const uint64_t bytes_max_;
  RequestBody* body_ = nullptr;
  std::shared_ptr<files::UploadFile> file_;
  std::shared_ptr<char[]> buffer_;  // shared with a job under way
  size_t capacity_ = 0;
  size_t filled_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_UPLOAD_WRITER_H_
