// Markdown (CommonMark with tables, task lists, strike-through and bare links) to HTML that is safe to be put into a
// page of ours, whoever has written it: raw HTML is shown as text, links lead to http, https, mailto or to relative
// references, pictures come from this site only. Headings begin one level lower, because the page has its own.
//
// The one file that calls md4c. Any thread.
#ifndef BRILLIANT_HANDLERS_MARKDOWN_H_
#define BRILLIANT_HANDLERS_MARKDOWN_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace brilliant::handlers {

// What is beyond is cut off. Reference links can make much of little.
inline constexpr size_t kMarkdownHtmlBytesMax = 1U << 20;

[[nodiscard]] std::string MarkdownToHtml(std::string_view markdown, size_t html_bytes_max = kMarkdownHtmlBytesMax);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_MARKDOWN_H_
