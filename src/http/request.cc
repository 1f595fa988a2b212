#include "http/request.h"

#include "base/strings.h"

namespace brilliant::http {

std::string_view RequestHead::Find(std::string_view name) const {
  for (const Field& field : fields) {
    if (EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return {};
}

}  // namespace brilliant::http
