#include "http/syntax.h"

#include <gtest/gtest.h>

#include <string>

namespace brilliant::http {
namespace {

// RFC 9110 section 5.5: each byte, at each place of a word of eight and after it.
TEST(SyntaxTest, FindsTheFirstByteThatIsNotAllowedInAValue) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    for (size_t at = 0; at < 19; ++at) {
      std::string value(19, '\x80');
      value[at] = static_cast<char>(byte);
      EXPECT_EQ(FindBadValueByte(value), allowed ? std::string::npos : at) << byte;
    }
  }
}

TEST(SyntaxTest, FindsIncompletePercentEncoding) {
  EXPECT_EQ(FindBadPercent("%41%fF"), std::string::npos);
  EXPECT_EQ(FindBadPercent("a%4"), 1U);
  EXPECT_EQ(FindBadPercent("%41%"), 3U);
  EXPECT_EQ(FindBadPercent("%g0"), 0U);
}

// RFC 9110 section 5.6.1.
TEST(SyntaxTest, ReadsListsWithTheirEmptyMembers) {
  ListReader none("");
  std::string_view member;
  EXPECT_FALSE(none.Next(member));
  ListReader list("a ,, \tb,");
  for (const char* expected : {"a", "", "b", ""}) {
    ASSERT_TRUE(list.Next(member));
    EXPECT_EQ(member, expected);
  }
  EXPECT_FALSE(list.Next(member));
}

}  // namespace
}  // namespace brilliant::http
