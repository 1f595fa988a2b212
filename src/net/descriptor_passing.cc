#include "net/descriptor_passing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/platform.h"

namespace brilliant::net {
namespace {

#if defined(MSG_NOSIGNAL)
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;  // macOS: the process ignores SIGPIPE
#endif

constexpr size_t kControlBytesMax = CMSG_SPACE(sizeof(int) * kPassedDescriptorsMax);

// Takes over every descriptor in `message`, so that none leaks whatever happens afterwards.
void TakeDescriptors(msghdr& message, std::deque<UniqueFd>& into) {
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof fd);
#if !BRILLIANT_LINUX
      fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
      into.emplace_back(fd);
    }
  }
}

}  // namespace

Result<size_t> SendDescriptors(int socket, std::span<const char> bytes, std::span<const int> descriptors) {
  CHECK(!bytes.empty());
  if (descriptors.size() > kPassedDescriptorsMax) return Failure(ErrorCode::kTooLarge, "descriptors in one message");
  iovec data{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) char control[kControlBytesMax] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
  }
  for (;;) {
    const ssize_t sent = sendmsg(socket, &message, kSendFlags);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (errno != EINTR) return SystemFailure("sendmsg");
  }
}

Result<size_t> ReceiveDescriptors(int socket, std::span<char> into, std::deque<UniqueFd>& descriptors) {
  iovec data{.iov_base = into.data(), .iov_len = into.size()};
  alignas(cmsghdr) char control[kControlBytesMax];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
#if BRILLIANT_LINUX
  constexpr int kFlags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
#else
  constexpr int kFlags = MSG_DONTWAIT;
#endif
  ssize_t received = recvmsg(socket, &message, kFlags);
  while (received < 0 && errno == EINTR) received = recvmsg(socket, &message, kFlags);
  if (received < 0) return SystemFailure("recvmsg");
  std::deque<UniqueFd> taken;
  TakeDescriptors(message, taken);
  if ((message.msg_flags & MSG_CTRUNC) != 0) return Failure(ErrorCode::kTooLarge, "descriptors in one message");
  for (UniqueFd& fd : taken) descriptors.push_back(std::move(fd));
  return static_cast<size_t>(received);
}

}  // namespace brilliant::net
