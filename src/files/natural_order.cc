#include "files/natural_order.h"

#include <algorithm>
#include <cstddef>

#include "base/strings.h"

namespace brilliant::files {
namespace {

// Where the digits that begin at `begin` end.
size_t DigitsEnd(std::string_view text, size_t begin) {
  while (begin < text.size() && IsDigit(text[begin])) ++begin;
  return begin;
}

std::string_view WithoutZeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

std::strong_ordering CompareNumbers(std::string_view a, std::string_view b) {
  a = WithoutZeros(a);
  b = WithoutZeros(b);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

// Where the names begin to differ, or the digits that this is in the middle of: folders tend to be full of names that
// begin alike.
size_t AlikeUntil(std::string_view a, std::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  size_t end = 0;
  while (end < size && a[end] == b[end]) ++end;
  while (end > 0 && IsDigit(a[end - 1])) --end;
  return end;
}

}  // namespace

std::strong_ordering CompareNaturally(std::string_view a, std::string_view b) {
  size_t i = AlikeUntil(a, b);
  size_t k = i;
  while (i < a.size() && k < b.size()) {
    if (IsDigit(a[i]) && IsDigit(b[k])) {
      const size_t a_end = DigitsEnd(a, i);
      const size_t b_end = DigitsEnd(b, k);
      const auto order = CompareNumbers(a.substr(i, a_end - i), b.substr(k, b_end - k));
      if (order != 0) return order;
      i = a_end;
      k = b_end;
      continue;
    }
    const auto a_byte = static_cast<unsigned char>(ToLower(a[i++]));
    const auto b_byte = static_cast<unsigned char>(ToLower(b[k++]));
    if (a_byte != b_byte) return a_byte <=> b_byte;
  }
  const auto order = a.size() - i <=> b.size() - k;
  return order != 0 ? order : a <=> b;
}

}  // namespace brilliant::files
