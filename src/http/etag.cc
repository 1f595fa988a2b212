#include "http/etag.h"

#include <charconv>

#include "base/check.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

// RFC 9110 section 8.8.3, etagc: visible characters but the quote, and obs-text.
bool IsTagChar(char c) { return c != '"' && !IsBlank(c) && (ClassesOf(c) & kValueChar) != 0; }

// The entity tag that begins `text`; `rest` is what follows it.
std::optional<EntityTag> TakeEntityTag(std::string_view text, std::string_view& rest) {
  EntityTag tag;
  tag.weak = text.starts_with("W/");
  if (tag.weak) text.remove_prefix(2);
  if (!text.starts_with('"')) return std::nullopt;
  text.remove_prefix(1);
  size_t size = 0;
  while (size < text.size() && IsTagChar(text[size])) ++size;
  if (size == text.size() || text[size] != '"') return std::nullopt;
  tag.opaque = text.substr(0, size);
  rest = text.substr(size + 1);
  return tag;
}

void AppendHex(std::string& out, uint64_t value) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value, 16).ptr;
  out.append(digits, end);
}

}  // namespace

std::optional<EntityTag> ParseEntityTag(std::string_view text) {
  std::string_view rest;
  const std::optional<EntityTag> tag = TakeEntityTag(text, rest);
  return rest.empty() ? tag : std::nullopt;
}

std::optional<EntityTag> EntityTagReader::Next() {
  while (!rest_.empty() && (IsBlank(rest_.front()) || rest_.front() == ',')) rest_.remove_prefix(1);
  std::string_view after;
  const std::optional<EntityTag> tag = TakeEntityTag(rest_, after);
  while (!after.empty() && IsBlank(after.front())) after.remove_prefix(1);
  const bool is_member = tag.has_value() && (after.empty() || after.front() == ',');
  rest_ = is_member ? after : std::string_view();
  return is_member ? tag : std::nullopt;
}

std::string MakeEntityTag(int64_t mtime_ns, uint64_t size, std::string_view coding, bool weak) {
  std::string tag = weak ? "W/\"" : "\"";
  AppendHex(tag, static_cast<uint64_t>(mtime_ns));
  tag += '-';
  AppendHex(tag, size);
  if (!coding.empty()) {
    for (const char c : coding) CHECK(IsTokenChar(c));
    tag += '-';
    tag += coding;
  }
  tag += '"';
  return tag;
}

}  // namespace brilliant::http
