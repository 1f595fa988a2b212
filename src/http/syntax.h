// The character classes of RFC 9110 and RFC 3986 as one table, and the syntax that header and trailer sections share.
// For the files of http/, and of cgi/, whose syntax builds on the same classes; pure.
#ifndef BRILLIANT_HTTP_SYNTAX_H_
#define BRILLIANT_HTTP_SYNTAX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/strings.h"

namespace brilliant::http {

enum CharClass : uint8_t {
  kTokenChar = 1,      // RFC 9110 section 5.6.2, tchar
  kValueChar = 2,      // RFC 9110 section 5.5: VCHAR, obs-text, SP, HTAB
  kTargetChar = 4,     // accepted in a request-target: all but controls, SP, "#" and DEL
  kRawTargetChar = 8,  // of those, the ones no browser or library leaves unencoded: quotes, angle brackets, raw bytes
  kPercentChar = 16,   // "%"
  kRegNameChar = 32,   // RFC 3986 section 3.2.2, reg-name but for "%"
  kPathChar = 64,      // RFC 3986 section 3.3: pchar but for "%", and "/"
};

namespace internal {

consteval std::array<uint8_t, 256> MakeCharClasses() {
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
  constexpr std::string_view kUnreservedMarks = "-._~";
  constexpr std::string_view kSubDelims = "!$&'()*+,;=";
  std::array<uint8_t, 256> classes{};
  for (unsigned i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool alphanumeric = i < 128 && (IsAlpha(c) || IsDigit(c));
    const bool visible = i > 0x20 && i < 0x7f;
    const bool reg_name = alphanumeric || (visible && (kUnreservedMarks.contains(c) || kSubDelims.contains(c)));
    unsigned bits = 0;
    if (alphanumeric || (visible && kTokenMarks.contains(c))) bits |= kTokenChar;
    if (visible || i >= 0x80 || c == ' ' || c == '\t') bits |= kValueChar;
    if ((visible && c != '#') || i >= 0x80) bits |= kTargetChar;
    if (i >= 0x80 || c == '"' || c == '<' || c == '>') bits |= kRawTargetChar;
    if (c == '%') bits |= kPercentChar;
    if (reg_name) bits |= kRegNameChar;
    if (reg_name || c == ':' || c == '@' || c == '/') bits |= kPathChar;
    classes[i] = static_cast<uint8_t>(bits);
  }
  return classes;
}

inline constexpr std::array<uint8_t, 256> kCharClasses = MakeCharClasses();

}  // namespace internal

[[nodiscard]] constexpr uint8_t ClassesOf(char c) { return internal::kCharClasses[static_cast<unsigned char>(c)]; }
[[nodiscard]] constexpr bool IsTokenChar(char c) { return (ClassesOf(c) & kTokenChar) != 0; }
[[nodiscard]] constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// A precise refusal: what is wrong, and where in the text that was looked at.
struct SyntaxFault {
  size_t offset = 0;
  const char* reason = "";  // a string literal
};

// The offset of the first byte that may not stand in a field value; npos if there is none.
[[nodiscard]] size_t FindBadValueByte(std::string_view value);

// The offset of the first "%" without two hexadecimal digits after it; npos if there is none.
[[nodiscard]] size_t FindBadPercent(std::string_view text);

// Where name and value of a field line are, as offsets.
struct FieldLineParts {
  size_t name_size = 0;  // the name begins the line
  size_t value_begin = 0;
  size_t value_end = 0;
};

// `line` goes up to, not including, the LF; it must end with CR (RFC 9112 sections 2.2 and 5).
[[nodiscard]] std::expected<FieldLineParts, SyntaxFault> SplitFieldLine(std::string_view line);

// Reads the members of a comma-separated list in order, without the blanks around them; a member may be empty. An empty
// value has no members. For lists whose members hold no quoted strings.
class ListReader {
 public:
  explicit ListReader(std::string_view value) : rest_(value), more_(!value.empty()) {}
  // False at the end.
  [[nodiscard]] bool Next(std::string_view& member);

 private:
  std::string_view rest_;
  bool more_;
};

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_SYNTAX_H_
