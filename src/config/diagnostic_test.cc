#include "config/diagnostic.h"

#include <gtest/gtest.h>

#include "config/text.h"

namespace brilliant::config {
namespace {

Diagnostic At(int column, int length, std::string line) {
  return {.severity = Severity::kError,
          .position = {.file = "site.conf", .line = 7, .column = column},
          .length = length,
          .message = "message",
          .hint = "hint",
          .line = std::move(line)};
}

TEST(DiagnosticTest, LooksAsInTheManual) {
  EXPECT_EQ(Render(Diagnostic{.severity = Severity::kError,
                              .position = {.file = "site.conf", .line = 7, .column = 3},
                              .length = 8,
                              .message = "unknown directive \"autoindx\" in a location block",
                              .hint = "did you mean \"autoindex\"?",
                              .line = "  autoindx on"}),
            "site.conf:7:3: error: unknown directive \"autoindx\" in a location block\n"
            "  7 |   autoindx on\n"
            "    |   ^~~~~~~~ did you mean \"autoindex\"?\n");
}

TEST(DiagnosticTest, WithoutALineTheHintStandsAlone) {
  Diagnostic diagnostic = At(1, 1, "");
  diagnostic.position.line = 0;
  EXPECT_EQ(Render(diagnostic), "site.conf: error: message\n  hint\n");
  diagnostic.position.file.clear();
  diagnostic.hint.clear();
  EXPECT_EQ(Render(diagnostic), "error: message\n");
}

TEST(DiagnosticTest, TabsAboveAreTabsBelow) {
  EXPECT_EQ(Render(At(3, 2, "\t\tab\tc")), "site.conf:7:3: error: message\n  7 | \t\tab\tc\n    | \t\t^~ hint\n");
}

TEST(DiagnosticTest, WideAndCombiningCharactersKeepTheMarksInPlace) {
  EXPECT_EQ(Render(At(4, 1, "사e\xCC\x81x")), "site.conf:7:4: error: message\n  7 | 사e\xCC\x81x\n    |    ^ hint\n");
  EXPECT_EQ(Render(At(1, 2, "사진 x")), "site.conf:7:1: error: message\n  7 | 사진 x\n    | ^~~~ hint\n");
}

TEST(DiagnosticTest, NothingReachesATerminalThatCouldSteerIt) {
  const std::string text = Render(At(1, 1, "\x1B[31m\xE2\x80\xAE \xFF\xC2\x9B"));
  EXPECT_EQ(text.find('\x1B'), std::string::npos);
  EXPECT_NE(text.find("\\x1B[31m\\u202E \\xFF\\x9B"), std::string::npos);
  Diagnostic diagnostic = At(1, 1, "x");
  diagnostic.position.file = "a\nb";
  EXPECT_NE(Render(diagnostic).find("a\\x0Ab:7:1"), std::string::npos);
}

TEST(DiagnosticTest, MarksBehindTheEndOfTheLine) {
  EXPECT_EQ(Render(At(7, 1, "server")), "site.conf:7:7: error: message\n  7 | server\n    |       ^ hint\n");
}

TEST(TextTest, EditDistanceCountsSwapsAsOne) {
  EXPECT_EQ(EditDistance("idnex", "index"), 1U);
  EXPECT_EQ(EditDistance("autoindx", "autoindex"), 1U);
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
  EXPECT_EQ(EditDistance(std::string(1'000, 'a'), std::string(1'000, 'b')), 64U);
}

TEST(TextTest, NearestNameIsOnlyOneThatCouldBeMeant) {
  constexpr std::string_view kNames[] = {"root", "index", "autoindex"};
  EXPECT_EQ(NearestName("Idnex", kNames), "index");
  EXPECT_EQ(NearestName("ROOT", kNames), "root");
  EXPECT_EQ(NearestName("x", kNames), "");
  EXPECT_EQ(NearestName("completely", kNames), "");
}

TEST(TextTest, PrintableCutsAndEscapes) {
  EXPECT_EQ(Printable("abcdef", 3), "abc...");
  EXPECT_EQ(Quoted("a\tb"), "\"a\\x09b\"");
  EXPECT_EQ(CountColumns("사진a\xFF"), 4);
}

}  // namespace
}  // namespace brilliant::config
