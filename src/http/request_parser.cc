#include "http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "base/check.h"
#include "base/strings.h"
#include "http/authority.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

constexpr char kTlsHandshakeRecord = 0x16;
// The end of a request line; "d" stands for a digit.
constexpr std::string_view kVersionPattern = "HTTP/d.d\r\n";
constexpr size_t kMajorVersion = 5;  // in the pattern
constexpr size_t kMinorVersion = 7;
// Room made at the first request, enough for most: browsers send 10 to 20 fields.
constexpr size_t kFieldsExpected = 24;

bool MatchesVersionPattern(char c, char pattern) { return pattern == 'd' ? IsDigit(c) : c == pattern; }

const char* ReasonForVersionByte(size_t index) {
  if (index == 0) return "malformed HTTP version, or a space in the request target";
  if (index < kVersionPattern.size() - 2) return "malformed HTTP version";
  return "request line that doesn't end with CR LF after the version";
}

const char* ReasonForTargetByte(char c) {
  if (c == '\r' || c == '\n') return "request line without an HTTP version";
  if (c == '#') return "fragment in the request target";
  return "control character in the request target";
}

// The offset after the parameters of a list member: of the next comma outside of quotes, or of the end.
size_t SkipParameters(std::string_view value, size_t at) {
  bool quoted = false;
  for (; at < value.size() && (quoted || value[at] != ','); ++at) {
    if (value[at] == '"') quoted = !quoted;
    if (quoted && value[at] == '\\') ++at;
  }
  return std::min(at, value.size());
}

}  // namespace

RequestParser::RequestParser(const HeadLimits& limits) : limits_(limits) {
  CHECK(limits.head_bytes_max < static_cast<size_t>(std::numeric_limits<int32_t>::max()));
}

void RequestParser::Reset() {
  phase_ = Phase::kLeading;
  empty_lines_ = 0;
  target_classes_ = 0;
  path_is_empty_ = authority_in_target_ = host_seen_ = length_seen_ = false;
  encoding_seen_ = chunked_seen_ = chunked_is_last_ = other_coding_seen_ = continue_expected_ = false;
  position_ = scanned_ = encoding_offset_ = 0;
  method_ = target_ = path_ = query_ = host_ = Span{};
  field_spans_.clear();
  fields_.clear();
  head_ = RequestHead{};
  error_ = RequestError{};
}

ParseStatus RequestParser::Parse(std::string_view buffered) {
  const std::string_view head = buffered.substr(0, limits_.head_bytes_max);
  DCHECK(head.size() >= position_);
  switch (phase_) {
    case Phase::kLeading:
      if (!SkipEmptyLines(head)) break;
      [[fallthrough]];
    case Phase::kMethod:
      if (!ReadMethod(head)) break;
      [[fallthrough]];
    case Phase::kTarget:
      if (!ReadTarget(head)) break;
      [[fallthrough]];
    case Phase::kVersion:
      if (!ReadVersion(head)) break;
      [[fallthrough]];
    case Phase::kFields:
      if (!ReadFields(head)) break;
      [[fallthrough]];
    case Phase::kDone:
      MakeViews(head);
      return ParseStatus::kDone;
    case Phase::kError:
      break;
  }
  if (phase_ != Phase::kError && head.size() < limits_.head_bytes_max) return ParseStatus::kNeedMore;
  if (phase_ != Phase::kError) Refuse(431, head.size(), "request head above the limit");
  MakeRequestLineViews(head);
  return ParseStatus::kError;
}

bool RequestParser::Refuse(int status, size_t offset, const char* reason) {
  phase_ = Phase::kError;
  error_ = RequestError{.status = status, .offset = offset, .reason = reason};
  return false;
}

// ---- The request line, byte by byte: an error shows before the line is complete ----

