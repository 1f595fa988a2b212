// The order in which people expect names: "file 9" before "file 10", letters without regard to their case. Pure.
#ifndef BRILLIANT_FILES_NATURAL_ORDER_H_
#define BRILLIANT_FILES_NATURAL_ORDER_H_

#include <compare>
#include <string_view>

namespace brilliant::files {

// Runs of digits compare as numbers of any length, everything else byte by byte, ASCII letters as lower case. Names
// that differ only in case or in leading zeros compare by their bytes, so that only equal names are equal.
[[nodiscard]] std::strong_ordering CompareNaturally(std::string_view a, std::string_view b);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_NATURAL_ORDER_H_
