// The table of all directives. One row says where a directive may stand, its words, default and meaning, and which
// function takes it into the Config: parsing, checking, "did you mean" and the reference page all come from here. A new
// directive is one row and one function.
#ifndef BRILLIANT_CONFIG_DIRECTIVES_H_
#define BRILLIANT_CONFIG_DIRECTIVES_H_

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace brilliant::config {

class Builder;
struct Directive;

// Where a directive may stand; the values are bits, so that a row can name several.
enum class Place : uint8_t { kNowhere = 0, kTop = 1, kServer = 2, kLocation = 4, kCgi = 8, kTypes = 16 };
using Places = uint8_t;
[[nodiscard]] constexpr Places operator|(Place a, Place b) {
  return static_cast<Places>(static_cast<Places>(a) | static_cast<Places>(b));
}
[[nodiscard]] constexpr bool Includes(Places places, Place place) { return (places & static_cast<Places>(place)) != 0; }

// "at the top level", "in a server block".
[[nodiscard]] std::string_view PlaceName(Place place);
// "a server or location block".
[[nodiscard]] std::string PlacesName(Places places);

enum class Repeat : uint8_t { kOnce, kSeveral };

inline constexpr int kAnyNumber = std::numeric_limits<int>::max();

struct DirectiveRow {
  std::string_view name;
  Places places = 0;
  std::string_view words;  // as the reference shows them: "[CODE] URI"
  int words_min = 1;
  int words_max = 1;
  Place block = Place::kNowhere;  // what its block is; kNowhere: it has none
  Repeat repeat = Repeat::kOnce;
  std::string_view fallback;  // the default as one would write it, or in words when in parentheses; may be empty
  std::string_view meaning;
  std::string_view example;
  void (*apply)(Builder& builder, const Directive& directive) = nullptr;  // called with a right number of words
};

[[nodiscard]] std::span<const DirectiveRow> Directives();

// The row of `name` where it may stand in `place`, or nullptr.
[[nodiscard]] const DirectiveRow* FindDirective(std::string_view name, Place place);
// All places where something of this name may stand; 0: the name is unknown.
[[nodiscard]] Places PlacesOf(std::string_view name);
// What to write instead of a directive of nginx that has another name here, or is not needed; empty if unknown.
[[nodiscard]] std::string_view ForeignHint(std::string_view name);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_DIRECTIVES_H_