bool RequestParser::SkipEmptyLines(std::string_view buffered) {
  while (position_ < buffered.size()) {
    const char c = buffered[position_];
    if (IsTokenChar(c)) {
      method_.offset = static_cast<uint32_t>(position_);
      phase_ = Phase::kMethod;
      return true;
    }
    if (c == kTlsHandshakeRecord) return Refuse(400, position_, "TLS handshake on a plain HTTP port");
    if (c == '\n') return Refuse(400, position_, "LF without CR");
    if (c != '\r') return Refuse(400, position_, "first byte that cannot begin a request");
    if (empty_lines_ == kLeadingEmptyLinesMax) return Refuse(400, position_, "empty lines instead of a request line");
    if (position_ + 1 == buffered.size()) return false;
    if (buffered[position_ + 1] != '\n') return Refuse(400, position_, "CR without LF");
    ++empty_lines_;
    position_ += 2;
  }
  return false;
}

bool RequestParser::ReadMethod(std::string_view buffered) {
  while (position_ < buffered.size() && IsTokenChar(buffered[position_])) {
    if (++position_ - method_.offset > kMethodBytesMax) return Refuse(501, method_.offset, "method above the limit");
  }
  if (position_ == buffered.size()) return false;
  if (buffered[position_] != ' ') return Refuse(400, position_, "method that isn't followed by a space and a target");
  method_.size = static_cast<uint32_t>(position_ - method_.offset);
  head_.method = MethodFromName(buffered.substr(method_.offset, method_.size));
  ++position_;
  target_.offset = static_cast<uint32_t>(position_);
  phase_ = Phase::kTarget;
  return true;
}

bool RequestParser::ReadTarget(std::string_view buffered) {
  const size_t end = std::min(buffered.size(), target_.offset + limits_.target_bytes_max + 1);
  uint8_t classes = target_classes_;
  size_t at = position_;
  for (; at < end; ++at) {
    const uint8_t byte_classes = ClassesOf(buffered[at]);
    if ((byte_classes & kTargetChar) == 0) break;
    classes |= byte_classes;
  }
  position_ = at;
  target_classes_ = classes;
  if (at - target_.offset > limits_.target_bytes_max) {
    return Refuse(414, target_.offset, "request target above the limit");
  }
  if (at == buffered.size()) return false;
  if (buffered[at] != ' ') return Refuse(400, at, ReasonForTargetByte(buffered[at]));
  if (at == target_.offset) return Refuse(400, at, "empty request target");
  target_.size = static_cast<uint32_t>(at - target_.offset);
  ++position_;
  phase_ = Phase::kVersion;
  return true;
}

bool RequestParser::ReadVersion(std::string_view buffered) {
  const size_t version = target_.offset + target_.size + 1;
  const size_t end = version + kVersionPattern.size();
  for (; position_ < std::min(end, buffered.size()); ++position_) {
    const size_t index = position_ - version;
    if (!MatchesVersionPattern(buffered[position_], kVersionPattern[index])) {
      return Refuse(400, position_, ReasonForVersionByte(index));
    }
    if (index == kMinorVersion && buffered[version + kMajorVersion] != '1') {
      return Refuse(505, version, "This server speaks HTTP/1.1 and HTTP/1.0 only.");
    }
  }
  if (position_ < end) return false;
  head_.version_minor = buffered[version + kMinorVersion] - '0';
  if (!AnalyseTarget(buffered)) return false;
  field_spans_.reserve(std::min(kFieldsExpected, limits_.fields_max));
  phase_ = Phase::kFields;
  return true;
}

// ---- The request-target, RFC 9112 section 3.2 ----

