// Fills in the built-in pages of web/.
#ifndef BRILLIANT_HANDLERS_PAGE_TEMPLATE_H_
#define BRILLIANT_HANDLERS_PAGE_TEMPLATE_H_

#include <map>
#include <string>
#include <string_view>

namespace brilliant::handlers {

// By placeholder: HTML, so whoever fills it in has escaped what is only text (handlers/html.h).
using PageValues = std::map<std::string, std::string, std::less<>>;

// Appends `page` with each {{name}} replaced by its value; one without a value by nothing.
void AppendPage(std::string& html, std::string_view page, const PageValues& values);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_PAGE_TEMPLATE_H_
