#include "config/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/strings.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

using Family = ListenAddress::Family;

std::unexpected<ValueError> Wrong(std::string message, std::string hint = {}) {
  return std::unexpected(ValueError{std::move(message), std::move(hint)});
}

bool AllDigits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit); }

// The canonical text of a numeric address, or nothing.
std::optional<std::string> Canonical(int family, std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  char canonical[INET6_ADDRSTRLEN];
  if (inet_pton(family, std::string(text).c_str(), address) != 1) return std::nullopt;
  if (inet_ntop(family, address, canonical, sizeof canonical) == nullptr) return std::nullopt;
  return canonical;
}

Parsed<uint16_t> ParsePort(std::string_view text) {
  constexpr uint64_t kPortMax = 65'535;
  if (!AllDigits(text)) return Wrong(fmt::format("{} is not a port", Quoted(text)), "a number from 1 to 65535");
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  const std::optional<uint64_t> port = ParseDecimal(text.empty() ? "0" : text);
  if (!port || *port == 0 || *port > kPortMax) {
    return Wrong(fmt::format("port {} does not exist", port ? fmt::format("{}", *port) : Printable(text)),
                 "a number from 1 to 65535");
  }
  return static_cast<uint16_t>(*port);
}

Parsed<std::vector<ListenAddress>> ParseIpv6(std::string_view host, uint16_t port) {
  if (host.find('%') != std::string_view::npos)
    return Wrong("an address with a zone can't be listened on", "write [::]");
  const std::optional<std::string> address = Canonical(AF_INET6, host);
  if (!address) return Wrong(fmt::format("{} is not an IPv6 address", Quoted(host)), "for example [::1]:8080");
  if (address->starts_with("::ffff:") && address->find('.') != std::string::npos) {
    return Wrong(fmt::format("{} is an IPv4 address in IPv6 clothes", Quoted(host)),
                 fmt::format("write {}:{}", address->substr(7), port));
  }
  return std::vector{ListenAddress{.family = Family::kIpv6, .host = *address, .port = port, .path = {}}};
}

// Text without a port at its end, or with too many colons.
ValueError MissingPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (text.find('#') != std::string_view::npos) {
    return {fmt::format("{} is not a port or an address with a port", Quoted(text)),
            "a comment needs a blank before its \"#\""};
  }
  if (port.size() > 1 && AllDigits(port) && Canonical(AF_INET6, text.substr(0, colon))) {
    return {"an IPv6 address needs brackets", fmt::format("write [{}]:{}", text.substr(0, colon), port)};
  }
  if (Canonical(AF_INET6, text)) {
    return {"an IPv6 address needs brackets and a port", fmt::format("write [{}]:8080", text)};
  }
  const bool numeric = Canonical(AF_INET, text).has_value();
  if (numeric || text == "*" || text == "localhost") return {"the port is missing", fmt::format("write {}:8080", text)};
  return {fmt::format("{} is not a port or an address with a port", Quoted(text)),
          "for example 8080, 127.0.0.1:8080 or [::1]:8080"};
}

}  // namespace

Parsed<std::vector<ListenAddress>> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  const size_t bracket = text.rfind(']');
  const bool port_only = AllDigits(text);
  if (bracketed && (bracket == std::string_view::npos || colon != bracket + 1)) {
    const bool bare = bracket != std::string_view::npos && bracket + 1 == text.size();
    return Wrong(bare ? "the port is missing" : fmt::format("{} is not an address with a port", Quoted(text)),
                 "for example [::1]:8080");
  }
  const bool several = !bracketed && colon != std::string_view::npos && text.find(':') != colon;
  if (!port_only && (colon == std::string_view::npos || several)) return std::unexpected(MissingPort(text));
  const Parsed<uint16_t> port = ParsePort(port_only ? text : text.substr(colon + 1));
  if (!port) return std::unexpected(port.error());
  if (bracketed) return ParseIpv6(text.substr(1, bracket - 1), *port);

  const std::string_view host = port_only ? "*" : text.substr(0, colon);
  const auto both = [&](const char* ipv4, const char* ipv6) {
    return std::vector{ListenAddress{.family = Family::kIpv4, .host = ipv4, .port = *port, .path = {}},
                       ListenAddress{.family = Family::kIpv6, .host = ipv6, .port = *port, .path = {}}};
  };
  if (host == "*") return both("0.0.0.0", "::");
  if (EqualsIgnoreCase(host, "localhost")) return both("127.0.0.1", "::1");
  if (host.empty()) return Wrong("the address before \":\" is missing", fmt::format("write *:{0}, or only {0}", *port));
  const std::optional<std::string> address = Canonical(AF_INET, host);
  if (!address) {
    return Wrong(
        fmt::format("{} is not a numeric address", Quoted(host)),
        fmt::format("names are not looked up: write the address, as in 127.0.0.1:{0}, or *:{0} for all", *port));
  }
  return std::vector{ListenAddress{.family = Family::kIpv4, .host = *address, .port = *port, .path = {}}};
}

Parsed<AddressBlock> ParseAddressBlock(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const std::optional<IpAddress> address = IpAddress::Parse(host);
  if (!address) {
    return Wrong(fmt::format("{} is not an IP address", Quoted(host)),
                 "for example 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32");
  }
  AddressBlock block{.first = *address};
  if (slash == std::string_view::npos) return block;
  // In the form it is written in: 10.0.0.0/8 has 32 bits.
  const int bits_before = host.find(':') == std::string_view::npos ? IpAddress::kMappedBits : 0;
  const int bits_max = IpAddress::kBits - bits_before;
  const std::string_view digits = text.substr(slash + 1);
  const std::optional<uint64_t> bits = ParseDecimal(digits);
  if (!bits || *bits > static_cast<uint64_t>(bits_max)) {
    return Wrong(fmt::format("{} is not the length of a network", Quoted(digits)),
                 fmt::format("a number of bits from 0 to {}", bits_max));
  }
  block.bits = bits_before + static_cast<int>(*bits);
  block.first = address->Masked(block.bits);
  if (block.first != *address) {
    return Wrong(fmt::format("{} has bits behind the first {}", Quoted(host), *bits),
                 fmt::format("write {}", block.ToString()));
  }
  return block;
}

}  // namespace brilliant::config
