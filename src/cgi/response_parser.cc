#include "cgi/response_parser.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::cgi {
namespace {

const char* ReasonForName(std::string_view line, size_t at) {
  if (at == line.size()) return "field line without a colon";
  const char c = line[at];
  if (at == 0 && http::IsBlank(c)) return "line that begins with a blank: CGI has no continued lines";
  if (at == 0 && c == ':') return "field line without a name";
  if (!line.contains(':')) return "line without a colon";
  if (http::IsBlank(c)) return "blank in or after a field name";
  return "character that is not allowed in a field name";
}

const char* ReasonForValueByte(char c) {
  if (c == '\r') return "CR without LF in a field line";
  if (c == '\0') return "NUL in a field line";
  return "control character in a field line";
}

}  // namespace

ResponseParser::ResponseParser(OutputForm form, const OutputLimits& limits) : form_(form), limits_(limits) {}

OutputStep ResponseParser::Next(std::string_view output) {
  CHECK(phase_ != Phase::kDone);
  size_t consumed = 0;
  while (phase_ != Phase::kDone && phase_ != Phase::kError && consumed < output.size()) {
    const size_t room = limits_.head_bytes_max - head_.size();
    const std::string_view rest = output.substr(consumed, room);
    const size_t line_feed = rest.find('\n');
    const std::string_view piece = rest.substr(0, line_feed == std::string_view::npos ? line_feed : line_feed + 1);
    if (piece.empty()) {
      const std::string_view line = std::string_view(head_).substr(line_begin_);
      Refuse(OutputFaultKind::kHeadTooLarge, head_.size(), "head above the limit", line);
      break;
    }
    head_ += piece;
    consumed += piece.size();
    if (!piece.ends_with('\n')) continue;
    std::string_view line = std::string_view(head_).substr(line_begin_);
    line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
    if (!ReadLine(line)) break;
    line_begin_ = head_.size();
    ++line_;
  }
  if (phase_ == Phase::kError) return OutputStep{.status = OutputStatus::kError};
  return OutputStep{.status = phase_ == Phase::kDone ? OutputStatus::kDone : OutputStatus::kNeedMore,
                    .consumed = consumed};
}

void ResponseParser::End() {
  CHECK(phase_ != Phase::kDone);
  if (phase_ == Phase::kError) return;
  const std::string_view line = std::string_view(head_).substr(line_begin_);
  if (head_.empty()) {
    Refuse(OutputFaultKind::kNoOutput, 0, "no output", "");
  } else if (line.empty()) {
    Refuse(OutputFaultKind::kEndInsideHead, head_.size(), "end of the output before the empty line", line);
  } else {
    Refuse(OutputFaultKind::kEndInsideHead, head_.size(), "end of the output inside of a field line", line);
  }
}

bool ResponseParser::Refuse(OutputFaultKind kind, size_t offset, const char* reason, std::string_view line) {
  fault_ = MakeFault(kind, line_, offset, reason, line);
  phase_ = Phase::kError;
  return false;
}

bool ResponseParser::ReadLine(std::string_view line) {
  const bool is_first = phase_ == Phase::kFirstLine;
  phase_ = Phase::kFields;
  // Output with a parsed header may begin like a whole response, too: programs that were made for another kind of
  // gateway print that, and it can't be mistaken for a field.
  if (is_first && (form_ == OutputForm::kNonParsedHeader || LooksLikeStatusLine(line))) return ReadStatusLine(line);
  if (line.empty()) return FinishHead();
  return ReadFieldLine(line);
}

bool ResponseParser::ReadStatusLine(std::string_view line) {
  const auto status = ParseStatusLine(line);
  const bool is_parsed = form_ == OutputForm::kParsedHeader;
  const OutputFaultKind kind = is_parsed ? OutputFaultKind::kBadStatus : OutputFaultKind::kBadStatusLine;
  if (!status) return Refuse(kind, line_begin_, status.error(), line);
  has_status_line_ = true;
  status_line_size_ = line.size();
  return true;
}

// RFC 3875 section 6.3: field-name ":" [ field-value ] NL, on a single line.
bool ResponseParser::ReadFieldLine(std::string_view line) {
  if (field_spans_.size() == limits_.fields_max) {
    return Refuse(OutputFaultKind::kTooManyFields, line_begin_, "more fields than the limit", line);
  }
  size_t colon = 0;
  while (colon < line.size() && http::IsTokenChar(line[colon])) ++colon;
  if (colon == 0 || colon == line.size() || line[colon] != ':') {
    return Refuse(OutputFaultKind::kNotAField, line_begin_ + colon, ReasonForName(line, colon), line);
  }
  const size_t bad = http::FindBadValueByte(line);
  if (bad != std::string_view::npos) {
    return Refuse(OutputFaultKind::kBadValue, line_begin_ + bad, ReasonForValueByte(line[bad]), line);
  }
  field_spans_.push_back(
      FieldSpan{.begin = line_begin_, .end = line_begin_ + line.size(), .name_size = colon, .line = line_});
  return true;
}

bool ResponseParser::FinishHead() {
  if (field_spans_.empty() && !has_status_line_) {
    return Refuse(OutputFaultKind::kNoFields, line_begin_, "empty line where the first field should be", "");
  }
  const std::string_view head = head_;
  std::vector<OutputField> fields;
  fields.reserve(field_spans_.size());
  for (const FieldSpan& span : field_spans_) {
    const std::string_view line = head.substr(span.begin, span.end - span.begin);
    fields.push_back(OutputField{.name = line.substr(0, span.name_size),
                                 .value = TrimBlanks(line.substr(span.name_size + 1)),
                                 .line_text = line,
                                 .line = span.line,
                                 .offset = span.begin});
  }
  OutputHead output{.form = form_, .fields = fields};
  if (has_status_line_) output.status_line = *ParseStatusLine(head.substr(0, status_line_size_));
  auto response = MakeScriptResponse(output);
  if (!response) {
    fault_ = std::move(response.error());
    phase_ = Phase::kError;
    return false;
  }
  response_ = std::move(*response);
  phase_ = Phase::kDone;
  return true;
}

}  // namespace brilliant::cgi