bool RequestParser::AnalyseTarget(std::string_view buffered) {
  const std::string_view target = buffered.substr(target_.offset, target_.size);
  head_.target_needs_encoding = (target_classes_ & kRawTargetChar) != 0;
  if ((target_classes_ & kPercentChar) != 0) {
    const size_t bad = FindBadPercent(target);
    if (bad != std::string_view::npos) {
      return Refuse(400, target_.offset + bad, "malformed percent-encoding in the request target");
    }
  }
  if (head_.method == Method::kConnect) return AnalyseAuthorityForm(buffered);
  if (target.front() == '/') {
    head_.form = TargetForm::kOrigin;
    SplitPathAndQuery(buffered, target_.offset);
    return true;
  }
  if (target != "*") return AnalyseAbsoluteForm(buffered);
  head_.form = TargetForm::kAsterisk;
  // TRACE is refused as a method (405), whatever it is for.
  if (head_.method == Method::kOptions || head_.method == Method::kTrace) return true;
  return Refuse(400, target_.offset, "asterisk-form with a method other than OPTIONS");
}

void RequestParser::SplitPathAndQuery(std::string_view buffered, size_t begin) {
  const size_t end = target_.offset + target_.size;
  const size_t question_mark = std::min(buffered.substr(0, end).find('?', begin), end);
  path_ = {static_cast<uint32_t>(begin), static_cast<uint32_t>(question_mark - begin)};
  path_is_empty_ = path_.size == 0;
  head_.has_query = question_mark < end;
  if (!head_.has_query) return;
  query_ = {static_cast<uint32_t>(question_mark + 1), static_cast<uint32_t>(end - question_mark - 1)};
}

bool RequestParser::AnalyseAbsoluteForm(std::string_view buffered) {
  const std::string_view target = buffered.substr(target_.offset, target_.size);
  const size_t colon = target.find(':');
  const std::string_view scheme = target.substr(0, colon);
  // Targets of other schemes are nothing an origin server has, and this one is no proxy.
  head_.target_is_https = EqualsIgnoreCase(scheme, "https");
  const bool is_http = head_.target_is_https || EqualsIgnoreCase(scheme, "http");
  if (!is_http || target.substr(colon + 1, 2) != "//") {
    return Refuse(400, target_.offset, "request target that is neither a path nor an http or https URI");
  }
  const size_t authority_begin = colon + 3;
  const size_t authority_end = std::min(target.find_first_of("/?", authority_begin), target.size());
  const auto authority = ParseAuthority(target.substr(authority_begin, authority_end - authority_begin));
  const size_t offset = target_.offset + authority_begin;
  if (!authority) return Refuse(400, offset + authority.error().offset, authority.error().reason);
  if (authority->host.empty()) return Refuse(400, offset, "request target without a host");

  head_.form = TargetForm::kAbsolute;
  host_ = {static_cast<uint32_t>(offset), static_cast<uint32_t>(authority->host.size())};
  head_.port = authority->port;
  authority_in_target_ = true;
  SplitPathAndQuery(buffered, target_.offset + authority_end);
  return true;
}

bool RequestParser::AnalyseAuthorityForm(std::string_view buffered) {
  const auto authority = ParseAuthority(buffered.substr(target_.offset, target_.size));
  if (!authority) return Refuse(400, target_.offset + authority.error().offset, authority.error().reason);
  if (authority->host.empty() || !authority->has_port) {
    return Refuse(400, target_.offset, "CONNECT without host and port");
  }
  head_.form = TargetForm::kAuthority;
  host_ = {target_.offset, static_cast<uint32_t>(authority->host.size())};
  head_.port = authority->port;
  authority_in_target_ = true;
  return true;
}

// ---- Field lines, RFC 9112 section 5 ----

bool RequestParser::ReadFields(std::string_view buffered) {
  while (position_ < buffered.size()) {
    if (field_spans_.size() == limits_.fields_max && buffered[position_] != '\r') {
      return Refuse(431, position_, "more fields than the limit");
    }
    const size_t from = std::max(position_, scanned_);
    const size_t line_feed = buffered.find('\n', from);
    if (line_feed == std::string_view::npos) {
      scanned_ = buffered.size();
      return false;
    }
    if (line_feed == position_ + 1 && buffered[position_] == '\r') {
      if (!FinishHead()) return false;
      position_ = line_feed + 1;
      phase_ = Phase::kDone;
      return true;
    }
    if (!ReadFieldLine(buffered, line_feed)) return false;
    position_ = line_feed + 1;
  }
  return false;
}

