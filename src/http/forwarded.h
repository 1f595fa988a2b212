// The client as proxies name it: Forwarded (RFC 7239), or X-Forwarded-For with X-Forwarded-Proto. Pure. For requests
// that come from a trusted proxy only: everybody can send such fields.
#ifndef BRILLIANT_HTTP_FORWARDED_H_
#define BRILLIANT_HTTP_FORWARDED_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "base/ip_address.h"
#include "http/request.h"

namespace brilliant::http {

// Which field is believed. Proxies pass on what they don't set, so only the one that the proxy is known to set may be.
enum class ForwardedField : uint8_t { kXForwardedFor, kForwarded };

struct ForwardedClient {
  std::string_view address;  // an IP address in digits, part of the field; empty: nobody is named
  std::string_view scheme;   // "http" or "https", a literal; empty: unknown
  uint16_t port = 0;         // 0: unknown
};

// Each proxy adds, at the end, whom it got the request from. So the client is the last address that isn't `trusted`
// itself; if all are, the first. What stands before something malformed, or before a name without an address
// ("unknown", "_hidden"), proves nothing and is ignored. The scheme: with Forwarded that of the same element, with the
// other the last one of X-Forwarded-Proto.
[[nodiscard]] ForwardedClient ReadForwarded(std::span<const Field> fields, ForwardedField field,
                                            const AddressSet& trusted);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_FORWARDED_H_
