// For tests and fuzzing: the alphabets and lists of RFC 9110 and RFC 3986, written down a second time, plainly and
// without tables, so that the parsers of this folder can be compared with something that does not share their faults.
#ifndef BRILLIANT_HTTP_REFERENCE_H_
#define BRILLIANT_HTTP_REFERENCE_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace brilliant::http::reference {

// A copy in memory of its exact size: AddressSanitizer sees any byte read beyond it.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    std::ranges::copy(text, bytes_.get());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
inline constexpr std::string_view kAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

inline bool IsAlphanumeric(char c) { return kAlphanumeric.contains(c); }
// RFC 9110 section 5.6.2.
inline bool IsTokenChar(char c) { return IsAlphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c); }
inline bool IsToken(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsTokenChar); }
// RFC 3986 section 2: unreserved and sub-delims.
inline bool IsPlainUriChar(char c) { return IsAlphanumeric(c) || std::string_view("-._~!$&'()*+,;=").contains(c); }
// RFC 9110 section 5.5.
inline bool IsValueChar(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

inline std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

inline std::vector<std::string_view> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
}

// Is there a percent-encoding, "%" and two digits, at `at`?
inline bool IsEncoded(std::string_view text, size_t at) {
  return text.size() >= at + 3 && text[at] == '%' && kHexDigits.contains(text[at + 1]) &&
         kHexDigits.contains(text[at + 2]);
}

// Decoded once; a "%" without its digits stays.
inline std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool encoded = IsEncoded(text, i);
    decoded += encoded ? static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)) : text[i];
    if (encoded) i += 2;
  }
  return decoded;
}

}  // namespace brilliant::http::reference

#endif  // BRILLIANT_HTTP_REFERENCE_H_