bool RequestParser::ReadFieldLine(std::string_view buffered, size_t line_end) {
  const auto parts = SplitFieldLine(buffered.substr(position_, line_end - position_));
  if (!parts) return Refuse(400, position_ + parts.error().offset, parts.error().reason);
  const FieldSpan field{
      .name = {static_cast<uint32_t>(position_), static_cast<uint32_t>(parts->name_size)},
      .value = {static_cast<uint32_t>(position_ + parts->value_begin),
                static_cast<uint32_t>(parts->value_end - parts->value_begin)},
  };
  field_spans_.push_back(field);
  return ReadKnownField(buffered, field);
}

bool RequestParser::ReadKnownField(std::string_view buffered, const FieldSpan& field) {
  const std::string_view name = buffered.substr(field.name.offset, field.name.size);
  switch (name.size()) {
    case 4:
      return !EqualsIgnoreCase(name, "host") || ReadHost(buffered, field.value);
    case 6:
      return !EqualsIgnoreCase(name, "expect") || ReadExpect(buffered, field.value);
    case 10:
      if (EqualsIgnoreCase(name, "connection")) ReadConnection(buffered.substr(field.value.offset, field.value.size));
      return true;
    case 14:
      return !EqualsIgnoreCase(name, "content-length") || ReadContentLength(buffered, field.value);
    case 17:
      return !EqualsIgnoreCase(name, "transfer-encoding") || ReadTransferEncoding(buffered, field.value);
    default:
      return true;
  }
}

// RFC 9112 section 3.2: any request with more than one Host line or an invalid value is answered 400.
bool RequestParser::ReadHost(std::string_view buffered, Span value) {
  if (host_seen_) return Refuse(400, value.offset, "more than one Host field");
  host_seen_ = true;
  const auto authority = ParseAuthority(buffered.substr(value.offset, value.size));
  if (!authority) return Refuse(400, value.offset + authority.error().offset, authority.error().reason);
  if (authority_in_target_) return true;
  // RFC 9110 section 4.2.1: there is no http URI without a host.
  if (authority->host.empty()) return Refuse(400, value.offset, "empty host");
  host_ = {value.offset, static_cast<uint32_t>(authority->host.size())};
  head_.port = authority->port;
  return true;
}

bool RequestParser::ReadContentLength(std::string_view buffered, Span value) {
  if (encoding_seen_) return Refuse(400, value.offset, "Content-Length together with Transfer-Encoding");
  const std::string_view text = buffered.substr(value.offset, value.size);
  if (text.empty()) return Refuse(400, value.offset, "empty Content-Length");
  ListReader members(text);
  std::string_view member;
  while (members.Next(member)) {
    const std::optional<uint64_t> length = ParseDecimal(member);
    if (!length) return Refuse(400, value.offset, "Content-Length that is no number below 2^63");
    if (length_seen_ && *length != head_.content_length) {
      return Refuse(400, value.offset, "Content-Length values that differ");
    }
    length_seen_ = true;
    head_.content_length = *length;
  }
  return true;
}

