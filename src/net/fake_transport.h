// A Transport for tests and fuzzing: the test gives input piece by piece and decides how much the "kernel" takes of the
// output. Works with FakePoller: announce new input with FakePoller::ReportReadable(fd()).
#ifndef BRILLIANT_NET_FAKE_TRANSPORT_H_
#define BRILLIANT_NET_FAKE_TRANSPORT_H_

#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <memory>
#include <string>

#include "net/transport.h"

namespace brilliant::net {

// What the test holds on to while the connection owns the transport.
struct FakePeer {
  std::deque<std::string> input;  // one TryRead returns at most one piece
  bool input_ended = false;
  bool reset = false;                                           // every call fails with kClosed
  std::string output;                                           // what was written
  int writes = 0;                                               // calls that took bytes
  size_t write_bytes_max = std::numeric_limits<size_t>::max();  // per call
  int write_refusals = 0;                                       // so many next writes say kWouldBlock
  uint64_t unsent_bytes = 0;                                    // of the output: not taken by the peer yet
  bool write_shut = false;
  bool takes_more_at_once = false;
  bool reset_on_close = false;
  int inputs_duplicated = 0;
  bool destroyed = false;

  Result<size_t> TryRead(std::span<char> into) {
    if (reset) return Failure(ErrorCode::kClosed, "recv");
    if (input.empty() && input_ended) return size_t{0};
    if (input.empty()) return Failure(ErrorCode::kWouldBlock, "recv");
    std::string& piece = input.front();
    const size_t count = std::min(into.size(), piece.size());
    std::copy_n(piece.data(), count, into.data());
    piece.erase(0, count);
    if (piece.empty()) input.pop_front();
    return count;
  }
};

class FakeReader final : public InputReader {
 public:
  // `peer` outlives it.
  explicit FakeReader(FakePeer& peer) : peer_(peer) {}
  Result<size_t> TryRead(std::span<char> into) override { return peer_.TryRead(into); }

 private:
  FakePeer& peer_;
};

class FakeTransport final : public Transport {
 public:
  // `fd` is only a number for the fake poller. `peer` outlives the transport.
  FakeTransport(event::EventLoop& loop, event::CancelScope& scope, int fd, FakePeer& peer)
      : peer_(peer), waitable_(loop, scope, fd, event::Waitable::Kind::kConnection) {}
  ~FakeTransport() override { peer_.destroyed = true; }

  Result<size_t> TryRead(std::span<char> into) override {
    const Result<size_t> count = peer_.TryRead(into);
    if (!count && count.error().code == ErrorCode::kWouldBlock) waitable_.ReadWouldBlock();
    if (count && peer_.input.empty() && !peer_.input_ended) waitable_.InputDrained();
    return count;
  }

  [[nodiscard]] std::shared_ptr<InputReader> DuplicateInput() override {
    ++peer_.inputs_duplicated;
    return std::make_shared<FakeReader>(peer_);
  }

  Result<size_t> TryWrite(std::span<const iovec> parts, bool /*more*/) override {
    std::string bytes;
    for (const iovec& part : parts) bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
    return Take(bytes);
  }

  Result<size_t> TrySendFile(const FileSlice& slice, bool /*more*/) override {
    std::string bytes(slice.length, '\0');
    const ssize_t got = pread(slice.fd, bytes.data(), bytes.size(), static_cast<off_t>(slice.offset));
    if (got < 0) return SystemFailure("pread");
    if (got == 0) return size_t{0};
    bytes.resize(static_cast<size_t>(got));
    return Take(bytes);
  }

  void ShutdownWrite() override { peer_.write_shut = true; }
  uint64_t UnsentBytes() override { return peer_.unsent_bytes; }
  void TakeMoreAtOnce() override { peer_.takes_more_at_once = true; }
  void ResetOnClose() override { peer_.reset_on_close = true; }
  event::Waitable& waitable() override { return waitable_; }

 private:
  Result<size_t> Take(const std::string& bytes) {
    if (peer_.reset) return Failure(ErrorCode::kClosed, "send");
    if (peer_.write_refusals > 0) {
      --peer_.write_refusals;
      waitable_.WriteWouldBlock();
      return Failure(ErrorCode::kWouldBlock, "send");
    }
    const size_t count = std::min(bytes.size(), peer_.write_bytes_max);
    peer_.output.append(bytes, 0, count);
    peer_.unsent_bytes += count;
    ++peer_.writes;
    if (count < bytes.size()) waitable_.WriteWouldBlock();
    return count;
  }

  FakePeer& peer_;
  event::Waitable waitable_;
};

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_FAKE_TRANSPORT_H_
