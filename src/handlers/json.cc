#include "handlers/json.h"

#include <cstddef>
#include <cstdint>

#include "log/escape.h"

namespace brilliant::handlers {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void AppendEscape(std::string& json, unsigned code) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  json += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) json += kHexDigits[(code >> shift) & 0xf];
}

// Of a sequence that log::IsUnsafe: at most three bytes, so below U+10000.
unsigned CodePointOf(std::string_view sequence) {
  const auto byte = [sequence](size_t i) { return static_cast<unsigned>(static_cast<uint8_t>(sequence[i])); };
  if (sequence.size() == 1) return byte(0);
  if (sequence.size() == 2) return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
  return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
}

}  // namespace

void AppendJsonString(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const char c = text.front();
    const size_t length = log::SequenceLength(text);
    if (length == 0) {
      json += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, length);
    if (log::IsUnsafe(sequence)) {
      AppendEscape(json, CodePointOf(sequence));
    } else {
      if (c == '"' || c == '\\') json += '\\';
      json += sequence;
    }
    text.remove_prefix(length);
  }
  json += '"';
}

}  // namespace brilliant::handlers
