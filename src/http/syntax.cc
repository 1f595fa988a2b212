#include "http/syntax.h"

#include <cstring>

namespace brilliant::http {
namespace {

constexpr uint64_t kEveryByte = 0x0101010101010101;

// Is any of the eight bytes below 0x20 or equal to 0x7F? May say yes for a byte next to such a one, never no wrongly.
bool MayHaveControl(uint64_t word) {
  const uint64_t below_space = (word - kEveryByte * 0x20) & ~word;
  const uint64_t delete_is_zero = word ^ (kEveryByte * 0x7f);
  const uint64_t is_delete = (delete_is_zero - kEveryByte) & ~delete_is_zero;
  return ((below_space | is_delete) & (kEveryByte * 0x80)) != 0;
}

size_t FindBadValueByteFrom(std::string_view value, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    if ((ClassesOf(value[i]) & kValueChar) == 0) return i;
  }
  return std::string_view::npos;
}

const char* ReasonForValueByte(char c) {
  if (c == '\r') return "CR without LF in a field line";
  if (c == '\0') return "NUL in a field value";
  return "control character in a field value";
}

SyntaxFault FaultInName(std::string_view line, size_t at) {
  const char c = line[at];
  if (at == 0 && IsBlank(c)) return {at, "field line that begins with a blank (obsolete line folding)"};
  if (at == 0 && c == ':') return {at, "empty field name"};
  if (IsBlank(c)) return {at, "blank in or after a field name"};
  if (c == '\r') return {at, at + 1 == line.size() ? "field line without a colon" : "CR without LF in a field line"};
  return {at, "byte that is not allowed in a field name"};
}

}  // namespace

size_t FindBadValueByte(std::string_view value) {
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= value.size(); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, value.data() + at, sizeof(word));
    if (!MayHaveControl(word)) continue;
    const size_t bad = FindBadValueByteFrom(value, at, at + sizeof(word));
    if (bad != std::string_view::npos) return bad;
  }
  return FindBadValueByteFrom(value, at, value.size());
}

size_t FindBadPercent(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || HexValue(text[at + 1]) < 0 || HexValue(text[at + 2]) < 0) return at;
  }
  return std::string_view::npos;
}

std::expected<FieldLineParts, SyntaxFault> SplitFieldLine(std::string_view line) {
  size_t colon = 0;
  while (colon < line.size() && IsTokenChar(line[colon])) ++colon;
  if (line.empty() || line.back() != '\r') return std::unexpected(SyntaxFault{line.size(), "LF without CR"});
  if (line[colon] != ':' || colon == 0) return std::unexpected(FaultInName(line, colon));

  size_t begin = colon + 1;
  size_t end = line.size() - 1;
  while (begin < end && IsBlank(line[begin])) ++begin;
  while (begin < end && IsBlank(line[end - 1])) --end;
  const size_t bad = FindBadValueByte(line.substr(begin, end - begin));
  if (bad != std::string_view::npos) {
    return std::unexpected(SyntaxFault{begin + bad, ReasonForValueByte(line[begin + bad])});
  }
  return FieldLineParts{.name_size = colon, .value_begin = begin, .value_end = end};
}

bool ListReader::Next(std::string_view& member) {
  if (!more_) return false;
  const size_t comma = rest_.find(',');
  member = TrimBlanks(rest_.substr(0, comma));
  more_ = comma != std::string_view::npos;
  if (more_) rest_.remove_prefix(comma + 1);
  return true;
}

}  // namespace brilliant::http
