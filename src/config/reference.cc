#include "config/reference.h"

#include <fmt/format.h>

#include <string_view>

#include "config/directives.h"

namespace brilliant::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Directives

Every directive of the configuration file. A guided tour with whole examples is in
[configuration.md](configuration.md). This page is made by `brilliantserver --directives`.

A directive is a name and words, and ends at the end of its line, at `;` or before `}`. `PATH` is relative to the folder
of the configuration file, `SIZE` is bytes or a number with `k`, `m` or `g`, `TIME` is a number with `ms`, `s`, `m` or `h`
(seconds without). Unless its text says otherwise, a directive may stand once in a block.
)";

struct Chapter {
  Place place;
  std::string_view title;
};
constexpr Chapter kChapters[] = {
    {Place::kTop, "At the top level"},
    {Place::kServer, "In a server block"},
    {Place::kLocation, "In a location block"},
    {Place::kCgi, "In a cgi block"},
};

std::string Synopsis(const DirectiveRow& row) {
  std::string text(row.name);
  if (!row.words.empty()) text += ' ' + std::string(row.words);
  if (row.block != Place::kNowhere) text += " { ... }";
  return text;
}

// A default in words stands in parentheses in the table, one to be written as such does not.
std::string Fallback(std::string_view fallback) {
  if (fallback.starts_with('(')) return std::string(fallback.substr(1, fallback.size() - 2));
  return fmt::format("`{}`", fallback);
}

void AppendRow(std::string& page, const DirectiveRow& row) {
  page += fmt::format("\n### {}\n\n`{}`", row.name, Synopsis(row));
  if (row.repeat == Repeat::kSeveral) page += "  \nMay stand several times.";
  if (!row.fallback.empty()) page += fmt::format("  \nDefault: {}", Fallback(row.fallback));
  page += fmt::format("\n\n{}\n", row.meaning);
  if (!row.example.empty()) page += fmt::format("\n```\n{}\n```\n", row.example);
}

}  // namespace

std::string DirectiveReference() {
  std::string page(kIntroduction);
  for (const Chapter& chapter : kChapters) {
    page += fmt::format("\n## {}\n", chapter.title);
    std::string elsewhere;
    for (const DirectiveRow& row : Directives()) {
      if (!Includes(row.places, chapter.place)) continue;
      // Each row stands where it may stand first; later chapters only name it.
      const bool first = (row.places & (static_cast<Places>(chapter.place) - 1)) == 0;
      if (first) AppendRow(page, row);
      if (!first) elsewhere += fmt::format("{}`{}`", elsewhere.empty() ? "" : ", ", row.name);
    }
    if (!elsewhere.empty()) page += fmt::format("\nAlso, as described above: {}.\n", elsewhere);
  }
  return page;
}

}  // namespace brilliant::config
