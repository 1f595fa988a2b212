// Bytes and descriptors over an AF_UNIX stream socket (SCM_RIGHTS). Knows
// nothing of messages: net/control_channel.h frames them. Used between processes of one server only.
#ifndef BRILLIANT_NET_DESCRIPTOR_PASSING_H_
#define BRILLIANT_NET_DESCRIPTOR_PASSING_H_

#include <cstddef>
#include <deque>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::net {

// In one sendmsg(): far below what Linux takes (253), room for all that a worker is ever handed at once.
inline constexpr size_t kPassedDescriptorsMax = 16;

// Sends a part of `bytes`, at least one, and with its first byte duplicates of all of `descriptors` (borrowed). Returns
// how many bytes went; when it fails, no descriptor went either. Never waits: kWouldBlock. `bytes` must not be empty.
[[nodiscard]] Result<size_t> SendDescriptors(int socket, std::span<const char> bytes, std::span<const int> descriptors);

// Receives up to `into.size()` bytes (0: end of input) and appends the descriptors that came with them, close-on-exec.
// Never waits: kWouldBlock. kTooLarge: more descriptors came than fit, so that some are lost; those that came are
// closed.
[[nodiscard]] Result<size_t> ReceiveDescriptors(int socket, std::span<char> into, std::deque<UniqueFd>& descriptors);

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_DESCRIPTOR_PASSING_H_