bool RequestParser::ReadTransferEncoding(std::string_view buffered, Span value) {
  if (length_seen_) return Refuse(400, value.offset, "Transfer-Encoding together with Content-Length");
  if (head_.version_minor == 0) return Refuse(400, value.offset, "Transfer-Encoding in an HTTP/1.0 request");
  encoding_seen_ = true;
  encoding_offset_ = value.offset;
  const std::string_view text = buffered.substr(value.offset, value.size);
  size_t at = 0;
  do {
    while (at < text.size() && IsBlank(text[at])) ++at;
    const size_t begin = at;
    while (at < text.size() && IsTokenChar(text[at])) ++at;
    const std::string_view coding = text.substr(begin, at - begin);
    while (at < text.size() && IsBlank(text[at])) ++at;
    const bool at_end = at == text.size() || text[at] == ',';
    if (coding.empty() && at_end) continue;  // RFC 9110 section 5.6.1.2: empty members are ignored
    const bool has_parameters = !at_end && text[at] == ';';
    if (has_parameters) at = SkipParameters(text, at);
    if (coding.empty() || (at < text.size() && text[at] != ',')) {
      return Refuse(400, value.offset + at, "malformed Transfer-Encoding");
    }
    if (!ReadTransferCoding(coding, has_parameters, value.offset + begin)) return false;
  } while (at++ < text.size());
  return true;
}

bool RequestParser::ReadTransferCoding(std::string_view coding, bool has_parameters, size_t offset) {
  chunked_is_last_ = EqualsIgnoreCase(coding, "chunked");
  if (!chunked_is_last_) {
    other_coding_seen_ = true;
    return true;
  }
  if (has_parameters) return Refuse(400, offset, "parameters on the chunked coding");
  if (chunked_seen_) return Refuse(400, offset, "chunked coding applied twice");
  chunked_seen_ = true;
  return true;
}

bool RequestParser::ReadExpect(std::string_view buffered, Span value) {
  // RFC 9110 section 10.1.1: expectations of HTTP/1.0 clients are ignored.
  if (head_.version_minor == 0) return true;
  ListReader members(buffered.substr(value.offset, value.size));
  std::string_view member;
  while (members.Next(member)) {
    if (member.empty()) continue;
    if (!EqualsIgnoreCase(member, "100-continue"))
      return Refuse(417, value.offset, "expectation other than 100-continue");
    continue_expected_ = true;
  }
  return true;
}

void RequestParser::ReadConnection(std::string_view value) {
  ListReader members(value);
  std::string_view member;
  while (members.Next(member)) {
    if (EqualsIgnoreCase(member, "close")) head_.connection_close = true;
    if (EqualsIgnoreCase(member, "keep-alive")) head_.connection_keep_alive = true;
  }
}

// ---- The head as a whole ----

bool RequestParser::FinishHead() {
  if (!host_seen_ && head_.version_minor > 0) return Refuse(400, position_, "HTTP/1.1 request without a Host field");
  // RFC 9112 section 6.3, item 4: without chunked as the last coding, the end of the content can't be known.
  if (encoding_seen_ && !chunked_is_last_)
    return Refuse(400, encoding_offset_, "transfer coding that doesn't end with chunked");
  if (other_coding_seen_) return Refuse(501, encoding_offset_, "transfer coding other than chunked");
  if (encoding_seen_) {
    head_.framing = Framing::kChunked;
  } else if (length_seen_) {
    head_.framing = Framing::kLength;
  }
  const bool content_announced = encoding_seen_ || head_.content_length > 0;
  head_.expects_continue = continue_expected_ && content_announced;
  return true;
}

void RequestParser::MakeRequestLineViews(std::string_view buffered) {
  head_.method_name = buffered.substr(method_.offset, method_.size);
  head_.target = buffered.substr(target_.offset, target_.size);
}

void RequestParser::MakeViews(std::string_view buffered) {
  const auto view = [buffered](Span span) { return std::string_view(buffered.data() + span.offset, span.size); };
  MakeRequestLineViews(buffered);
  head_.path = path_is_empty_ ? std::string_view("/") : view(path_);
  head_.query = view(query_);
  head_.host = view(host_);
  fields_.resize(field_spans_.size());
  for (size_t i = 0; i < fields_.size(); ++i) {
    fields_[i] = Field{.name = view(field_spans_[i].name), .value = view(field_spans_[i].value)};
  }
  head_.fields = fields_;
}

}  // namespace brilliant::http
