// Text for HTML pages.
#ifndef BRILLIANT_HANDLERS_HTML_H_
#define BRILLIANT_HANDLERS_HTML_H_

#include <string>
#include <string_view>

namespace brilliant::handlers {

// Appends `text` so that it is shown as it is, in an element's text and in a quoted attribute: & < > " ' are escaped,
// control characters, those that change the direction of text or separate lines, and bytes that are not UTF-8 become
// U+FFFD.
void AppendHtmlText(std::string& html, std::string_view text);
// The same for text of several lines: their ends stay. For elements that keep them (<pre>).
void AppendHtmlLines(std::string& html, std::string_view text);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_HTML_H_
