#include "http/forwarded.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

struct Node {
  std::string_view address;  // empty: it has none
  uint16_t port = 0;
};

// RFC 7239 section 6: a port, or "_" and a name in its place.
bool IsPort(std::string_view text) {
  if (text.starts_with('_')) {
    const auto is_name_char = [](char c) { return IsAlpha(c) || IsDigit(c) || c == '.' || c == '_' || c == '-'; };
    return text.size() > 1 && std::all_of(text.begin(), text.end(), is_name_char);
  }
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), IsDigit);
}

uint16_t PortNumber(std::string_view text) {
  const uint64_t port = ParseDecimal(text).value_or(0);
  return port <= UINT16_MAX ? static_cast<uint16_t>(port) : uint16_t{0};
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80".
Node ReadNode(std::string_view node) {
  std::string_view port;
  if (node.starts_with('[')) {
    const size_t end = node.find(']');
    if (end == std::string_view::npos) return {};
    port = node.substr(end + 1);
    node = node.substr(1, end - 1);
    if (node.find(':') == std::string_view::npos) return {};
  } else if (const size_t colon = node.find(':'); colon != std::string_view::npos && node.rfind(':') == colon) {
    port = node.substr(colon);
    node = node.substr(0, colon);
  }
  if (port.empty()) return {.address = node};
  if (port[0] != ':' || !IsPort(port.substr(1))) return {};
  return {.address = node, .port = PortNumber(port.substr(1))};
}

std::string_view SchemeOf(std::string_view text) {
  if (EqualsIgnoreCase(text, "https")) return "https";
  return EqualsIgnoreCase(text, "http") ? "http" : std::string_view();
}

// Read from the first element to the last, this ends up where reading from the last to the first stops.
class Chain {
 public:
  explicit Chain(const AddressSet& trusted) : trusted_(trusted) {}

  void Add(std::string_view text, std::string_view scheme) {
    const Node node = ReadNode(text);
    std::string_view address = node.address;
    const std::optional<IpAddress> ip = IpAddress::Parse(address);
    if (!ip) address = {};
    // ::ffff:192.0.2.1 is 192.0.2.1, as everywhere.
    if (ip && ip->is_ipv4() && address.contains('.')) address.remove_prefix(address.rfind(':') + 1);
    const bool ends_here = !ip || !trusted_.Contains(*ip);
    if (client_.address.empty() || ends_here) {
      client_ = {.address = address, .scheme = scheme, .port = ip ? node.port : uint16_t{0}};
    }
  }
  // Nothing before this point counts.
  void Break() { client_ = {}; }

  [[nodiscard]] const ForwardedClient& client() const { return client_; }

 private:
  const AddressSet& trusted_;
  ForwardedClient client_;
};

// Takes the text up to the next comma off. Empty elements are none (RFC 9110 section 5.6.1.2).
std::string_view TakeElement(std::string_view& value) {
  const size_t comma = std::min(value.find(','), value.size());
  const std::string_view element = TrimBlanks(value.substr(0, comma));
  value.remove_prefix(std::min(comma + 1, value.size()));
  return element;
}

void ReadList(std::string_view value, Chain& chain) {
  while (!value.empty()) {
    const std::string_view element = TakeElement(value);
    if (!element.empty()) chain.Add(element, {});
  }
}

void SkipBlanks(std::string_view& text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
}

std::string_view TakeToken(std::string_view& text) {
  const auto end = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsTokenChar) - text.begin());
  const std::string_view token = text.substr(0, end);
  text.remove_prefix(end);
  return token;
}

// A token or the inside of a quoted-string, with its backslashes: no address and no scheme has any.
std::optional<std::string_view> TakeValue(std::string_view& text) {
  if (!text.starts_with('"')) {
    const std::string_view token = TakeToken(text);
    return token.empty() ? std::nullopt : std::optional(token);
  }
  size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return std::nullopt;
  const std::string_view value = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return value;
}

// Section 4: forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] ). False: malformed, and so the rest.
bool TakeForwardedElement(std::string_view& text, std::string_view& node, std::string_view& scheme) {
  while (true) {
    SkipBlanks(text);
    if (!text.empty() && text.front() != ';' && text.front() != ',') {
      const std::string_view name = TakeToken(text);
      if (name.empty() || !text.starts_with('=')) return false;
      text.remove_prefix(1);
      const std::optional<std::string_view> value = TakeValue(text);
      if (!value) return false;
      std::string_view* const wanted =
          EqualsIgnoreCase(name, "for") ? &node : (EqualsIgnoreCase(name, "proto") ? &scheme : nullptr);
      // Section 4: each parameter once.
      if (wanted != nullptr && wanted->data() != nullptr) return false;
      if (wanted != nullptr) *wanted = *value;
      SkipBlanks(text);
    }
    if (text.empty() || text.front() == ',') return true;
    if (text.front() != ';') return false;
    text.remove_prefix(1);
  }
}

void ReadForwardedLine(std::string_view value, Chain& chain) {
  while (!value.empty()) {
    std::string_view node;
    std::string_view scheme;
    const std::string_view rest = value;
    if (!TakeForwardedElement(value, node, scheme)) return chain.Break();
    const bool empty = TrimBlanks(rest.substr(0, rest.size() - value.size())).empty();
    if (!empty) chain.Add(node, SchemeOf(scheme));
    if (!value.empty()) value.remove_prefix(1);
  }
}

}  // namespace

ForwardedClient ReadForwarded(std::span<const Field> fields, ForwardedField field, const AddressSet& trusted) {
  const bool standard = field == ForwardedField::kForwarded;
  Chain chain(trusted);
  std::string_view scheme;
  for (const Field& line : fields) {
    if (standard && EqualsIgnoreCase(line.name, "Forwarded")) ReadForwardedLine(line.value, chain);
    if (!standard && EqualsIgnoreCase(line.name, "X-Forwarded-For")) ReadList(line.value, chain);
    if (!standard && EqualsIgnoreCase(line.name, "X-Forwarded-Proto")) {
      scheme = SchemeOf(TrimBlanks(line.value.substr(line.value.rfind(',') + 1)));
    }
  }
  ForwardedClient client = chain.client();
  if (!standard) client.scheme = scheme;
  return client;
}

}  // namespace brilliant::http
