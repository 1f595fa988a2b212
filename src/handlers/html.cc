#include "handlers/html.h"

#include <cstddef>
#include <cstdint>

namespace brilliant::handlers {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the well-formed UTF-8 sequence of two to four bytes that `text` begins with, or 0 (Unicode table 3-7).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t first = byte(0);
  const uint8_t second = byte(1);
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool too_large = first == 0xF4 && second > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

}  // namespace

void AppendHtmlText(std::string& html, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    size_t length = 1;
    if (c == '&') {
      html += "&amp;";
    } else if (c == '<') {
      html += "&lt;";
    } else if (c == '>') {
      html += "&gt;";
    } else if (c == '"') {
      html += "&quot;";
    } else if (c == '\'') {
      html += "&#39;";
    } else if (static_cast<uint8_t>(c) >= 0x80) {
      const size_t sequence = SequenceLength(text);
      if (sequence == 0) {
        html += kReplacement;
      } else {
        html += text.substr(0, sequence);
        length = sequence;
      }
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) {
      html += kReplacement;
    } else {
      html += c;
    }
    text.remove_prefix(length);
  }
}

void AppendHtmlLines(std::string& html, std::string_view text) {
  while (true) {
    const size_t end = text.find('\n');
    AppendHtmlText(html, text.substr(0, end));
    if (end == std::string_view::npos) return;
    html += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace brilliant::handlers
