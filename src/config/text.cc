#include "config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/strings.h"

namespace brilliant::config {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 0: malformed
};

constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

CodePoint DecodeUtf8(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xF0 && lead <= 0xF4  ? 4
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                                                      : 0;
  if (length == 0 || text.size() < length) return {};
  uint32_t value = lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return {};
    value = value << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kLeast[length] || value > 0x10FFFF || surrogate) return {};
  return {value, length};
}

struct Range {
  uint32_t first, last;
};

template <size_t N>
bool Within(uint32_t value, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](Range range) { return value >= range.first && value <= range.last; });
}

// Controls, invisible characters and those that turn the direction of the text.
constexpr std::array<Range, 7> kUnprintable = {
    {{0x00, 0x1F}, {0x7F, 0xA0}, {0xAD, 0xAD}, {0x200B, 0x200F}, {0x2028, 0x202F}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}}};
constexpr std::array<Range, 3> kCombining = {{{0x0300, 0x036F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                         {0x2E80, 0x303E},
                                         {0x3041, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};

}  // namespace

Glyph FirstGlyph(std::string_view text) {
  const CodePoint point = DecodeUtf8(text);
  if (point.bytes == 0) return {fmt::format("\\x{:02X}", static_cast<unsigned char>(text[0])), 1, 4};
  if (Within(point.value, kUnprintable)) {
    std::string escaped =
        point.value < 0x100 ? fmt::format("\\x{:02X}", point.value) : fmt::format("\\u{:04X}", point.value);
    const int width = static_cast<int>(escaped.size());
    return {std::move(escaped), point.bytes, width};
  }
  const int width = Within(point.value, kCombining) ? 0 : Within(point.value, kWide) ? 2 : 1;
  return {std::string(text.substr(0, point.bytes)), point.bytes, width};
}

std::string Printable(std::string_view text, size_t columns_max) {
  std::string result;
  for (size_t columns = 0; !text.empty(); ++columns) {
    if (columns == columns_max) return result + "...";
    const Glyph glyph = FirstGlyph(text);
    result += glyph.text;
    text.remove_prefix(glyph.bytes);
  }
  return result;
}

std::string Quoted(std::string_view text) { return '"' + Printable(text) + '"'; }

int CountColumns(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const size_t bytes = DecodeUtf8(text).bytes;
    text.remove_prefix(std::max<size_t>(bytes, 1));
    ++columns;
  }
  return columns;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  constexpr size_t kBytesMax = 64;
  a = a.substr(0, kBytesMax);
  b = b.substr(0, kBytesMax);
  using Row = std::array<size_t, kBytesMax + 1>;
  Row before{}, previous{}, current{};
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    before = previous;
    previous = current;
  }
  return previous[b.size()];
}

std::string_view NearestName(std::string_view word, std::span<const std::string_view> names) {
  const std::string lower = ToLower(word.substr(0, 64));
  std::string_view nearest;
  size_t least = std::max<size_t>(1, lower.size() / 3) + 1;
  for (const std::string_view name : names) {
    const size_t distance = EditDistance(lower, ToLower(name));
    if (distance >= least || distance >= name.size()) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace brilliant::config
