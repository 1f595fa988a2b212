#include "handlers/readme.h"

#include <unistd.h>

#include <cerrno>

#include "base/strings.h"
#include "handlers/html.h"
#include "handlers/markdown.h"

namespace brilliant::handlers {
namespace {

// Nothing if it fails; a file that shrinks meanwhile ends earlier.
std::string ReadText(const files::OpenFile& file) {
  std::string text(file.size, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = pread(file.fd.get(), text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  return text;
}

}  // namespace

std::string ReadmeHtml(const files::DocumentRoot& root, std::string_view path, MonotonicTime now) {
  const Result<files::OpenFile> file = root.Open(path, now);
  if (!file || !file->is_regular || file->size > kReadmeBytesMax) return {};
  const std::string text = ReadText(*file);
  constexpr std::string_view kMarkdown = ".md";
  if (path.size() > kMarkdown.size() && EqualsIgnoreCase(path.substr(path.size() - kMarkdown.size()), kMarkdown)) {
    return MarkdownToHtml(text);
  }
  std::string html = "<pre class=\"plain\">";
  AppendHtmlLines(html, text);
  html += "</pre>\n";
  return html;
}

}  // namespace brilliant::handlers
