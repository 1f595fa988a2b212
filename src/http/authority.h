// host [ ":" port ] as in Host fields and request-targets (RFC 3986 section 3.2, RFC 9110 section 7.2). Pure; views
// only.
#ifndef BRILLIANT_HTTP_AUTHORITY_H_
#define BRILLIANT_HTTP_AUTHORITY_H_

#include <cstdint>
#include <expected>
#include <string_view>

#include "http/syntax.h"

namespace brilliant::http {

struct Authority {
  std::string_view host{};  // reg-name (may be empty), IPv4 address or bracketed IP literal; as given
  bool has_port = false;    // there are digits after the colon; "host:" has none
  uint16_t port = 0;
};

// Refuses userinfo, ports above 65535 and whatever is no host. Leading zeros of a port are fine.
[[nodiscard]] std::expected<Authority, SyntaxFault> ParseAuthority(std::string_view text);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_AUTHORITY_H_
