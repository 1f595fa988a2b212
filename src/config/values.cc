#include "config/values.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/strings.h"
#include "cgi/environment.h"
#include "cgi/meta_variables.h"
#include "config/text.h"
#include "http/cross_site.h"

namespace brilliant::config {
namespace {

std::unexpected<ValueError> Wrong(std::string message, std::string hint = {}) {
  return std::unexpected(ValueError{std::move(message), std::move(hint)});
}

constexpr bool IsTokenByte(char c) {
  return IsAlpha(c) || IsDigit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// A number and the letters behind it.
struct Quantity {
  std::string_view digits;
  std::string unit;  // in lower case
};

Quantity SplitUnit(std::string_view text) {
  const auto is_not_digit = [](char c) { return !IsDigit(c); };
  const auto end = std::find_if(text.begin(), text.end(), is_not_digit);
  const size_t digits = static_cast<size_t>(end - text.begin());
  return {text.substr(0, digits), ToLower(text.substr(digits, 8))};
}

bool IsHostByte(char c) { return IsAlpha(c) || IsDigit(c) || c == '-' || c == '_' || c == '.'; }

bool IsIpv6Literal(const std::string& text) {
  in6_addr address{};
  if (!text.starts_with('[') || !text.ends_with(']')) return false;
  return inet_pton(AF_INET6, text.substr(1, text.size() - 2).c_str(), &address) == 1;
}

// Why a server name is none, for the mistakes people make.
ValueError ServerNameError(std::string_view text) {
  const std::string quoted = Quoted(text);
  if (text == "*") {
    return {"\"*\" alone is no server name", "the first server of an address answers every other name: leave it out"};
  }
  if (text.starts_with('~')) return {"server names are not regular expressions", "write \"*.example.com\""};
  if (text.find("://") != std::string_view::npos || text.find('/') != std::string_view::npos) {
    return {quoted + " is an address, not a name", "write only the host, without http:// and path"};
  }
  if (text.find('*') != std::string_view::npos) {
    return {quoted + ": \"*\" may only stand at the beginning, before a dot", "write \"*.example.com\""};
  }
  if (text.find(':') != std::string_view::npos) return {quoted + " has a port in it", "the port belongs in listen"};
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) return {quoted + " is not in ASCII", "write its \"xn--\" form, as browsers send it"};
  return {quoted + " is no host name", "letters, digits, \"-\", \"_\" and dots between them"};
}

}  // namespace

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte); }

Parsed<bool> ParseSwitch(std::string_view text) {
  if (text == "on") return true;
  if (text == "off") return false;
  const std::string lower = ToLower(text.substr(0, 8));
  std::string hint;
  if (lower == "true" || lower == "yes" || lower == "1" || lower == "on") hint = "write \"on\"";
  if (lower == "false" || lower == "no" || lower == "0" || lower == "off") hint = "write \"off\"";
  return Wrong(fmt::format("{} is neither \"on\" nor \"off\"", Quoted(text)), hint);
}

Parsed<uint64_t> ParseCount(std::string_view text, uint64_t least, uint64_t most) {
  const std::optional<uint64_t> value = ParseDecimal(text);
  if (!value && !std::all_of(text.begin(), text.end(), IsDigit)) {
    return Wrong(fmt::format("{} is not a number", Quoted(text)), fmt::format("a number from {} to {}", least, most));
  }
  if (!value || *value < least || *value > most) {
    return Wrong(fmt::format("{} is out of range", Quoted(text)), fmt::format("a number from {} to {}", least, most));
  }
  return *value;
}

Parsed<uint64_t> ParseSize(std::string_view text) {
  const Quantity quantity = SplitUnit(text);
  constexpr std::string_view kUnits = "kmg";
  const size_t unit = quantity.unit.size() == 1 ? kUnits.find(quantity.unit[0]) : std::string_view::npos;
  if (quantity.digits.empty() || (unit == std::string_view::npos && !quantity.unit.empty())) {
    const bool longer = !quantity.digits.empty() && kUnits.find(quantity.unit[0]) != std::string_view::npos;
    const std::string hint = longer ? fmt::format("write \"{}{}\"", Printable(quantity.digits), quantity.unit[0])
                                    : "a number of bytes, or one with k, m or g: \"64k\", \"10m\", \"2g\"";
    return Wrong(fmt::format("{} is not a size", Quoted(text)), hint);
  }
  const unsigned shift = quantity.unit.empty() ? 0 : 10 * (static_cast<unsigned>(unit) + 1);
  const std::optional<uint64_t> value = ParseDecimal(quantity.digits);
  if (!value || *value > kSizeMax >> shift) return Wrong(fmt::format("{} is larger than 2^63-1 bytes", Quoted(text)));
  return *value << shift;
}

