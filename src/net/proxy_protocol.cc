#include "net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/strings.h"

namespace brilliant::net {
namespace {

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr size_t kFixedBytes = 16;  // signature, version and command, family and transport, length

// Both are equal as far as both go.
bool BeginAlike(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  return a.substr(0, common) == b.substr(0, common);
}

// Section 2.1: 0 to 65535 without leading zeros.
bool IsPort(std::string_view text) {
  constexpr uint64_t kPortMax = 65'535;
  if (text.size() > 5 || (text.size() > 1 && text[0] == '0')) return false;
  const std::optional<uint64_t> port = ParseDecimal(text);
  return port && *port <= kPortMax;
}

// What stands behind "TCP4 " or "TCP6 ": addresses and ports of source and destination.
ProxyStatus ParseEndpoints(std::string_view text, bool ipv4, ProxyHeader& header) {
  std::array<std::string_view, 4> words;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    const size_t end = last ? text.size() : text.find(' ');
    if (end == std::string_view::npos) return ProxyStatus::kMalformed;
    words[i] = text.substr(0, end);
    text.remove_prefix(last ? end : end + 1);
  }
  const auto is_address = [&](std::string_view word) {
    return IpAddress::Parse(word).has_value() && (word.find(':') == std::string_view::npos) == ipv4;
  };
  if (!is_address(words[0]) || !is_address(words[1])) return ProxyStatus::kMalformed;
  if (!IsPort(words[2]) || !IsPort(words[3])) return ProxyStatus::kMalformed;
  header.client = ProxyHeader::Client::kIp;
  header.address = *IpAddress::Parse(words[0]);
  header.port = static_cast<uint16_t>(*ParseDecimal(words[2]));
  return ProxyStatus::kDone;
}

ProxyStatus ParseLine(std::string_view input, ProxyHeader& header) {
  const std::string_view bounded = input.substr(0, kProxyLineBytesMax);
  const size_t end = bounded.find_first_of("\r\n");
  if (end != std::string_view::npos && bounded[end] == '\n') return ProxyStatus::kMalformed;
  const bool whole = end != std::string_view::npos && end + 1 < bounded.size();
  if (whole ? bounded[end + 1] != '\n' : bounded.size() == kProxyLineBytesMax) return ProxyStatus::kMalformed;
  if (!whole) return ProxyStatus::kNeedMore;
  header.bytes = end + 2;
  const std::string_view line = bounded.substr(kLineStart.size(), end - kLineStart.size());
  // Section 2.1: what follows UNKNOWN is to be ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return ProxyStatus::kDone;
  const bool ipv4 = line.starts_with("TCP4 ");
  if (!ipv4 && !line.starts_with("TCP6 ")) return ProxyStatus::kMalformed;
  return ParseEndpoints(line.substr(5), ipv4, header);
}

// Section 2.2. The fixed part is there.
ProxyStatus ParseBinary(std::string_view input, ProxyHeader& header) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(input[i]); };
  enum : uint8_t { kLocal = 0x20, kProxy = 0x21 };                                   // version 2 and the command
  enum : uint8_t { kUnspecified = 0x00, kIpv4 = 0x11, kIpv6 = 0x21, kUnix = 0x31 };  // family and stream transport
  const uint8_t command = byte(12);
  const uint8_t family = byte(13);
  const size_t length = static_cast<size_t>(byte(14)) << 8 | byte(15);
  if ((command != kLocal && command != kProxy) || kFixedBytes + length > kProxyHeaderBytesMax) {
    return ProxyStatus::kMalformed;
  }
  size_t address_bytes = 0;
  size_t endpoints_bytes = 0;
  if (command == kProxy && family == kIpv4) {
    address_bytes = 4;
    endpoints_bytes = 2 * (address_bytes + 2);
  } else if (command == kProxy && family == kIpv6) {
    address_bytes = IpAddress::kBytes;
    endpoints_bytes = 2 * (address_bytes + 2);
  } else if (command == kProxy && family == kUnix) {
    constexpr size_t kPathBytes = 108;
    endpoints_bytes = 2 * kPathBytes;
  } else if (command == kProxy && family != kUnspecified) {
    return ProxyStatus::kMalformed;  // datagrams carry no HTTP/1, and other families do not exist
  }
  if (length < endpoints_bytes) return ProxyStatus::kMalformed;
  if (input.size() < kFixedBytes + length) return ProxyStatus::kNeedMore;
  header.bytes = kFixedBytes + length;
  if (address_bytes > 0) {
    header.client = ProxyHeader::Client::kIp;
    header.address = IpAddress::FromBytes(input.substr(kFixedBytes, address_bytes));
    const size_t port = kFixedBytes + 2 * address_bytes;
    header.port = static_cast<uint16_t>(byte(port) << 8 | byte(port + 1));
  } else if (endpoints_bytes > 0) {
    header.client = ProxyHeader::Client::kUnix;
  }
  return ProxyStatus::kDone;
}

}  // namespace

ProxyStatus ParseProxyHeader(std::string_view input, ProxyHeader& header) {
  ProxyHeader parsed;
  ProxyStatus status = ProxyStatus::kMalformed;
  if (BeginAlike(input, kSignature)) {
    status = input.size() < kFixedBytes ? ProxyStatus::kNeedMore : ParseBinary(input, parsed);
  } else if (BeginAlike(input, kLineStart)) {
    status = input.size() < kLineStart.size() ? ProxyStatus::kNeedMore : ParseLine(input, parsed);
  }
  if (status == ProxyStatus::kDone) header = parsed;
  return status;
}

}  // namespace brilliant::net
