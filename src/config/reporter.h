// Collects what is wrong with a configuration while it is read: knows the text of every file, so that a span becomes a
// position with its line. Owned by the loader for one run; lexer, parser and builder hold references.
#ifndef BRILLIANT_CONFIG_REPORTER_H_
#define BRILLIANT_CONFIG_REPORTER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"

namespace brilliant::config {

// A piece of the text: columns and lengths in characters, lines from 1; line 0 is the file as a whole.
struct Span {
  uint32_t file = 0;  // index from Reporter::AddFile
  int line = 0;
  int column = 0;
  int length = 1;
};

class Reporter {
 public:
  Reporter() = default;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  // `name` as messages show it. The text stays valid as long as the Reporter.
  uint32_t AddFile(std::string name, std::string text);
  [[nodiscard]] std::string_view Text(uint32_t file) const { return files_[file].text; }

  void Error(const Span& span, std::string message, std::string hint = {});
  void Warning(const Span& span, std::string message, std::string hint = {});

  // True once kDiagnosticsMax were reported: further ones are only counted.
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool has_errors() const { return has_errors_; }
  [[nodiscard]] Position PositionOf(const Span& span) const;
  // "line 7", or "other.conf:7" when that is in another file than `seen_from`.
  [[nodiscard]] std::string Where(const Span& span, const Span& seen_from) const;

  // All of them in the order of the text, each once. Call once, at the end.
  [[nodiscard]] std::vector<Diagnostic> Take();

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<size_t> line_starts;
  };
  struct Entry {
    size_t order = 0;
    Span span;
    Diagnostic diagnostic;
  };

  void Add(Severity severity, const Span& span, std::string message, std::string hint);
  [[nodiscard]] std::string_view LineAt(const Span& span) const;

  std::deque<File> files_;
  std::vector<Entry> entries_;
  size_t dropped_ = 0;
  bool has_errors_ = false;
};

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_REPORTER_H_
