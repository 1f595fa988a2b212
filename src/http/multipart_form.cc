#include "http/multipart_form.h"

#include <algorithm>
#include <expected>
#include <utility>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

// RFC 2046 section 5.1.1, bchars; a blank may not be the last.
bool IsBoundary(std::string_view text) {
  static constexpr std::string_view kMarks = "'()+_,-./:=? ";
  if (text.empty() || text.size() > kFormBoundaryBytesMax || text.back() == ' ') return false;
  return std::ranges::all_of(text, [](char c) { return IsAlpha(c) || IsDigit(c) || kMarks.contains(c); });
}

void SkipBlanks(std::string_view& text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
}

std::string_view TakeToken(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && IsTokenChar(text[length])) ++length;
  const std::string_view token = text.substr(0, length);
  text.remove_prefix(length);
  return token;
}

// Behind the opening quote; nothing: there is no closing one. Backslashes: see the header.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  std::string value;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    const bool escapes = c == '\\' && !text.empty() && (text.front() == '"' || text.front() == '\\');
    value += escapes ? text.front() : c;
    if (escapes) text.remove_prefix(1);
  }
  return std::nullopt;
}

struct Parameter {
  std::string_view name;
  std::string value;
  bool quoted = false;
};

// Reads `*( OWS ";" OWS name "=" value )`, all of `text`, one at a time. Nothing at its end and where it is malformed.
class ParameterReader {
 public:
  explicit ParameterReader(std::string_view text) : rest_(text) {}

  std::optional<Parameter> Next() {
    SkipBlanks(rest_);
    if (rest_.empty()) return std::nullopt;
    malformed_ = true;
    if (rest_.front() != ';') return std::nullopt;
    rest_.remove_prefix(1);
    SkipBlanks(rest_);
    Parameter parameter{.name = TakeToken(rest_), .value = {}};
    if (parameter.name.empty() || !rest_.starts_with('=')) return std::nullopt;
    rest_.remove_prefix(1);
    if (rest_.starts_with('"')) {
      rest_.remove_prefix(1);
      std::optional<std::string> value = TakeQuoted(rest_);
      if (!value) return std::nullopt;
      parameter.value = std::move(*value);
      parameter.quoted = true;
    } else {
      parameter.value = TakeToken(rest_);
      if (parameter.value.empty()) return std::nullopt;
    }
    malformed_ = false;
    return parameter;
  }
  // What was read last is no parameter.
  [[nodiscard]] bool malformed() const { return malformed_; }

 private:
  std::string_view rest_;
  bool malformed_ = false;
};

void DecodeQuotes(std::string& value) {
  constexpr std::string_view kQuote = "%22";
  for (size_t at = value.find(kQuote); at != std::string::npos; at = value.find(kQuote, at + 1)) {
    value.replace(at, kQuote.size(), 1, '"');
  }
}

// RFC 7578 section 4.7: these change nothing; what others would mean can't be told from the file.
bool IsPlainEncoding(std::string_view value) {
  return EqualsIgnoreCase(value, "7bit") || EqualsIgnoreCase(value, "8bit") || EqualsIgnoreCase(value, "binary");
}

}  // namespace

bool IsForm(std::string_view content_type) {
  return EqualsIgnoreCase(TrimBlanks(content_type.substr(0, content_type.find(';'))), "multipart/form-data");
}

std::optional<std::string> FormBoundary(std::string_view content_type) {
  if (!IsForm(content_type)) return std::nullopt;
  ParameterReader parameters(content_type.substr(std::min(content_type.find(';'), content_type.size())));
  std::optional<std::string> boundary;
  while (std::optional<Parameter> parameter = parameters.Next()) {
    if (!EqualsIgnoreCase(parameter->name, "boundary")) continue;
    if (boundary || !IsBoundary(parameter->value)) return std::nullopt;
    boundary = std::move(parameter->value);
  }
  return parameters.malformed() ? std::nullopt : boundary;
}

