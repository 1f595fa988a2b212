#include "net/control_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/platform.h"
#include "net/descriptor_passing.h"

namespace brilliant::net {
namespace {

constexpr size_t kHeadBytes = 8;
constexpr size_t kReadBytes = 4096;

struct Head {
  uint32_t text_bytes = 0;
  uint8_t type = 0;
  uint8_t descriptors = 0;
  uint16_t zero = 0;
};
static_assert(sizeof(Head) == kHeadBytes);

Result<std::string> Encode(ControlType type, std::string_view text, std::span<const int> descriptors) {
  if (descriptors.size() > ControlChannel::kDescriptorsMax) {
    return Failure(ErrorCode::kTooLarge, "descriptors in one message");
  }
  text = text.substr(0, ControlChannel::kTextBytesMax);
  const Head head{.text_bytes = static_cast<uint32_t>(text.size()),
                  .type = static_cast<uint8_t>(type),
                  .descriptors = static_cast<uint8_t>(descriptors.size())};
  std::string bytes(kHeadBytes, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  bytes += text;
  return bytes;
}

Head ParseHead(std::string_view input) {
  Head head;
  std::memcpy(&head, input.data(), sizeof head);
  return head;
}

// Until `fd` is ready for `events`, or the deadline: kDeadline.
Result<void> WaitFor(int fd, short events, MonotonicTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Failure(ErrorCode::kDeadline, "control channel");
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return SystemFailure("poll");
  }
}

void SetFlags(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

}  // namespace

ControlChannel::ControlChannel(UniqueFd socket) : socket_(std::move(socket)) { SetFlags(socket_.get()); }

Result<std::pair<UniqueFd, UniqueFd>> ControlChannel::MakePair() {
  int ends[2] = {-1, -1};
#if BRILLIANT_LINUX
  const int made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
#else
  const int made = socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  for (const int end : ends) SetFlags(end);
#endif
  if (made != 0) return SystemFailure("socketpair");
  return std::pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<void> ControlChannel::Send(ControlType type, std::string_view text, std::span<const int> descriptors) {
  ASSIGN_OR_RETURN(const std::string bytes, Encode(type, text, descriptors));
  return SendWithin(kSendTimeout, bytes, descriptors);
}

Result<void> ControlChannel::TrySend(ControlType type, std::string_view text, std::span<const int> descriptors) {
  ASSIGN_OR_RETURN(const std::string bytes, Encode(type, text, descriptors));
  // A message this short goes whole or not at all.
  const Result<void> sent = SendWithin(Milliseconds(0), bytes, descriptors);
  if (!sent && sent.error().code == ErrorCode::kDeadline) return Failure(ErrorCode::kUnavailable, "control channel");
  return sent;
}

Result<void> ControlChannel::SendWithin(Milliseconds patience, std::string_view bytes,
                                        std::span<const int> descriptors) {
  const MonotonicTime deadline = std::chrono::steady_clock::now() + patience;
  for (std::span<const char> rest(bytes); !rest.empty();) {
    const Result<size_t> sent = SendDescriptors(socket_.get(), rest, descriptors);
    if (sent) {
      rest = rest.subspan(*sent);
      descriptors = {};
    } else if (sent.error().code != ErrorCode::kWouldBlock) {
      return std::unexpected(sent.error());
    } else {
      RETURN_IF_ERROR(WaitFor(socket_.get(), POLLOUT, deadline));
    }
  }
  return {};
}

bool ControlChannel::HasWholeMessage() const {
  return input_.size() >= kHeadBytes && input_.size() - kHeadBytes >= ParseHead(input_).text_bytes;
}

Result<ControlMessage> ControlChannel::TakeMessage() {
  const Head head = ParseHead(input_);
  if (descriptors_.size() < head.descriptors)
    return Failure(ErrorCode::kInvalid, "control message without its descriptors");
  ControlMessage message;
  message.type = static_cast<ControlType>(head.type);
  message.text = input_.substr(kHeadBytes, head.text_bytes);
  for (int i = 0; i < head.descriptors; ++i) {
    message.descriptors.push_back(std::move(descriptors_.front()));
    descriptors_.pop_front();
  }
  input_.erase(0, kHeadBytes + head.text_bytes);
  return message;
}

Result<ControlMessage> ControlChannel::TryReceive() {
  for (;;) {
    if (input_.size() >= kHeadBytes) {
      const Head head = ParseHead(input_);
      if (head.text_bytes > kTextBytesMax || head.descriptors > kDescriptorsMax || head.zero != 0) {
        return Failure(ErrorCode::kInvalid, "control message head");
      }
      if (HasWholeMessage()) return TakeMessage();
    }
    if (descriptors_.size() > 2 * kPassedDescriptorsMax)
      return Failure(ErrorCode::kInvalid, "descriptors without a message");
    char buffer[kReadBytes];
    ASSIGN_OR_RETURN(const size_t received, ReceiveDescriptors(socket_.get(), buffer, descriptors_));
    if (received == 0) return Failure(ErrorCode::kClosed, "control channel");
    input_.append(buffer, received);
  }
}

Result<ControlMessage> ControlChannel::Receive(Milliseconds timeout) {
  const MonotonicTime deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    Result<ControlMessage> message = TryReceive();
    if (message || message.error().code != ErrorCode::kWouldBlock) return message;
    RETURN_IF_ERROR(WaitFor(socket_.get(), POLLIN, deadline));
  }
}

}  // namespace brilliant::net
