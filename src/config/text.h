// Text for people: words of a configuration made safe to print, columns of UTF-8, and the nearest name to a mistyped
// one. Pure functions, used by the whole folder.
#ifndef BRILLIANT_CONFIG_TEXT_H_
#define BRILLIANT_CONFIG_TEXT_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace brilliant::config {

// One character as a terminal shows it.
struct Glyph {
  std::string text;  // the bytes to print: the character itself, or \xHH for what must not reach a terminal
  size_t bytes = 1;  // of the input
  int width = 1;     // columns on a terminal (0: combining, 2: East Asian wide)
};

// The first character of `text`, which is not empty. Malformed UTF-8 counts as one character a byte.
[[nodiscard]] Glyph FirstGlyph(std::string_view text);

// `text` without anything that could steer a terminal; at most `columns_max` characters, then "...".
[[nodiscard]] std::string Printable(std::string_view text, size_t columns_max = 80);
// The same in double quotes: "text".
[[nodiscard]] std::string Quoted(std::string_view text);

// Number of characters of `text` (malformed bytes count one each): what an editor calls columns.
[[nodiscard]] int CountColumns(std::string_view text);

// Edits from `a` to `b`: insert, delete, replace a character or swap two neighbours (Damerau-Levenshtein, optimal
// string alignment). Looks at 64 bytes of each at most.
[[nodiscard]] size_t EditDistance(std::string_view a, std::string_view b);

// The name nearest to `word`, if it is near enough to be meant; else empty.
[[nodiscard]] std::string_view NearestName(std::string_view word, std::span<const std::string_view> names);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_TEXT_H_
