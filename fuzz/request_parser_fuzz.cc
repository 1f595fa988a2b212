// The input is what a client sent. However it is split, the parser must say the same; and it must accept exactly what a
// second, plain reading of RFC 9112 sections 2 to 6 accepts, and read the same in it.
#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/reference.h"
#include "http/request_parser.h"

namespace {

namespace reference = brilliant::http::reference;
using brilliant::http::Field;
using brilliant::http::Framing;
using brilliant::http::HeadLimits;
using brilliant::http::ParseStatus;
using brilliant::http::RequestHead;
using brilliant::http::RequestParser;
using brilliant::http::TargetForm;
using reference::ExactCopy;
using Values = std::vector<std::string_view>;

// Small, so that short inputs reach them.
constexpr HeadLimits kLimits{.head_bytes_max = 1024, .target_bytes_max = 256, .fields_max = 16};

// ---- The plain reading ----

struct Reading {
  RequestHead head;
  std::vector<Field> fields;
  size_t bytes = 0;
};

bool HasBadPercent(std::string_view text) {
  for (size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (!reference::IsEncoded(text, i)) return true;
  }
  return false;
}

bool IsIpLiteral(std::string_view text) {
  in6_addr address;
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1) return text.find('\0') == std::string_view::npos;
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size() || (text[0] != 'v' && text[0] != 'V'))
    return false;
  const auto is_hex = [](char c) { return reference::kHexDigits.contains(c); };
  const auto is_plain = [](char c) { return c == ':' || reference::IsPlainUriChar(c); };
  return std::ranges::all_of(text.substr(1, dot - 1), is_hex) && std::ranges::all_of(text.substr(dot + 1), is_plain);
}

// host [ ":" port ], the host possibly empty.
bool ReadAuthority(std::string_view text, std::string_view& host, std::optional<uint16_t>& port) {
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  host = text.substr(0, text.find(':', bracket));
  const std::string_view digits = text.substr(std::min(host.size() + 1, text.size()));
  if (host.starts_with('[')) {
    if (host.size() != bracket + 1 || !IsIpLiteral(host.substr(1, bracket - 1))) return false;
  } else if (HasBadPercent(host) ||
             !std::ranges::all_of(host, [](char c) { return c == '%' || reference::IsPlainUriChar(c); })) {
    return false;
  }
  port = digits.empty() ? std::nullopt : std::optional<uint16_t>(0);
  uint32_t number = 0;
  for (const char digit : digits) {
    if (!reference::kDigits.contains(digit)) return false;
    number = std::min(number * 10 + static_cast<uint32_t>(digit - '0'), 100'000U);
  }
  if (port) port = static_cast<uint16_t>(number);
  return number <= 65'535;
}

bool ReadTarget(RequestHead& head) {
  const std::string_view target = head.target;
  if (target.empty() || target.size() > kLimits.target_bytes_max || HasBadPercent(target)) return false;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || c == '#' || c == 0x7f) return false;
    if (byte >= 0x80 || c == '"' || c == '<' || c == '>') head.target_needs_encoding = true;
  }
  std::optional<uint16_t> port;
  std::string_view path = target;
  if (head.method_name == "CONNECT") {
    head.form = TargetForm::kAuthority;
    const bool right = ReadAuthority(target, head.host, port) && !head.host.empty() && port.has_value();
    head.port = port.value_or(0);
    return right;
  }
  if (target == "*") {
    head.form = TargetForm::kAsterisk;
    return head.method_name == "OPTIONS" || head.method_name == "TRACE";
  }
  head.form = target.starts_with('/') ? TargetForm::kOrigin : TargetForm::kAbsolute;
  if (head.form == TargetForm::kAbsolute) {
    const std::string lower = reference::LowerCase(target);
    if (!lower.starts_with("http://") && !lower.starts_with("https://")) return false;
    head.target_is_https = lower.starts_with("https");
    const std::string_view rest = target.substr(lower.find("//") + 2);
    const size_t authority_size = std::min(rest.find_first_of("/?"), rest.size());
    if (!ReadAuthority(rest.substr(0, authority_size), head.host, port) || head.host.empty()) return false;
    head.port = port.value_or(0);
    path = rest.substr(authority_size);
  }
  const size_t question_mark = path.find('?');
  head.has_query = question_mark != std::string_view::npos;
  head.path = path.substr(0, question_mark);
  if (head.has_query) head.query = path.substr(question_mark + 1);
  if (head.path.empty()) head.path = "/";
  return true;
}

