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

}  // namespace

void UploadWriter::Start(std::shared_ptr<files::UploadFile> file, uint64_t expected) {
  Drop();
  file_ = std::move(file);
  const size_t wanted = PieceBytes(expected);
  if (wanted <= capacity_) return;
  buffer_ = std::make_shared_for_overwrite<char[]>(wanted);
  capacity_ = wanted;
}

size_t UploadWriter::PieceBytes(uint64_t expected) {
  if (!has_large_piece_ && expected >= kLargeUploadBytes && room_.large_pieces < kLargeUploadsMax) {
    has_large_piece_ = true;
    ++room_.large_pieces;
  }
  return std::clamp<uint64_t>(expected, kPieceBytesLeast,
                              has_large_piece_ ? kLargeUploadPieceBytes : kUploadPieceBytes);
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
    const Result<void> flushed = co_await Flush();
    if (!flushed) co_return flushed;
  }
  co_return Result<void>();
}

event::Task<Result<void>> UploadWriter::Flush() {
  const size_t size = std::exchange(filled_, 0);
  if (size == 0) co_return Result<void>();
  auto write = [file = file_, buffer = buffer_, size] { return AppendPiece(*file, buffer.get(), size); };
  co_return co_await event::Offload(context_.loop, context_.scope, std::move(write));
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
