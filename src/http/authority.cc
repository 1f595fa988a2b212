#include "http/authority.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <limits>

namespace brilliant::http {
namespace {

bool IsIpv6Address(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof(terminated)) return false;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  in6_addr address;
  return std::memchr(terminated, '\0', text.size()) == nullptr && inet_pton(AF_INET6, terminated, &address) == 1;
}

// "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool IsFutureAddress(std::string_view text) {
  if (text.empty() || ToLower(text.front()) != 'v') return false;
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  for (const char c : text.substr(1, dot - 1)) {
    if (HexValue(c) < 0) return false;
  }
  for (const char c : text.substr(dot + 1)) {
    if (c != ':' && (ClassesOf(c) & kRegNameChar) == 0) return false;
  }
  return true;
}

std::unexpected<SyntaxFault> Fault(size_t offset, const char* reason) {
  return std::unexpected(SyntaxFault{.offset = offset, .reason = reason});
}

// The size of the host that begins `text`.
std::expected<size_t, SyntaxFault> HostSize(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return Fault(0, "IP literal without a closing bracket");
    const std::string_view literal = text.substr(1, bracket - 1);
    if (!IsIpv6Address(literal) && !IsFutureAddress(literal)) return Fault(1, "malformed IP literal");
    return bracket + 1;
  }
  size_t size = 0;
  while (size < text.size() && (ClassesOf(text[size]) & (kRegNameChar | kPercentChar)) != 0) ++size;
  const size_t bad_percent = FindBadPercent(text.substr(0, size));
  if (bad_percent != std::string_view::npos) return Fault(bad_percent, "malformed percent-encoding in a host name");
  return size;
}

}  // namespace

std::expected<Authority, SyntaxFault> ParseAuthority(std::string_view text) {
  // RFC 9110 section 4.2.4: userinfo in a received reference is an error; it obscures the host.
  const size_t at_sign = text.find('@');
  if (at_sign != std::string_view::npos) return Fault(at_sign, "userinfo in an authority");
  const std::expected<size_t, SyntaxFault> host_size = HostSize(text);
  if (!host_size) return std::unexpected(host_size.error());

  Authority authority{.host = text.substr(0, *host_size)};
  if (*host_size == text.size()) return authority;
  if (text[*host_size] != ':') return Fault(*host_size, "byte that is not allowed in a host name");
  uint32_t port = 0;
  for (size_t i = *host_size + 1; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return Fault(i, "port that is not a number");
    port = port * 10 + static_cast<uint32_t>(text[i] - '0');
    if (port > std::numeric_limits<uint16_t>::max()) return Fault(i, "port above 65535");
    authority.has_port = true;
  }
  authority.port = static_cast<uint16_t>(port);
  return authority;
}

}  // namespace brilliant::http
