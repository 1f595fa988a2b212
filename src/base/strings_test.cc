#include "base/strings.h"

#include <gtest/gtest.h>

#include <cctype>
#include <optional>
#include <string>
#include <string_view>

namespace brilliant {
namespace {

using std::string_view_literals::operator""sv;

TEST(CharacterClasses, AreThoseOfAsciiForAllBytes) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool ascii = byte < 128;
    EXPECT_EQ(IsDigit(c), ascii && std::isdigit(byte) != 0) << byte;
    EXPECT_EQ(IsAlpha(c), ascii && std::isalpha(byte) != 0) << byte;
    EXPECT_EQ(ToLower(c), ascii ? static_cast<char>(std::tolower(byte)) : c) << byte;
    EXPECT_EQ(HexValue(c) >= 0, ascii && std::isxdigit(byte) != 0) << byte;
  }
}

TEST(HexValue, CountsInBothCases) {
  EXPECT_EQ(HexValue('0'), 0);
  EXPECT_EQ(HexValue('9'), 9);
  EXPECT_EQ(HexValue('a'), 10);
  EXPECT_EQ(HexValue('F'), 15);
  EXPECT_EQ(HexValue('g'), -1);
}

TEST(EqualsIgnoreCase, FoldsAsciiOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("", ""));
  EXPECT_TRUE(EqualsIgnoreCase("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(EqualsIgnoreCase("Content-Length", "Content_Length"));
  EXPECT_FALSE(EqualsIgnoreCase("Host", "Hos"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));  // 0x5B and 0x7B: not letters, although a bit apart
  EXPECT_FALSE(EqualsIgnoreCase("\xC4", "\xE4"));
  EXPECT_FALSE(EqualsIgnoreCase("a\0b"sv, "a\0c"sv));
}

TEST(ToLower, LeavesEverythingButLettersAlone) {
  EXPECT_EQ(ToLower("EXAMPLE.Com:80"), "example.com:80");
  EXPECT_EQ(ToLower("@[\xC4\0Z"sv), "@[\xC4\0z"sv);
}

TEST(TrimBlanks, RemovesSpaceAndTabFromBothEndsOnly) {
  EXPECT_EQ(TrimBlanks(" \t a b\t "), "a b");
  EXPECT_EQ(TrimBlanks("a"), "a");
  EXPECT_EQ(TrimBlanks(" \t "), "");
  EXPECT_EQ(TrimBlanks(""), "");
  EXPECT_EQ(TrimBlanks("\r\na\v"), "\r\na\v");  // RFC 9110 section 5.6.3: OWS is SP and HTAB
}

TEST(ParseDecimal, TakesDigitsAndNothingElse) {
  struct Case {
    std::string_view text;
    std::optional<uint64_t> value;
  };
  const Case cases[] = {
      {"0", 0},
      {"007", 7},
      {"9223372036854775807", 9'223'372'036'854'775'807ULL},
      {"0000000000000000000000000000001", 1},
      {"9223372036854775808", std::nullopt},
      {"18446744073709551616", std::nullopt},
      {"99999999999999999999999999999999", std::nullopt},
      {"", std::nullopt},
      {"+1", std::nullopt},
      {"-1", std::nullopt},
      {" 1", std::nullopt},
      {"1 ", std::nullopt},
      {"1,1", std::nullopt},
      {"0x10", std::nullopt},
      {"1e3", std::nullopt},
      {"1\0"sv, std::nullopt},
  };
  for (const Case& test : cases) EXPECT_EQ(ParseDecimal(test.text), test.value) << test.text;
}

}  // namespace
}  // namespace brilliant
