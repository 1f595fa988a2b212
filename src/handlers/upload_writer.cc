#include "handlers/upload_writer.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "event/offload.h"

namespace brilliant::handlers {
namespace {

// Of a small file; also what is read past its end.
constexpr size_t kPieceBytesLeast = 4'096;

Result<void> AppendPiece(files::UploadFile& file, const char* bytes, size_t size) {
  return file.Append(std::string_view(bytes, size));
}

// What a job has read of the content, how much of that lies in its buffer still, and whether the rest could be written.
struct ReadAhead {
  uint64_t bytes = 0;
  size_t filled = 0;
  Result<void> written;
};

// Writes the first `filled` bytes of `buffer`, then what comes of `ahead` at once. What has been read is told in any
// case: the connection must know where its content ends.
Result<ReadAhead> WriteAndReadAhead(files::UploadFile& file, std::span<char> buffer, size_t filled,
                                    const RequestBody::Ahead& ahead, const TimeSource& clock) {
  const MonotonicTime deadline = clock.Monotonic() + kAheadTimeMax;
  ReadAhead read;
  while (true) {
    read.written = AppendPiece(file, buffer.data(), filled);
    read.filled = 0;
    if (!read.written || clock.Monotonic() >= deadline) return read;
    while (read.filled < buffer.size()) {
      const std::span<char> free = buffer.subspan(read.filled);
      const uint64_t wanted = std::min<uint64_t>(free.size(), ahead.bytes - read.bytes);
      if (wanted == 0) return read;
      const Result<size_t> count = ahead.reader->TryRead(free.first(wanted));
      if (!count || *count == 0) return read;
      read.bytes += *count;
      read.filled += *count;
    }
    filled = read.filled;
  }
}

}  // namespace

void UploadWriter::Start(std::shared_ptr<files::UploadFile> file, uint64_t expected) {
  Drop();
  file_ = std::move(file);
  const size_t wanted = std::clamp<uint64_t>(expected, kPieceBytesLeast, kUploadPieceBytes);
  if (wanted <= capacity_) return;
  buffer_ = std::make_shared_for_overwrite<char[]>(wanted);
  capacity_ = wanted;
}

void UploadWriter::Drop() {
  file_.reset();
  filled_ = 0;
  room_.under_way -= std::exchange(bytes_, 0);
}

std::span<char> UploadWriter::space() { return {buffer_.get() + filled_, capacity_ - filled_}; }

event::Task<Result<void>> UploadWriter::Add(std::span<const char> bytes) {
  room_.under_way += bytes.size();
  bytes_ += bytes.size();
  if (room_.under_way > bytes_max_) co_return std::unexpected(ErrorFromErrno(EDQUOT, "quota"));
  while (!bytes.empty()) {
    const std::span<char> free = space();
    const size_t count = std::min(bytes.size(), free.size());
    if (bytes.data() != free.data()) std::copy_n(bytes.data(), count, free.data());
    filled_ += count;
    bytes = bytes.subspan(count);
    if (filled_ < capacity_) continue;
    // What is left of these bytes comes before what a job could read.
    RequestBody* const next = bytes.empty() ? body_ : nullptr;
    const Result<void> flushed = co_await Flush(next);
    if (!flushed) co_return flushed;
  }
  co_return Result<void>();
}

event::Task<Result<void>> UploadWriter::Flush(RequestBody* body) {
  RequestBody::Ahead ahead;
  if (body != nullptr) ahead = body->LookAhead();
  if (ahead.reader == nullptr) ahead.bytes = 0;
  ahead.bytes = std::min({ahead.bytes, kAheadBytesMax, bytes_max_ - std::min(bytes_max_, room_.under_way)});
  const uint64_t reserved = ahead.bytes;
  const bool lent = ahead.reader != nullptr;
  room_.under_way += reserved;
  bytes_ += reserved;
  auto write = [file = file_, buffer = buffer_, capacity = capacity_, filled = std::exchange(filled_, 0),
                ahead = std::move(ahead), &clock = context_.loop.time_source()] {
    return WriteAndReadAhead(*file, {buffer.get(), capacity}, filled, ahead, clock);
  };
  const Result<ReadAhead> read = co_await event::Offload(context_.loop, context_.scope, std::move(write));
  if (!read) co_return std::unexpected(read.error());
  room_.under_way -= reserved - read->bytes;
  bytes_ -= reserved - read->bytes;
  filled_ = read->filled;
  if (lent) body->Took(read->bytes);
  co_return read->written;
}

event::Task<Result<files::Published>> UploadWriter::Publish(files::PublishPlan plan) {
  auto publish = [file = file_, buffer = buffer_, size = std::exchange(filled_, 0),
                  plan = std::move(plan)]() -> Result<files::Published> {
    RETURN_IF_ERROR(AppendPiece(*file, buffer.get(), size));
    return file->Publish(plan);
  };
  Result<files::Published> published = co_await event::Offload(context_.loop, context_.scope, std::move(publish));
  const bool again = published && published->outcome == files::Published::Outcome::kChanged;
  if (!again) Drop();
  co_return published;
}

}  // namespace brilliant::handlers
