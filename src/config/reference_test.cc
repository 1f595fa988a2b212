// The table of directives against the pages made from it and the examples in them.
#include "config/reference.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "config/directives.h"
#include "config/dump_for_test.h"
#include "config/load_for_test.h"

namespace brilliant::config {
namespace {

std::string ReadDocument(const std::string& name) {
  std::ifstream file(std::string(BRILLIANT_SOURCE_DIR) + "/docs/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(ReferenceTest, PageIsUpToDate) {
  EXPECT_EQ(ReadDocument("directives.md"), DirectiveReference())
      << "regenerate it: brilliantserver --directives > docs/directives.md";
}

// `text` where `row` may stand, in a configuration that needs nothing else.
std::string Surrounded(const DirectiveRow& row, Place place, const std::string& text) {
  const bool listens = row.name == "listen";
  const bool roots = row.name == "root" || row.name == "cgi" || row.name == "redirect_to";
  const std::string listen = listens ? "" : "listen 1\n";
  const std::string root = roots ? "" : "root /srv/www\n";
  const std::string program =
      place == Place::kLocation && (row.name.starts_with("cgi_") || row.name == "interpreter" || row.name == "timeout")
          ? "cgi /usr/bin/program\n"
          : "";
  switch (place) {
    case Place::kTop:
      return text + "\nserver { listen 1; location / { root /srv/www } }";
    case Place::kServer:
      return "server {\n" + listen + text + "\nlocation / { root /srv/www } }";
    case Place::kLocation:
      return "server { listen 1; location / {\n" + root + program + text + "\n} }";
    default:
      return "server { listen 1; cgi .x {\n" + root + text + "\n} }";
  }
}

TEST(DirectivesTest, EveryRowHasAMeaningAndAnExampleThatWorks) {
  for (const DirectiveRow& row : Directives()) {
    EXPECT_FALSE(row.meaning.empty()) << row.name;
    EXPECT_FALSE(row.example.empty()) << row.name;
    for (const Place place : {Place::kTop, Place::kServer, Place::kLocation, Place::kCgi}) {
      if (!Includes(row.places, place)) continue;
      SourceBundle bundle = BundleOf(Surrounded(row, place, std::string(row.example)));
      bundle.globs["/etc/brilliant/sites/*.conf"] = {};
      const LoadResult result = LoadBundle(bundle);
      EXPECT_TRUE(result.config.has_value()) << row.name << '\n' << Render(result.diagnostics);
      const bool says_why = row.name == "upload_path" && place == Place::kCgi;
      EXPECT_EQ(result.diagnostics.empty(), !says_why) << row.name << '\n' << Render(result.diagnostics);
    }
  }
}

TEST(DirectivesTest, TheDefaultInTheTableIsTheDefault) {
  int compared = 0;
  for (const DirectiveRow& row : Directives()) {
    if (row.fallback.empty() || row.fallback.starts_with('(')) continue;
    for (const Place place : {Place::kTop, Place::kServer, Place::kLocation, Place::kCgi}) {
      if (!Includes(row.places, place)) continue;
      const std::string written = std::string(row.name) + ' ' + std::string(row.fallback);
      const LoadResult with = LoadText(Surrounded(row, place, written));
      const LoadResult without = LoadText(Surrounded(row, place, ""));
      ASSERT_TRUE(with.config && without.config) << row.name << Render(with.diagnostics) << Render(without.diagnostics);
      EXPECT_EQ(DumpConfig(*with.config), DumpConfig(*without.config)) << row.name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 20);
}

TEST(DirectivesTest, NoNameStandsTwiceInOnePlace) {
  for (const Place place : {Place::kTop, Place::kServer, Place::kLocation, Place::kCgi}) {
    std::set<std::string_view> names;
    for (const DirectiveRow& row : Directives()) {
      EXPECT_TRUE(!Includes(row.places, place) || names.insert(row.name).second) << row.name;
    }
    EXPECT_GT(names.size(), 5U);
  }
}

TEST(DirectivesTest, NoForeignNameIsOneOfOurs) {
  for (const DirectiveRow& row : Directives()) EXPECT_EQ(ForeignHint(row.name), "") << row.name;
  EXPECT_NE(ForeignHint("client_max_body_size"), "");
}

std::vector<std::string> Examples(const std::string& page) {
  std::vector<std::string> examples;
  std::istringstream lines(page);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      examples.back() += line + '\n';
    } else if (line == "```conf") {
      inside = true;
      examples.emplace_back();
    }
  }
  return examples;
}

TEST(ConfigurationPageTest, EveryExampleLoadsWithoutAWord) {
  const std::vector<std::string> examples = Examples(ReadDocument("configuration.md"));
  EXPECT_GE(examples.size(), 8U);
  for (const std::string& example : examples) {
    SourceBundle bundle = BundleOf(example);
    bundle.globs["/etc/brilliant/sites/*.conf"] = {"/etc/brilliant/sites/a.conf"};
    bundle.files["/etc/brilliant/sites/a.conf"] =
        "server { listen 8080; server_name a.example; location / { root /srv/a } }";
    const LoadResult result = LoadBundle(bundle);
    EXPECT_TRUE(result.config.has_value()) << example;
    EXPECT_EQ(Render(result.diagnostics), "") << example;
  }
}

}  // namespace
}  // namespace brilliant::config
