#include "log/escape.h"

#include <cstdint>

namespace brilliant::log {

size_t SequenceLength(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first <= 0xdf     ? 2
                        : (first >= 0xe0 && first <= 0xef) ? 3
                        : first >= 0xf0 && first <= 0xf4   ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) > 0x9f;
  const bool beyond = first == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

bool IsUnsafe(std::string_view sequence) {
  const auto first = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  const auto second = static_cast<uint8_t>(sequence[1]);
  if (sequence.size() == 2) return (first == 0xc2 && second < 0xa0) || sequence == "\xd8\x9c";  // C1, U+061C
  if (sequence.size() != 3 || first != 0xe2) return false;
  const auto third = static_cast<uint8_t>(sequence[2]);
  if (second == 0x80) return third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae);  // U+200E-F, U+2028-E
  return second == 0x81 && third >= 0xa6 && third <= 0xa9;                                        // U+2066-9
}

}  // namespace brilliant::log
