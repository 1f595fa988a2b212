// The conversation of two processes of one server (supervisor and worker, worker and spawner, ...): small messages,
// some of them with descriptors, over a connected pair of stream sockets. Each side owns one ControlChannel. The end of
// input is a message too: the other process is gone.
//
// On the wire a message is a head of 8 bytes (payload length u32, type u8, count of descriptors u8, two zero bytes;
// host byte order, both ends are one machine and one program) and the payload. The descriptors ride on its first byte.
#ifndef BRILLIANT_NET_CONTROL_CHANNEL_H_
#define BRILLIANT_NET_CONTROL_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::net {

enum class ControlType : uint8_t {
  // From a worker or the spawner.
  kReady = 1,   // it accepts connections, or jobs; text: for the log, then, if there is a second line, a warning
  kFailed = 2,  // it could not start; text: the reason, one line
  // From the supervisor.
  kDrain = 16,  // accept what is queued now, close the listeners, finish the requests, end
  kStop = 17,   // end at once: what is in flight is lost
  kLogs =
      18,  // log files were reopened; text: "access", "error" or "access error", one descriptor for each word, in order
  kListener = 19,  // accept on this listener as well; text: its name as in ListenerHandle, one descriptor
  kPeer = 20,      // a channel to the spawner (for a worker) or to a worker (for the spawner), one descriptor
  // From a worker to the spawner, and from there to a keeper.
  kRun =
      32,  // run a script; text: the number of its rule, for a keeper Keeper::JobText; descriptors: lifeline, output,
           // errors and perhaps input
  // From a keeper to the spawner.
  kKeeperIdle = 48,  // it is ready for the next script
};

struct ControlMessage {
  ControlType type = ControlType::kReady;
  std::string text;
  std::vector<UniqueFd> descriptors;
};

// A receiver ignores types it does not know. Not thread-safe: one process, one thread.
class ControlChannel {
 public:
  static constexpr size_t kTextBytesMax = 4096;
  static constexpr size_t kDescriptorsMax = 8;       // in one message
  static constexpr Milliseconds kSendTimeout{1000};  // of a peer that does not read

  // Takes over one end of a connected AF_UNIX stream socket and makes it non-blocking.
  explicit ControlChannel(UniqueFd socket);
  ControlChannel(ControlChannel&&) noexcept = default;
  ControlChannel& operator=(ControlChannel&&) noexcept = default;

  // Two connected ends, close-on-exec and non-blocking.
  [[nodiscard]] static Result<std::pair<UniqueFd, UniqueFd>> MakePair();

  // To be watched for input (edge-triggered is fine: TryReceive until kWouldBlock).
  [[nodiscard]] int fd() const { return socket_.get(); }

  // Sends one whole message; `descriptors` are borrowed, the peer gets duplicates. Text beyond kTextBytesMax is cut
  // off. Waits for a full socket buffer, at most kSendTimeout. Errors: kClosed the peer is gone, kDeadline, kTooLarge
  // too many descriptors.
  [[nodiscard]] Result<void> Send(ControlType type, std::string_view text = {}, std::span<const int> descriptors = {});

  // The same for somebody who may not wait: kUnavailable if the socket buffer is full.
  [[nodiscard]] Result<void> TrySend(ControlType type, std::string_view text, std::span<const int> descriptors);

  // The next whole message, without waiting. Errors: kWouldBlock none yet; kClosed the peer is gone (and every message
  // before its end has been returned); kInvalid the peer does not keep the protocol: treat it as gone.
  [[nodiscard]] Result<ControlMessage> TryReceive();

  // The same, waiting up to `timeout` for it: kDeadline.
  [[nodiscard]] Result<ControlMessage> Receive(Milliseconds timeout);

 private:
  [[nodiscard]] Result<void> SendWithin(Milliseconds patience, std::string_view bytes,
                                        std::span<const int> descriptors);
  [[nodiscard]] bool HasWholeMessage() const;
  [[nodiscard]] Result<ControlMessage> TakeMessage();

  UniqueFd socket_;
  std::string input_;                 // bytes received and not yet returned as messages
  std::deque<UniqueFd> descriptors_;  // received, in order; a message takes as many from the front as its head says
};

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_CONTROL_CHANNEL_H_
