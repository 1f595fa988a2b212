#include "http/accept.h"

#include <cstddef>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

// A range of the field, as far as it concerns one media type.
struct Fit {
  int specificity = 0;  // 0: does not fit, 1: "*/*", 2: "text/*", 3: the type itself
  int quality = 0;
  size_t place = 0;  // among all ranges
};

// RFC 9110 section 12.4.2: "0", "1", with up to three digits behind a dot; in thousandths.
int ParseQuality(std::string_view text) {
  const bool malformed =
      text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.');
  if (malformed) return 0;
  int quality = (text[0] - '0') * 1000;
  int scale = 100;
  for (const char c : text.size() > 2 ? text.substr(2) : std::string_view()) {
    if (!IsDigit(c)) return 0;
    quality += (c - '0') * scale;
    scale /= 10;
  }
  return quality > 1000 ? 0 : quality;
}

int SpecificityOf(std::string_view range, std::string_view media_type) {
  if (EqualsIgnoreCase(range, media_type)) return 3;
  if (range == "*/*") return 1;
  const bool any_subtype = range.ends_with("/*") && media_type.size() >= range.size() - 1;
  return any_subtype && EqualsIgnoreCase(range.substr(0, range.size() - 1), media_type.substr(0, range.size() - 1)) ? 2
                                                                                                                    : 0;
}

Fit FitOf(std::string_view member, std::string_view media_type) {
  const size_t semicolon = member.find(';');
  Fit fit{.specificity = SpecificityOf(TrimBlanks(member.substr(0, semicolon)), media_type), .quality = 1000};
  if (semicolon == std::string_view::npos) return fit;
  std::string_view rest = member.substr(semicolon + 1);
  while (true) {
    const size_t end = rest.find(';');
    const std::string_view parameter = TrimBlanks(rest.substr(0, end));
    const bool is_weight = parameter.size() > 2 && ToLower(parameter[0]) == 'q' && parameter[1] == '=';
    if (is_weight) {
      fit.quality = ParseQuality(parameter.substr(2));
      return fit;
    }
    if (!parameter.empty()) fit.specificity = 0;
    if (end == std::string_view::npos) return fit;
    rest.remove_prefix(end + 1);
  }
}

Fit BestFit(const RequestHead& head, std::string_view media_type) {
  Fit best;
  size_t place = 0;
  bool has_accept = false;
  for (const Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "Accept")) continue;
    has_accept = true;
    ListReader members(field.value);
    std::string_view member;
    while (members.Next(member)) {
      Fit fit = FitOf(member, media_type);
      fit.place = place++;
      if (fit.specificity > best.specificity) best = fit;
    }
  }
  if (!has_accept) return {.specificity = 1, .quality = 1000};
  return best;
}

}  // namespace

int QualityOf(const RequestHead& head, std::string_view media_type) { return BestFit(head, media_type).quality; }

bool Prefers(const RequestHead& head, std::string_view media_type, std::string_view other) {
  const Fit wanted = BestFit(head, media_type);
  if (wanted.specificity < 3 || wanted.quality == 0) return false;
  const Fit rival = BestFit(head, other);
  if (wanted.quality != rival.quality) return wanted.quality > rival.quality;
  return rival.specificity < 3 || wanted.place < rival.place;
}

}  // namespace brilliant::http
