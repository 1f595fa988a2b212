// The memory a connection needs while it works, and gives back when it is idle: input, parser, output, log records.
// Pooled per worker, so that a request allocates nothing and an idle connection holds nothing.
#ifndef BRILLIANT_SERVER_EXCHANGE_BUFFERS_H_
#define BRILLIANT_SERVER_EXCHANGE_BUFFERS_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/body_decoder.h"
#include "http/forwarded.h"
#include "http/request_parser.h"
#include "log/access_log.h"
#include "server/output_queue.h"

namespace brilliant::server {

// Bytes received and not yet used up. Requests are parsed in place: nothing moves while views into it are held, that is
// between two calls of the methods that say they move.
class InputBuffer {
 public:
  // What a new buffer holds; heads and content that need more make it grow.
  static constexpr size_t kBytesInitial = 16'384;
  // A buffer that has grown larger than this is not kept by the pool.
  static constexpr size_t kBytesKept = 65'536;

  InputBuffer() : bytes_(std::make_unique<char[]>(kBytesInitial)), capacity_(kBytesInitial) {}

  [[nodiscard]] std::string_view unread() const { return {bytes_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  [[nodiscard]] bool full() const { return end_ == capacity_; }
  [[nodiscard]] std::span<char> free_space() { return {bytes_.get() + end_, capacity_ - end_}; }
  void Filled(size_t count) { end_ += count; }
  void Consume(size_t count) { begin_ += count; }
  // After everything was consumed: space behind the byte `from` is free again, what is before it stays where it is.
  void RewindTo(const char* from) { begin_ = end_ = static_cast<size_t>(from - bytes_.get()); }
  [[nodiscard]] const char* position() const { return bytes_.get() + begin_; }

  // Moves: makes at least `space` bytes free behind what is unread.
  void MakeRoom(size_t space);
  // Moves: forgets everything.
  void Clear() { begin_ = end_ = 0; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t capacity_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

struct ExchangeBuffers {
  explicit ExchangeBuffers(const http::HeadLimits& limits) : parser(limits) {}

  // A request that was answered, for the access log; complete when its answer has been sent.
  struct PendingRecord {
    log::AccessRecord record;
    std::unique_ptr<log::ProgramUse> program;  // that answered it; null: none
    MonotonicTime began;                       // when its first byte was read
    uint64_t content_begin = 0;                // positions in the output
    uint64_t content_end = 0;
    size_t user_end = 0;  // where its user ends in `users`; the next one's begins there
  };

  InputBuffer input;
  http::RequestParser parser;
  http::BodyDecoder decoder;
  OutputQueue output;
  std::string path_storage;
  http::ForwardedClient client;  // of the request that was read last
  std::vector<PendingRecord> records;
  std::string user;                          // who has shown a password for the request being answered; empty: nobody
  std::string users;                         // of `records`
  std::unique_ptr<log::ProgramUse> program;  // of the request being answered, when it is known; null: none
};

class ExchangePool {
 public:
  // Sets kept for reuse; those beyond it are freed when they come back.
  static constexpr size_t kKeptMax = 256;

  explicit ExchangePool(const http::HeadLimits& limits) : limits_(limits) {}

  [[nodiscard]] std::unique_ptr<ExchangeBuffers> Take();
  void Give(std::unique_ptr<ExchangeBuffers> buffers);

 private:
  const http::HeadLimits limits_;
  std::vector<std::unique_ptr<ExchangeBuffers>> free_;
};

// Holds a set for as long as it lives. Lives in a coroutine's frame.
class ExchangeLease {
 public:
  explicit ExchangeLease(ExchangePool& pool) : pool_(pool), buffers_(pool.Take()) {}
  ~ExchangeLease() { pool_.Give(std::move(buffers_)); }
  ExchangeLease(const ExchangeLease&) = delete;
  ExchangeLease& operator=(const ExchangeLease&) = delete;

  [[nodiscard]] ExchangeBuffers& operator*() const { return *buffers_; }

 private:
  ExchangePool& pool_;
  std::unique_ptr<ExchangeBuffers> buffers_;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_EXCHANGE_BUFFERS_H_
