// The PROXY protocol, versions 1 and 2: the lines a proxy puts before a connection's own bytes, to say for whom it
// speaks (haproxy.org/download/2.8/doc/proxy-protocol.txt). Pure. Whoever calls it has made sure that the peer may be
// believed: anybody can write such a header.
#ifndef BRILLIANT_NET_PROXY_PROTOCOL_H_
#define BRILLIANT_NET_PROXY_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ip_address.h"

namespace brilliant::net {

// Section 2.1: the longest line of version 1, with its CR LF.
inline constexpr size_t kProxyLineBytesMax = 107;
// The longest header of version 2, its additions (TLV) included; the protocol has no limit of its own below 64 KiB.
inline constexpr size_t kProxyHeaderBytesMax = 4096;

enum class ProxyStatus : uint8_t { kNeedMore, kDone, kMalformed };

struct ProxyHeader {
  enum class Client : uint8_t {
    kIp,       // `address`
    kUnix,     // somebody on the proxy's machine
    kUnnamed,  // UNKNOWN, LOCAL or UNSPEC: the proxy itself, or it can't say
  };
  Client client = Client::kUnnamed;
  IpAddress address;
  uint16_t port = 0;  // with kIp
  size_t bytes = 0;   // of the header; what follows is the client's
};

// `input`: everything received so far, from the connection's first byte. Fills `header` with kDone only. Strict: what
// the protocol does not allow is kMalformed, at the latest when kProxyHeaderBytesMax bytes are there.
[[nodiscard]] ProxyStatus ParseProxyHeader(std::string_view input, ProxyHeader& header);

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_PROXY_PROTOCOL_H_
