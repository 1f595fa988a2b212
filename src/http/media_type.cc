#include "http/media_type.h"

#include "base/strings.h"

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

}  // namespace brilliant::http
