#include "http/media_type.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {

bool IsTextType(std::string_view media_type) {
  const std::string_view type = TrimBlanks(media_type.substr(0, media_type.find(';')));
  constexpr std::string_view kText = "text/";
  if (type.size() <= kText.size() || !EqualsIgnoreCase(type.substr(0, kText.size()), kText)) return false;
  const std::string_view subtype = type.substr(kText.size());
  const bool is_xml = EqualsIgnoreCase(subtype, "xml") || EqualsIgnoreCase(subtype, "xml-external-parsed-entity") ||
                      (subtype.size() > 4 && EqualsIgnoreCase(subtype.substr(subtype.size() - 4), "+xml"));
  return !is_xml;
}

bool IsPagePart(std::string_view media_type) {
  static constexpr std::array<std::string_view, 9> kBegins = {
      "text/css",         "text/javascript",  "application/javascript",
      "application/json", "application/wasm", "font/",
      "image/",           "audio/",           "video/"};
  const auto begins = [media_type](std::string_view begin) {
    return EqualsIgnoreCase(media_type.substr(0, begin.size()), begin);
  };
  return std::ranges::any_of(kBegins, begins);
}

bool AsksForPage(const RequestHead& head) {
  for (const Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "Accept")) continue;
    ListReader ranges(field.value);
    std::string_view range;
    while (ranges.Next(range)) {
      if (EqualsIgnoreCase(TrimBlanks(range.substr(0, range.find(';'))), "text/html")) return true;
    }
  }
  return false;
}

bool IsActive(std::string_view media_type) {
  const std::string type = ToLower(TrimBlanks(media_type.substr(0, media_type.find(';'))));
  return type == "text/html" || type.ends_with("xml") || type.ends_with("xsl") || type.ends_with("xslt");
}

}  // namespace brilliant::http
