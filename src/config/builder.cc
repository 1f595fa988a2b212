#include "config/builder.h"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "config/paths.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

std::string Usage(const DirectiveRow& row) {
  std::string usage = "write: " + std::string(row.name);
  if (!row.words.empty()) usage += ' ' + std::string(row.words);
  if (row.block != Place::kNowhere) usage += " { }";
  return usage;
}

std::string CountedWords(int count) { return fmt::format("{} word{}", count, count == 1 ? "" : "s"); }

std::string Takes(const DirectiveRow& row) {
  if (row.words_max == 0) return "takes no words";
  if (row.words_min == row.words_max) return "takes " + CountedWords(row.words_min);
  if (row.words_max == kAnyNumber) return fmt::format("takes {} or more", CountedWords(row.words_min));
  const std::string_view between = row.words_max == row.words_min + 1 ? "or" : "to";
  return fmt::format("takes {} {} {}", row.words_min, between, CountedWords(row.words_max));
}

}  // namespace

void Builder::ApplyAll(const std::vector<Directive>& directives, Place place) {
  std::map<const DirectiveRow*, const Directive*> seen;
  for (const Directive& directive : directives) {
    const DirectiveRow* row = FindDirective(directive.name.text, place);
    if (row == nullptr) {
      ReportUnknown(directive, place, directives);
      continue;
    }
    const auto [first, is_first] = seen.emplace(row, &directive);
    if (row->repeat == Repeat::kOnce && !is_first) {
      const Span& span = directive.name.span;
      reporter.Error(span, fmt::format("{} stands twice in one block", Quoted(row->name)),
                     fmt::format("the first is on {}: remove one", reporter.Where(first->second->name.span, span)));
      continue;
    }
    if (!directive.broken && !CheckWords(directive, *row, place)) {
      if (!directive.has_block) continue;
    }
    Apply(directive, *row);
  }
}

void Builder::Apply(const Directive& directive, const DirectiveRow& row) {
  const bool wants_block = row.block != Place::kNowhere;
  if (directive.has_block && !wants_block) {
    const bool same_line = directive.open.line == directive.name.span.line;
    std::string hint = same_line ? "end it with \";\" or a new line" : "a block has its name before the \"{\"";
    if (row.name == "cgi") hint = "\"cgi .php { }\" belongs in the server block";
    return reporter.Error(directive.open, fmt::format("{} takes no block", Quoted(row.name)), hint);
  }
  if (!directive.has_block && wants_block) {
    if (directive.broken) return;
    return reporter.Error(directive.name.span, fmt::format("{} needs a block", Quoted(row.name)), Usage(row));
  }
  if (!directive.broken || wants_block) row.apply(*this, directive);
}

bool Builder::CheckWords(const Directive& directive, const DirectiveRow& row, Place place) {
  const int count = static_cast<int>(directive.words.size());
  if (count >= row.words_min && count <= row.words_max) return true;
  const std::string message =
      fmt::format("{} {}, not {}", Quoted(row.name), Takes(row), count == 0 ? "none" : fmt::format("{}", count));
  if (count < row.words_min) {
    reporter.Error(directive.name.span, message, Usage(row));
    return false;
  }
  // A location with a modifier, as in nginx, deserves the better message.
  if (row.name == "location") {
    if (const Parsed<std::string> path = ParseLocationPath(directive.words[0].text); !path) {
      Fail(directive.words[0], path.error());
      return false;
    }
  }
  std::string hint = Usage(row);
  for (const Word& word : directive.words) {
    if (FindDirective(word.text, place) == nullptr) continue;
    hint = fmt::format("a \";\" or a new line is missing before {}", Quoted(word.text));
    break;
  }
  reporter.Error(directive.words[static_cast<size_t>(row.words_max)].span, message, hint);
  return false;
}

void Builder::ReportUnknown(const Directive& directive, Place place, const std::vector<Directive>& siblings) {
  if (directive.broken) return;
  const std::string& name = directive.name.text;
  const Span& span = directive.name.span;
  if (const Places places = PlacesOf(name); places != 0) {
    return reporter.Error(span, fmt::format("{} may not stand {}", Quoted(name), PlaceName(place)),
                          fmt::format("it belongs {}", PlacesName(places)));
  }
  std::vector<std::string_view> names;
  for (const DirectiveRow& row : Directives()) {
    if (Includes(row.places, place)) names.push_back(row.name);
  }
  std::string hint(ForeignHint(name));
  if (hint.empty() && !reporter.full()) {
    std::string_view nearest = NearestName(name, names);
    if (!nearest.empty()) hint = fmt::format("did you mean {}?", Quoted(nearest));
  }
  // `index a.html` newline `b.html`: a line that goes on is a habit of files whose directives end at ";" only.
  const bool goes_on = hint.empty() && &directive != siblings.data() && !directive.has_block;
  if (goes_on && name.find_first_of("./") != std::string::npos) hint = "a directive ends at the end of its line";
  reporter.Error(span, fmt::format("unknown directive {} {}", Quoted(name), PlaceName(place)), hint);
}

std::optional<std::string> Builder::Path(const Word& word) {
  return Value(word, ResolvePath(word.text, sources.folder, sources.prefix));
}

std::optional<std::string> Builder::Program(const Word& word) {
  return Value(word, ResolveProgram(word.text, sources.folder));
}

}  // namespace brilliant::config
