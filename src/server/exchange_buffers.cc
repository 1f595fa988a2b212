#include "server/exchange_buffers.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace brilliant::server {

void InputBuffer::MakeRoom(size_t space) {
  const size_t unread_bytes = end_ - begin_;
  if (capacity_ - end_ >= space) return;
  if (unread_bytes + space <= capacity_) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, unread_bytes);
  } else {
    const size_t capacity = std::max(unread_bytes + space, capacity_ * 2);
    auto larger = std::make_unique<char[]>(capacity);
    std::memcpy(larger.get(), bytes_.get() + begin_, unread_bytes);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = unread_bytes;
}

std::unique_ptr<ExchangeBuffers> ExchangePool::Take() {
  if (free_.empty()) return std::make_unique<ExchangeBuffers>(limits_);
  std::unique_ptr<ExchangeBuffers> buffers = std::move(free_.back());
  free_.pop_back();
  return buffers;
}

void ExchangePool::Give(std::unique_ptr<ExchangeBuffers> buffers) {
  if (free_.size() >= kKeptMax || buffers->input.capacity() > InputBuffer::kBytesKept) return;
  buffers->input.Clear();
  buffers->parser.Reset();
  buffers->output.Clear();
  buffers->records.clear();
  buffers->users.clear();
  free_.push_back(std::move(buffers));
}

}  // namespace brilliant::server
