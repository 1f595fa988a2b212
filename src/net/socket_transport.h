// A Transport over a connected stream socket (TCP or unix).
#ifndef BRILLIANT_NET_SOCKET_TRANSPORT_H_
#define BRILLIANT_NET_SOCKET_TRANSPORT_H_

#include "base/unique_fd.h"
#include "event/waitable.h"
#include "net/transport.h"

namespace brilliant::net {

class SocketTransport final : public Transport {
 public:
  // `socket` is connected and non-blocking. Register the waitable before the first wait.
  SocketTransport(event::EventLoop& loop, event::CancelScope& scope, UniqueFd socket)
      : socket_(std::move(socket)), waitable_(loop, scope, socket_.get(), event::Waitable::Kind::kConnection) {}

  Result<size_t> TryRead(std::span<char> into) override;
  [[nodiscard]] std::shared_ptr<InputReader> DuplicateInput() override;
  Result<size_t> TryWrite(std::span<const iovec> parts, bool more) override;
  Result<size_t> TrySendFile(const FileSlice& slice, bool more) override;
  void ShutdownWrite() override;
  uint64_t UnsentBytes() override;
  void TakeMoreAtOnce() override;
  void ResetOnClose() override;
  event::Waitable& waitable() override { return waitable_; }

 private:
  Result<size_t> Written(ssize_t count, size_t asked, const char* context);

  UniqueFd socket_;
  event::Waitable waitable_;
};

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_SOCKET_TRANSPORT_H_