FormParser::Step FormParser::Next(std::string_view input) {
  Step step;
  while (step.event == Event::kNeedMore && !input.empty()) {
    Step next;
    switch (state_) {
      case State::kPreamble:
      case State::kContent:
        next = ReadContent(input);
        break;
      case State::kBehindDelimiter:
        next = ReadBehindDelimiter(input);
        break;
      case State::kHead:
        next = ReadHead(input);
        break;
      case State::kEnd:
        return {.event = Event::kEnd, .consumed = step.consumed, .content = {}};
      case State::kFailed:
        return {.event = Event::kError, .consumed = step.consumed, .content = {}};
    }
    step = {.event = next.event, .consumed = step.consumed + next.consumed, .content = next.content};
    offset_ += next.consumed;
    input.remove_prefix(next.consumed);
  }
  return step;
}

size_t FormParser::MatchMore(std::string_view input) const {
  const std::string_view expected = std::string_view(delimiter_).substr(matched_);
  const size_t length = std::min(expected.size(), input.size());
  return static_cast<size_t>(
      std::mismatch(input.begin(), input.begin() + static_cast<ptrdiff_t>(length), expected.begin()).first -
      input.begin());
}

// What of a delimiter stood at the end of an input is held back without a copy: it is known what it was. A delimiter
// has CR at its beginning only, so that what failed to match never holds the beginning of another.
FormParser::Step FormParser::ReadContent(std::string_view input) {
  const bool is_preamble = state_ == State::kPreamble;
  size_t used = 0;
  while (used < input.size()) {
    const std::string_view rest = input.substr(used);
    if (matched_ == 0) {
      const size_t plain = std::min(rest.find('\r'), rest.size());
      used += plain;
      if (plain == rest.size()) break;
      const size_t more = MatchMore(input.substr(used));
      const bool ends_here = more == delimiter_.size() || used + more == input.size();
      if (!ends_here) {
        used += std::max<size_t>(more, 1);
        continue;
      }
      if (used > 0 && !is_preamble) break;  // what stands before it comes first
      matched_ = more;
      used += more;
    } else {
      const size_t more = MatchMore(rest);
      const bool failed = matched_ + more < delimiter_.size() && more < rest.size();
      if (failed) {
        // `more` bytes of this input are content as well, and come with what is behind them.
        const std::string_view held = std::string_view(delimiter_).substr(0, matched_).substr(borrowed_);
        matched_ = borrowed_ = 0;
        if (is_preamble || held.empty()) continue;
        return {.event = Event::kContent, .consumed = 0, .content = held};
      }
      matched_ += more;
      used += more;
    }
    if (matched_ < delimiter_.size()) continue;
    matched_ = borrowed_ = 0;
    line_.clear();
    state_ = State::kBehindDelimiter;
    break;
  }
  if (is_preamble) {
    preamble_bytes_ += used;
    if (preamble_bytes_ > kFormPreambleBytesMax) return Fail(400, used, "no boundary at the beginning of the form");
    return {.event = Event::kNeedMore, .consumed = used, .content = {}};
  }
  if (state_ == State::kBehindDelimiter) return {.event = Event::kPartEnd, .consumed = used, .content = {}};
  const bool any = used > 0 && matched_ == 0;
  return {.event = any ? Event::kContent : Event::kNeedMore,
          .consumed = used,
          .content = any ? input.substr(0, used) : std::string_view()};
}

// RFC 2046 section 5.1.1: "--" at the end of the form, else blanks and the line's end.
FormParser::Step FormParser::ReadBehindDelimiter(std::string_view input) {
  size_t used = 0;
  while (used < input.size()) {
    const char c = input[used++];
    const bool in_order = line_.empty()          ? IsBlank(c) || c == '-' || c == '\r'
                          : line_ == "-"         ? c == '-'
                          : line_.back() == '\r' ? c == '\n'
                                                 : IsBlank(c) || c == '\r';
    if (!in_order) return Fail(400, used - 1, "a line begins like a boundary, and goes on otherwise");
    line_ += c;
    if (line_ == "--") {
      state_ = State::kEnd;
      return {.event = Event::kEnd, .consumed = used, .content = {}};
    }
    if (line_.size() > kFormPartHeadBytesMax) return Fail(431, used, "too many blanks behind a boundary");
    if (c != '\n') continue;
    if (++parts_ > kFormPartsMax) return Fail(413, used, "too many parts in the form");
    line_.clear();
    head_bytes_ = fields_ = 0;
    has_disposition_ = false;
    part_ = {};
    state_ = State::kHead;
    return {.event = Event::kNeedMore, .consumed = used, .content = {}};
  }
  return {.event = Event::kNeedMore, .consumed = used, .content = {}};
}