bool ReadFields(const Values& lines, Reading& reading) {
  if (lines.size() > kLimits.fields_max) return false;
  for (const std::string_view line : lines) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !reference::IsToken(line.substr(0, colon))) return false;
    const std::string_view value = line.substr(colon + 1);
    if (!std::ranges::all_of(value, reference::IsValueChar)) return false;
    reading.fields.push_back({.name = line.substr(0, colon), .value = reference::Trim(value)});
  }
  return true;
}

Values ValuesOf(const Reading& reading, std::string_view name) {
  Values values;
  for (const Field& field : reading.fields) {
    if (reference::LowerCase(field.name) == name) values.push_back(field.value);
  }
  return values;
}

std::vector<std::string> MembersOf(const Values& values) {
  std::vector<std::string> members;
  for (const std::string_view value : values) {
    for (const std::string_view member : reference::Split(value, ",")) {
      members.push_back(reference::LowerCase(reference::Trim(member)));
    }
  }
  return members;
}

bool ReadHost(Reading& reading) {
  const Values hosts = ValuesOf(reading, "host");
  RequestHead& head = reading.head;
  if (hosts.empty()) return head.version_minor == 0;
  std::string_view host;
  std::optional<uint16_t> port;
  if (hosts.size() > 1 || !ReadAuthority(hosts[0], host, port)) return false;
  if (head.form == TargetForm::kAbsolute || head.form == TargetForm::kAuthority) return true;
  head.host = host;
  head.port = port.value_or(0);
  return !host.empty();
}

bool ReadLength(const std::vector<std::string>& members, uint64_t& length) {
  for (size_t i = 0; i < members.size(); ++i) {
    const std::string& member = members[i];
    if (member.empty() || member.find_first_not_of(reference::kDigits) != std::string::npos) return false;
    const std::string significant = member.substr(std::min(member.find_first_not_of('0'), member.size() - 1));
    if (significant.size() > 19 || std::stoull(significant) > INT64_MAX) return false;
    if (i > 0 && length != std::stoull(significant)) return false;
    length = std::stoull(significant);
  }
  return true;
}

bool ReadFraming(Reading& reading) {
  RequestHead& head = reading.head;
  const Values codings = ValuesOf(reading, "transfer-encoding");
  const Values lengths = ValuesOf(reading, "content-length");
  if (!codings.empty()) {
    head.framing = Framing::kChunked;
    std::vector<std::string> members = MembersOf(codings);
    std::erase(members, "");
    return lengths.empty() && members == std::vector<std::string>{"chunked"} && head.version_minor > 0;
  }
  if (lengths.empty()) return true;
  head.framing = Framing::kLength;
  return ReadLength(MembersOf(lengths), head.content_length);
}

bool ReadRest(Reading& reading) {
  RequestHead& head = reading.head;
  for (const std::string& member : MembersOf(ValuesOf(reading, "connection"))) {
    head.connection_close |= member == "close";
    head.connection_keep_alive |= member == "keep-alive";
  }
  if (head.version_minor == 0) return true;
  for (const std::string& member : MembersOf(ValuesOf(reading, "expect"))) {
    if (!member.empty() && member != "100-continue") return false;
    if (!member.empty()) head.expects_continue = head.framing == Framing::kChunked || head.content_length > 0;
  }
  return true;
}

// What the input says, if it is a head that an origin server takes.
std::optional<Reading> Read(std::string_view input) {
  std::string_view rest = input;
  for (size_t i = 0; i < brilliant::http::kLeadingEmptyLinesMax && rest.starts_with("\r\n"); ++i) rest.remove_prefix(2);
  const size_t size = rest.find("\r\n\r\n");
  if (size == std::string_view::npos) return std::nullopt;
  Values lines = reference::Split(rest.substr(0, size), "\r\n");
  const Values words = reference::Split(lines[0], " ");
  if (words.size() != 3 || !reference::IsToken(words[0])) return std::nullopt;
  if (words[0].size() > brilliant::http::kMethodBytesMax || words[2].size() != 8) return std::nullopt;
  if (!words[2].starts_with("HTTP/1.") || !reference::kDigits.contains(words[2][7])) return std::nullopt;
  Reading reading;
  reading.bytes = input.size() - rest.size() + size + 4;
  reading.head.method_name = words[0];
  reading.head.target = words[1];
  reading.head.version_minor = words[2][7] - '0';
  lines.erase(lines.begin());
  if (!ReadTarget(reading.head) || !ReadFields(lines, reading)) return std::nullopt;
  if (!ReadHost(reading) || !ReadFraming(reading) || !ReadRest(reading)) return std::nullopt;
  if (reading.bytes > kLimits.head_bytes_max) return std::nullopt;
  return reading;
}

