#include "server/output_queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace brilliant::server {
namespace {

// A text buffer that one unusual answer made larger than this is not kept.
constexpr size_t kTextBytesKept = 65'536;

}  // namespace

void OutputQueue::CommitText() {
  const size_t length = text_.size() - committed_text_;
  if (length == 0) return;
  queued_bytes_ += length;
  if (next_ < segments_.size()) {
    Segment& last = segments_.back();
    const bool adjacent = last.bytes == nullptr && last.file == nullptr && last.offset + last.length == committed_text_;
    if (adjacent) {
      last.length += length;
      committed_text_ = text_.size();
      return;
    }
  }
  segments_.push_back(Segment{.offset = committed_text_, .length = length});
  committed_text_ = text_.size();
}

void OutputQueue::AppendShared(std::shared_ptr<const void> owner, std::string_view bytes) {
  CommitText();
  if (bytes.empty()) return;
  queued_bytes_ += bytes.size();
  segments_.push_back(Segment{.length = bytes.size(), .bytes = bytes.data(), .owner = std::move(owner)});
}

void OutputQueue::AppendFile(files::OpenFilePtr file, uint64_t offset, uint64_t length) {
  CommitText();
  if (length == 0) return;
  queued_bytes_ += length;
  segments_.push_back(Segment{.offset = offset, .length = length, .file = std::move(file)});
}

const files::OpenFilePtr* OutputQueue::front_file() const {
  if (empty() || segments_[next_].file == nullptr) return nullptr;
  return &segments_[next_].file;
}

net::FileSlice OutputQueue::front_slice(size_t length_max) const {
  const Segment& segment = segments_[next_];
  return net::FileSlice{.fd = segment.file->fd.get(),
                        .offset = segment.offset,
                        .length = static_cast<size_t>(std::min<uint64_t>(segment.length, length_max))};
}

bool OutputQueue::more_after_slice(const net::FileSlice& slice) const {
  return slice.length < segments_[next_].length || next_ + 1 < segments_.size();
}

std::span<const iovec> OutputQueue::GatherParts() {
  parts_.clear();
  size_t index = next_;
  for (; index < segments_.size() && segments_[index].file == nullptr && parts_.size() < kPartsMax; ++index) {
    const Segment& segment = segments_[index];
    const char* bytes = segment.bytes != nullptr ? segment.bytes : text_.data() + segment.offset;
    parts_.push_back(iovec{.iov_base = const_cast<char*>(bytes), .iov_len = segment.length});
  }
  more_after_gather_ = index < segments_.size();
  return parts_;
}

void OutputQueue::Advance(size_t count) {
  sent_bytes_ += count;
  while (count > 0) {
    CHECK(next_ < segments_.size());
    Segment& segment = segments_[next_];
    const auto taken = static_cast<size_t>(std::min<uint64_t>(count, segment.length));
    segment.length -= taken;
    if (segment.bytes != nullptr) {
      segment.bytes += taken;
    } else {
      segment.offset += taken;
    }
    count -= taken;
    if (segment.length > 0) break;
    segment.owner.reset();
    segment.file.reset();
    ++next_;
  }
  if (empty()) Forget();
}

void OutputQueue::Clear() {
  Forget();
  queued_bytes_ = sent_bytes_ = 0;
}

void OutputQueue::Forget() {
  segments_.clear();
  next_ = 0;
  text_.clear();
  if (text_.capacity() > kTextBytesKept) text_.shrink_to_fit();
  committed_text_ = 0;
}

}  // namespace brilliant::server
