#include "handlers/page_template.h"

#include <cstddef>

namespace brilliant::handlers {

void AppendPage(std::string& html, std::string_view page, const PageValues& values) {
  while (true) {
    const size_t start = page.find("{{");
    if (start == std::string_view::npos) break;
    const size_t end = page.find("}}", start);
    const auto value = values.find(page.substr(start + 2, end - start - 2));
    html += page.substr(0, start);
    if (value != values.end()) html += value->second;
    page.remove_prefix(end + 2);
  }
  html += page;
}

}  // namespace brilliant::handlers