FormParser::Step FormParser::ReadHead(std::string_view input) {
  const size_t end = input.find('\n');
  const size_t used = end == std::string_view::npos ? input.size() : end + 1;
  head_bytes_ += used;
  if (head_bytes_ > kFormPartHeadBytesMax) return Fail(431, used, "the head of a part is too large");
  line_ += input.substr(0, used);
  if (end == std::string_view::npos) return {.event = Event::kNeedMore, .consumed = used, .content = {}};
  line_.pop_back();
  if (line_ == "\r") {
    if (!has_disposition_) return Fail(400, used, "a part does not say what it is (Content-Disposition)");
    state_ = State::kContent;
    matched_ = borrowed_ = 2;  // RFC 2046 section 5.1.1: the empty line may belong to the next delimiter
    return {.event = Event::kPart, .consumed = used, .content = {}};
  }
  if (++fields_ > kFormPartFieldsMax) return Fail(431, used, "too many fields in the head of a part");
  const char* const fault = TakeFieldLine(line_);
  if (fault != nullptr) return Fail(400, used, fault);
  line_.clear();
  return {.event = Event::kNeedMore, .consumed = used, .content = {}};
}

// Null, or what is wrong.
const char* FormParser::TakeFieldLine(std::string_view line) {
  const std::expected<FieldLineParts, SyntaxFault> parts = SplitFieldLine(line);
  if (!parts) return parts.error().reason;
  const std::string_view name = line.substr(0, parts->name_size);
  const std::string_view value = line.substr(parts->value_begin, parts->value_end - parts->value_begin);
  if (EqualsIgnoreCase(name, "Content-Disposition")) {
    if (std::exchange(has_disposition_, true)) return "a part has two fields Content-Disposition";
    return TakeDisposition(value);
  }
  if (EqualsIgnoreCase(name, "Content-Transfer-Encoding") && !IsPlainEncoding(value))
    return "a part has a transfer encoding: files are sent as they are";
  return nullptr;
}

// RFC 7578 section 4.2.
const char* FormParser::TakeDisposition(std::string_view value) {
  const std::string_view type = TakeToken(value);
  if (!EqualsIgnoreCase(type, "form-data")) return "a part is no form-data";
  ParameterReader parameters(value);
  bool has_name = false;
  while (std::optional<Parameter> parameter = parameters.Next()) {
    if (parameter->quoted) DecodeQuotes(parameter->value);
    if (EqualsIgnoreCase(parameter->name, "name")) {
      if (std::exchange(has_name, true)) return "a part has two names";
      part_.name = std::move(parameter->value);
    } else if (EqualsIgnoreCase(parameter->name, "filename")) {
      if (part_.file_name) return "a part has two file names";
      part_.file_name = std::move(parameter->value);
    } else if (EqualsIgnoreCase(parameter->name, "filename*")) {
      return "a part has filename*, which forms may not use (RFC 7578)";
    }
  }
  if (parameters.malformed()) return "malformed Content-Disposition in a part";
  return has_name ? nullptr : "a part has no name";
}

FormParser::Step FormParser::Fail(int status, size_t consumed, const char* reason) {
  state_ = State::kFailed;
  error_ = {.status = status, .offset = offset_ + consumed, .reason = reason};
  return {.event = Event::kError, .consumed = consumed, .content = {}};
}

}  // namespace brilliant::http
