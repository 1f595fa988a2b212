// Small, allocation-free helpers for ASCII text. Nothing here knows of locales: protocol text is bytes.
#ifndef BRILLIANT_BASE_STRINGS_H_
#define BRILLIANT_BASE_STRINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brilliant {

[[nodiscard]] constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// Of ASCII.
[[nodiscard]] constexpr bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
[[nodiscard]] constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// The value of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Equal without regard to ASCII case.
[[nodiscard]] bool EqualsIgnoreCase(std::string_view a, std::string_view b);

[[nodiscard]] std::string ToLower(std::string_view text);

// Removes SP and HTAB (RFC 9110 section 5.6.3, OWS) from both ends.
[[nodiscard]] std::string_view TrimBlanks(std::string_view text);

// One or more decimal digits and nothing else, no sign; nothing if malformed or above 2^63-1.
[[nodiscard]] std::optional<uint64_t> ParseDecimal(std::string_view text);

}  // namespace brilliant

#endif  // BRILLIANT_BASE_STRINGS_H_
