#include "handlers/html.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "log/escape.h"

namespace brilliant::handlers {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

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
      const size_t sequence = log::SequenceLength(text);
      length = std::max<size_t>(sequence, 1);
      html += sequence == 0 || log::IsUnsafe(text.substr(0, sequence)) ? kReplacement : text.substr(0, sequence);
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
