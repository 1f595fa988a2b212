#include "net/socket_transport.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/platform.h"

#if BRILLIANT_LINUX
#include <linux/sockios.h>
#include <sys/sendfile.h>
#endif

namespace brilliant::net {
namespace {

#ifdef MSG_MORE
constexpr int kMore = MSG_MORE;
#else
constexpr int kMore = 0;
#endif

#if !BRILLIANT_LINUX
// sendfile(2) differs on every system; the portable branch copies through a buffer, which every system can.
ssize_t SendFile(int socket, const FileSlice& slice, int flags) {
  std::array<char, 65536> bytes;
  const ssize_t got =
      pread(slice.fd, bytes.data(), std::min(slice.length, bytes.size()), static_cast<off_t>(slice.offset));
  if (got <= 0) return got;
  return send(socket, bytes.data(), static_cast<size_t>(got), flags);
}
#endif

ssize_t Receive(int socket, std::span<char> into) {
  ssize_t count = 0;
  do {
    count = recv(socket, into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  return count;
}

class SocketReader final : public InputReader {
 public:
  explicit SocketReader(UniqueFd socket) : socket_(std::move(socket)) {}
  Result<size_t> TryRead(std::span<char> into) override {
    const ssize_t count = Receive(socket_.get(), into);
    if (count < 0) return SystemFailure("recv");
    return static_cast<size_t>(count);
  }

 private:
  UniqueFd socket_;
};

}  // namespace

Result<size_t> SocketTransport::TryRead(std::span<char> into) {
  const ssize_t count = Receive(socket_.get(), into);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) waitable_.ReadWouldBlock();
    return SystemFailure("recv");
  }
  // Less than asked for: the socket is drained, and asking again would only cost a call that says EAGAIN.
  if (static_cast<size_t>(count) < into.size()) waitable_.InputDrained();
  return static_cast<size_t>(count);
}

std::shared_ptr<InputReader> SocketTransport::DuplicateInput() {
  UniqueFd duplicate(fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0));
  if (!duplicate.valid()) return nullptr;
  waitable_.NoteStaysOpen();
  return std::make_shared<SocketReader>(std::move(duplicate));
}

Result<size_t> SocketTransport::TryWrite(std::span<const iovec> parts, bool more) {
  size_t asked = 0;
  for (const iovec& part : parts) asked += part.iov_len;
  const int flags = MSG_NOSIGNAL | (more ? kMore : 0);
  if (parts.size() == 1) return Written(send(socket_.get(), parts[0].iov_base, asked, flags), asked, "send");
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  return Written(sendmsg(socket_.get(), &message, flags), asked, "sendmsg");
}

Result<size_t> SocketTransport::TrySendFile(const FileSlice& slice, bool more) {
#if BRILLIANT_LINUX
  // The kernel corks by itself between sendfile calls; `more` needs no flag here.
  static_cast<void>(more);
  auto offset = static_cast<off_t>(slice.offset);
  const ssize_t count = sendfile(socket_.get(), slice.fd, &offset, slice.length);
#else
  const ssize_t count = SendFile(socket_.get(), slice, MSG_NOSIGNAL | (more ? kMore : 0));
#endif
  // A short count may also mean that the file ends here: only EAGAIN says that the socket is full.
  return Written(count, 0, "sendfile");
}

Result<size_t> SocketTransport::Written(ssize_t count, size_t asked, const char* context) {
  if (count < 0) {
    // The socket still counts as writable: whoever waits tries again at once.
    if (errno == EINTR) return Failure(ErrorCode::kWouldBlock, context);
    if (errno == EAGAIN || errno == EWOULDBLOCK) waitable_.WriteWouldBlock();
    return SystemFailure(context);
  }
  if (static_cast<size_t>(count) < asked) waitable_.WriteWouldBlock();
  return static_cast<size_t>(count);
}

void SocketTransport::ShutdownWrite() {
  // Fails only when the connection is gone already.
  static_cast<void>(shutdown(socket_.get(), SHUT_WR));
}

uint64_t SocketTransport::UnsentBytes() {
  int count = 0;
#if BRILLIANT_LINUX
  const int result = ioctl(socket_.get(), SIOCOUTQ, &count);
#elif defined(SO_NWRITE)  // macOS
  socklen_t length = sizeof count;
  const int result = getsockopt(socket_.get(), SOL_SOCKET, SO_NWRITE, &count, &length);
#elif defined(FIONWRITE)  // FreeBSD
  const int result = ioctl(socket_.get(), FIONWRITE, &count);
#else
  const int result = ioctl(socket_.get(), TIOCOUTQ, &count);
#endif
  return result == 0 && count > 0 ? static_cast<uint64_t>(count) : 0;
}

void SocketTransport::TakeMoreAtOnce() {
#ifdef TCP_NOTSENT_LOWAT
  const int bytes_max = kUnsentBytesMaxPrompt;
  static_cast<void>(setsockopt(socket_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes_max, sizeof bytes_max));
#endif
}

void SocketTransport::ResetOnClose() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

}  // namespace brilliant::net
