// Text for JSON.
#ifndef BRILLIANT_HANDLERS_JSON_H_
#define BRILLIANT_HANDLERS_JSON_H_

#include <string>
#include <string_view>

namespace brilliant::handlers {

// Appends `text` as a string with its quotes (RFC 8259 section 7). The result is UTF-8 whatever `text` is: bytes that
// are none become U+FFFD. Controls and what would act on a terminal or turn text is escaped.
void AppendJsonString(std::string& json, std::string_view text);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_JSON_H_
