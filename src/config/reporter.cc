#include "config/reporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/limits.h"
#include "config/text.h"

namespace brilliant::config {

uint32_t Reporter::AddFile(std::string name, std::string text) {
  File& file = files_.emplace_back(File{std::move(name), std::move(text), {0}});
  for (size_t i = 0; i < file.text.size(); ++i) {
    if (file.text[i] == '\n') file.line_starts.push_back(i + 1);
  }
  return static_cast<uint32_t>(files_.size() - 1);
}

void Reporter::Error(const Span& span, std::string message, std::string hint) {
  has_errors_ = true;
  Add(Severity::kError, span, std::move(message), std::move(hint));
}

void Reporter::Warning(const Span& span, std::string message, std::string hint) {
  Add(Severity::kWarning, span, std::move(message), std::move(hint));
}

bool Reporter::full() const { return entries_.size() >= kDiagnosticsMax; }

void Reporter::Add(Severity severity, const Span& span, std::string message, std::string hint) {
  if (full()) {
    ++dropped_;
    return;
  }
  Diagnostic diagnostic{.severity = severity,
                        .position = PositionOf(span),
                        .length = span.length,
                        .message = std::move(message),
                        .hint = std::move(hint),
                        .line = std::string(LineAt(span))};
  entries_.push_back({entries_.size(), span, std::move(diagnostic)});
}

Position Reporter::PositionOf(const Span& span) const {
  return {.file = span.file < files_.size() ? files_[span.file].name : "", .line = span.line, .column = span.column};
}

std::string Reporter::Where(const Span& span, const Span& seen_from) const {
  if (span.file == seen_from.file) return fmt::format("line {}", span.line);
  return fmt::format("{}:{}", Printable(files_[span.file].name), span.line);
}

std::string_view Reporter::LineAt(const Span& span) const {
  if (span.line <= 0 || span.file >= files_.size()) return {};
  const File& file = files_[span.file];
  const size_t index = static_cast<size_t>(span.line) - 1;
  if (index >= file.line_starts.size()) return {};
  std::string_view line = std::string_view(file.text).substr(file.line_starts[index]);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<Diagnostic> Reporter::Take() {
  const auto key = [](const Entry& entry) {
    return std::tuple(entry.span.file, entry.span.line, entry.span.column, entry.order);
  };
  std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  std::vector<Diagnostic> result;
  for (Entry& entry : entries_) {
    const bool repeated = !result.empty() && result.back().message == entry.diagnostic.message &&
                          result.back().position.line == entry.diagnostic.position.line &&
                          result.back().position.column == entry.diagnostic.position.column &&
                          result.back().position.file == entry.diagnostic.position.file;
    if (!repeated) result.push_back(std::move(entry.diagnostic));
  }
  if (dropped_ > 0) {
    Diagnostic more;
    more.severity = has_errors_ ? Severity::kError : Severity::kWarning;
    more.position.file = files_.empty() ? "" : files_.front().name;
    more.message = fmt::format("{} more not shown: mend these first", dropped_);
    result.push_back(std::move(more));
  }
  entries_.clear();
  return result;
}

}  // namespace brilliant::config
