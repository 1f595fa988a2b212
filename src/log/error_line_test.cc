#include "log/error_line.h"

#include <gtest/gtest.h>

namespace brilliant::log {
namespace {

constexpr WallTime kTime{.nanoseconds = 1'795'416'601'123'999'999};

std::string Escaped(std::string_view text) {
  std::string line;
  AppendEscaped(text, line);
  return line;
}

TEST(ErrorLineTest, ALineHasTimeLevelAndText) {
  EXPECT_EQ(FormatErrorLine(kTime, Level::kNotice, "worker ready slot=1"),
            "2026-11-23T06:50:01.123Z notice: worker ready slot=1\n");
  EXPECT_EQ(FormatErrorLine(WallTime{}, Level::kError, ""), "1970-01-01T00:00:00.000Z error: \n");
}

TEST(ErrorLineTest, NothingInTheTextCanForgeALineOrDriveATerminal) {
  struct Case {
    std::string_view text;
    std::string_view escaped;
  };
  const Case cases[] = {
      {"a\nb\r", "a\\x0ab\\x0d"},
      {std::string_view("\0\x1b[2J\x7f", 6), "\\x00\\x1b[2J\\x7f"},
      {"\xc2\x9b", "\\xc2\\x9b"},           // C1: CSI
      {"\xe2\x80\xae", "\\xe2\\x80\\xae"},  // U+202E
      {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},  // U+2066
      {"\xd8\x9c", "\\xd8\\x9c"},           // U+061C
      {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"\xc0\xaf", "\\xc0\\xaf"},                    // overlong
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond U+10FFFF
      {"\xe2\x82", "\\xe2\\x82"},                    // cut off
      {"\xff", "\\xff"},
  };
  for (const Case& c : cases) EXPECT_EQ(Escaped(c.text), c.escaped);
}

TEST(ErrorLineTest, AQuotedValueEndsAtItsLastQuote) {
  EXPECT_EQ(Quoted("plain"), R"("plain")");
  EXPECT_EQ(Quoted(R"(print "a: b" or \n)"), R"("print \"a: b\" or \n")");
}

TEST(ErrorLineTest, LongTextIsCutAndSaysSo) {
  const std::string line = FormatErrorLine(kTime, Level::kWarn, std::string(kErrorLineTextBytesMax + 1, 'x'));
  EXPECT_TRUE(line.ends_with("x...\n"));
  EXPECT_LT(line.size(), kErrorLineTextBytesMax + 64);
}

}  // namespace
}  // namespace brilliant::log
