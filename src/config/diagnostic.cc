#include "config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "config/limits.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

// The part of a line that is shown, with the blanks and the marks that go below it.
struct Excerpt {
  std::string text;
  std::string underline;
};

// The first column to show: 1, or such that the underlined part of a very long line is in view.
int FirstColumn(const Diagnostic& diagnostic) {
  constexpr int kColumnsMax = static_cast<int>(kExcerptColumnsMax);
  const int last = diagnostic.position.column + std::min(diagnostic.length, kColumnsMax / 2);
  return last <= kColumnsMax ? 1 : diagnostic.position.column - kColumnsMax / 4;
}

Excerpt CutExcerpt(const Diagnostic& diagnostic) {
  Excerpt result;
  const int first = FirstColumn(diagnostic);
  const int begin = diagnostic.position.column;
  const int end = begin + std::max(diagnostic.length, 1);
  if (first > 1) result.text = result.underline = "...";
  std::fill(result.underline.begin(), result.underline.end(), ' ');
  std::string_view rest = diagnostic.line;
  int column = 1;
  for (; !rest.empty() && column < first + static_cast<int>(kExcerptColumnsMax); ++column) {
    const bool tab = rest.front() == '\t';
    const Glyph glyph = tab ? Glyph{.text = "\t", .bytes = 1, .width = 1} : FirstGlyph(rest);
    rest.remove_prefix(glyph.bytes);
    if (column < first) continue;
    result.text += glyph.text;
    // A tab above needs a tab below: whatever its width, the marks stay in place.
    if (column < begin) result.underline += tab ? "\t" : std::string(static_cast<size_t>(glyph.width), ' ');
    if (column >= begin && column < end)
      result.underline += std::string(static_cast<size_t>(std::max(glyph.width, 1)), '~');
  }
  if (column <= begin) result.underline += '~';  // just behind the end of the line
  if (!rest.empty()) result.text += "...";
  const size_t caret = result.underline.find('~');
  if (caret != std::string::npos) result.underline[caret] = '^';
  return result;
}

}  // namespace

std::string Render(const Diagnostic& diagnostic) {
  const Position& at = diagnostic.position;
  std::string result = Printable(at.file, kPathBytesMax);
  if (at.line > 0) result += fmt::format(":{}:{}", at.line, at.column);
  if (!result.empty()) result += ": ";
  result += diagnostic.severity == Severity::kError ? "error: " : "warning: ";
  result += diagnostic.message;
  result += '\n';
  if (diagnostic.line.empty() || at.line == 0) {
    if (!diagnostic.hint.empty()) result += fmt::format("  {}\n", diagnostic.hint);
    return result;
  }
  const Excerpt excerpt = CutExcerpt(diagnostic);
  const std::string number = fmt::format("{}", at.line);
  result += fmt::format("  {} | {}\n", number, excerpt.text);
  result += fmt::format("  {:{}} | {}", "", number.size(), excerpt.underline);
  if (!diagnostic.hint.empty()) result += ' ' + diagnostic.hint;
  result += '\n';
  return result;
}

std::string Render(std::span<const Diagnostic> diagnostics) {
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics) result += Render(diagnostic);
  return result;
}

bool HasErrors(std::span<const Diagnostic> diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
}

}  // namespace brilliant::config