// ---- Comparing ----

void CheckInside(std::string_view view, std::string_view head) {
  if (view.empty()) return;
  CHECK(view.data() >= head.data() && view.data() + view.size() <= head.data() + head.size());
}

void CheckSame(const RequestHead& head, const RequestHead& expected, std::string_view text) {
  for (const std::string_view view : {head.method_name, head.target, head.query, head.host}) CheckInside(view, text);
  if (head.path != "/") CheckInside(head.path, text);
  CHECK(head.method == brilliant::http::MethodFromName(expected.method_name));
  CHECK(head.method_name == expected.method_name && head.target == expected.target && head.form == expected.form);
  CHECK(head.path == expected.path && head.query == expected.query && head.has_query == expected.has_query);
  CHECK(head.host == expected.host && head.port == expected.port);
  CHECK(head.target_is_https == expected.target_is_https);
  CHECK(head.target_needs_encoding == expected.target_needs_encoding && head.version_minor == expected.version_minor);
  CHECK(head.framing == expected.framing && head.content_length == expected.content_length);
  CHECK(head.expects_continue == expected.expects_continue && head.connection_close == expected.connection_close);
  CHECK(head.connection_keep_alive == expected.connection_keep_alive);
}

void CheckHead(const RequestParser& parser, const Reading& expected, std::string_view buffered) {
  CHECK(parser.head_bytes() == expected.bytes);
  const std::string_view text = buffered.substr(0, expected.bytes);
  CheckSame(parser.head(), expected.head, text);
  CHECK(parser.head().fields.size() == expected.fields.size());
  for (size_t i = 0; i < expected.fields.size(); ++i) {
    const Field& field = parser.head().fields[i];
    CheckInside(field.name, text);
    CheckInside(field.value, text);
    CHECK(field.name == expected.fields[i].name && field.value == expected.fields[i].value);
  }
}

// Parses in pieces of sizes that follow from `seed`; each piece moves the buffer. Compares with the outcome at one go.
void CompareWithSplits(std::string_view input, uint32_t seed, ParseStatus expected, const RequestParser& whole) {
  RequestParser parser(kLimits);
  ParseStatus status = ParseStatus::kNeedMore;
  size_t size = 0;
  while (status == ParseStatus::kNeedMore && size < input.size()) {
    seed = seed * 1'664'525 + 1'013'904'223;
    size = std::min(input.size(), size + 1 + (seed >> 24) % 32 * (seed >> 16 & 1));
    const ExactCopy copy(input.substr(0, size));
    status = parser.Parse(copy.view());
    if (status == ParseStatus::kDone) CheckHead(parser, *Read(copy.view()), copy.view());
  }
  CHECK(status == expected);
  CHECK(parser.started() == whole.started());
  if (status == ParseStatus::kError) {
    CHECK(parser.error().status == whole.error().status);
    CHECK(parser.error().offset == whole.error().offset);
    CHECK(parser.error().reason == whole.error().reason);
  }
}

void CheckError(const RequestParser& parser, std::string_view input) {
  constexpr int kStatuses[] = {400, 414, 417, 431, 501, 505};
  CHECK(std::ranges::count(kStatuses, parser.error().status) == 1);
  CHECK(parser.error().offset <= input.size() && parser.error().reason[0] != '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 2048));
  const ExactCopy copy(input);
  RequestParser whole(kLimits);
  const ParseStatus status = input.empty() ? ParseStatus::kNeedMore : whole.Parse(copy.view());
  const std::optional<Reading> reading = Read(copy.view());
  CHECK(reading.has_value() == (status == ParseStatus::kDone));
  if (reading) CheckHead(whole, *reading, copy.view());
  if (status == ParseStatus::kError) CheckError(whole, input);
  for (const uint32_t seed : {0U, 1U, static_cast<uint32_t>(size)}) CompareWithSplits(input, seed, status, whole);
  return 0;
}