Parsed<uint64_t> ParseBodyMax(std::string_view text) {
  Parsed<uint64_t> size = ParseSize(text);
  const bool plain = std::all_of(text.begin(), text.end(), IsDigit);
  if (!size || !plain || *size <= kPlainBodyMax) return size;
  const uint64_t gigabytes = (*size >> 30) + ((*size & ((1ULL << 30) - 1)) != 0 ? 1 : 0);
  return Wrong(fmt::format("a number without unit may be {} at most", kPlainBodyMax),
               fmt::format("write \"{}g\"", gigabytes));
}

Parsed<Milliseconds> ParseTime(std::string_view text, Milliseconds least) {
  struct Unit {
    std::string_view name;
    int64_t milliseconds;
  };
  constexpr std::array<Unit, 5> kUnits = {{{"", 1'000}, {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
  const Quantity quantity = SplitUnit(text);
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == quantity.unit; });
  if (quantity.digits.empty() || unit == kUnits.end()) {
    const std::string hint =
        quantity.unit == "d" ? "write it in hours" : "a number with ms, s, m or h: \"500ms\", \"30s\", \"5m\", \"1h\"";
    return Wrong(fmt::format("{} is not a time", Quoted(text)), hint);
  }
  const std::optional<uint64_t> value = ParseDecimal(quantity.digits);
  if (!value || *value > static_cast<uint64_t>(kTimeMax.count() / unit->milliseconds)) {
    return Wrong(fmt::format("{} is too long", Quoted(text)), "8760h, a year, at most");
  }
  const Milliseconds time(static_cast<int64_t>(*value) * unit->milliseconds);
  if (time < least)
    return Wrong(fmt::format("{} is too short", Quoted(text)), fmt::format("{}ms at least", least.count()));
  return time;
}

Parsed<std::string> ParseMediaType(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const bool valid = IsToken(text.substr(0, slash)) && slash < text.size() && IsToken(text.substr(slash + 1));
  if (!valid) return Wrong(fmt::format("{} is not a media type", Quoted(text)), "for example \"text/html\"");
  return ToLower(text);
}

Parsed<std::string> ParseCharset(std::string_view text) {
  if (!IsToken(text))
    return Wrong(fmt::format("{} is not the name of a charset", Quoted(text)), "for example \"utf-8\"");
  return std::string(text);
}

Parsed<http::ContentCoding> ParseFileCoding(std::string_view text) {
  const auto coding = http::CodingFromName(text);
  if (coding && *coding != http::ContentCoding::kIdentity) return *coding;
  return Wrong(fmt::format("{} is not a coding of files", Quoted(text)), "one or more of br, zstd, gzip; or off");
}

Parsed<std::string> ParseServerName(std::string_view text) {
  std::string name = ToLower(text);
  if (name.empty() || IsIpv6Literal(name)) return name;
  std::string_view labels = name;
  if (labels.starts_with("*.")) labels.remove_prefix(1);
  if (labels.starts_with('.')) labels.remove_prefix(1);
  if (labels.ends_with('.')) {
    labels.remove_suffix(1);
    name.pop_back();
  }
  constexpr size_t kNameBytesMax = 253;  // RFC 1035 section 2.3.4, without the root's dot
  const bool bytes = !labels.empty() && std::all_of(labels.begin(), labels.end(), IsHostByte);
  const bool dots = labels.find("..") == std::string_view::npos && !labels.starts_with('.') && !labels.ends_with('.');
  if (!bytes || !dots) return std::unexpected(ServerNameError(text));
  if (labels.size() > kNameBytesMax) return Wrong(fmt::format("a host name of more than {} bytes", kNameBytesMax));
  return name;
}

Parsed<std::string> ParseAllowedOrigin(std::string_view text) {
  if (text == "*" || text == "null") {
    return Wrong(fmt::format("{} would let pages of any site change files", Quoted(text)), "name each origin");
  }
  const std::optional<http::Origin> origin = http::ParseOrigin(text);
  if (origin) {
    const bool default_port = origin->port == (origin->is_https ? 443 : 80);
    return fmt::format("{}://{}{}", origin->is_https ? "https" : "http", ToLower(origin->host),
                       default_port ? "" : fmt::format(":{}", origin->port));
  }
  std::string_view shorter = text;
  while (shorter.ends_with('/')) shorter.remove_suffix(1);
  const std::string with_scheme = fmt::format("https://{}", text);
  std::string hint = "scheme, host and port, for example https://example.com";
  if (http::ParseOrigin(shorter)) hint = fmt::format("write {}", shorter);
  if (http::ParseOrigin(with_scheme)) hint = fmt::format("write {}", with_scheme);
  return Wrong(fmt::format("{} is not an origin", Quoted(text)), hint);
}

Parsed<std::string> ParseLocationPath(std::string_view text) {
  const std::string quoted = Quoted(text);
  if (text == "=" || text == "~" || text == "~*" || text == "^~") {
    return Wrong(fmt::format("a location is a plain path: {} is not known", quoted),
                 "the longest path wins; for scripts write \"cgi .php { }\" in the server block");
  }
  if (!text.starts_with('/')) {
    const bool variable = text.empty() || text.starts_with('~') || text.starts_with('.');
    return Wrong("the path of a location begins with \"/\"",
                 variable ? "" : fmt::format("write \"/{}\"", Printable(text)));
  }
  if (text.find('?') != std::string_view::npos) {
    return Wrong("a location can never match a query", "leave out \"?\" and what follows");
  }
  if (text.find("//") != std::string_view::npos) {
    return Wrong(fmt::format("{} can never match: \"//\" in a request counts as \"/\"", quoted),
                 "write a single \"/\"");
  }
  std::string_view rest = text;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(slash);
    if (segment == "." || segment == "..") {
      return Wrong(fmt::format("{} can never match: {} in a request is resolved first", quoted, Quoted(segment)),
                   "write the path without it");
    }
  }
  std::string path(text);
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Parsed<std::string> ParseRedirectTarget(std::string_view text) {
  if (text.empty())
    return Wrong("the address to redirect to is empty", "for example \"/new\" or \"https://example.com/\"");
  constexpr std::string_view kAllowed = "-._~:/?#[]@!$&'()*+,;=%";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool allowed = IsAlpha(c) || IsDigit(c) || kAllowed.find(c) != std::string_view::npos;
    const bool percent = c != '%' || (i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0);
    if (allowed && percent) continue;
    const Glyph glyph = FirstGlyph(text.substr(i));
    std::string encoded;
    for (const char byte : text.substr(i, glyph.bytes))
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    return Wrong(fmt::format("\"{}\" may not stand in an address", glyph.text), fmt::format("write {}", encoded));
  }
  return std::string(text);
}

Parsed<std::string> ParseScriptExtension(std::string_view text) {
  if (!text.starts_with('.')) {
    return Wrong("cgi in a server block takes a file extension, with its dot",
                 "\".php\"; one program for a whole path is \"cgi PROGRAM\" in a location");
  }
  if (text == ".") return Wrong("\".\" alone is no file extension", "for example \".php\"");
  if (text.find('/') != std::string_view::npos) {
    return Wrong(fmt::format("{} is no file extension: it has a \"/\" in it", Quoted(text)), "for example \".php\"");
  }
  return std::string(text);
}

Parsed<std::string> ParseEnvironmentName(std::string_view text) {
  if (!cgi::IsVariableName(text)) {
    return Wrong(fmt::format("{} is not the name of a variable", Quoted(text)), "letters, digits and _");
  }
  if (cgi::IsComputedVariable(text)) {
    return Wrong(fmt::format("{} comes from the request and can't be set", text), "choose another name");
  }
  return std::string(text);
}

}  // namespace brilliant::config
