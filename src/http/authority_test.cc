#include "http/authority.h"

#include <gtest/gtest.h>

namespace brilliant::http {
namespace {

// RFC 3986 section 3.2.
TEST(AuthorityTest, TellsAnEmptyPortFromAGivenOne) {
  EXPECT_FALSE(ParseAuthority("a")->has_port);
  EXPECT_FALSE(ParseAuthority("a:")->has_port);
  const auto zero = ParseAuthority("a:0");
  EXPECT_TRUE(zero->has_port);
  EXPECT_EQ(zero->port, 0);
  EXPECT_EQ(zero->host, "a");
}

TEST(AuthorityTest, BoundsAddressesByTheirLongestText) {
  EXPECT_TRUE(ParseAuthority("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]").has_value());
  EXPECT_FALSE(ParseAuthority("[" + std::string(46, '0') + "]").has_value());
  EXPECT_FALSE(ParseAuthority(std::string_view("[::1\0]", 6)).has_value());
}

}  // namespace
}  // namespace brilliant::http
