#include "http/query.h"

#include <gtest/gtest.h>

namespace brilliant::http {
namespace {

TEST(QueryTest, FindsTheFirstParameterOfAName) {
  EXPECT_EQ(FindParameter("a=1&b=2&a=3", "a"), "1");
  EXPECT_EQ(FindParameter("a=1&b=2&a=3", "b"), "2");
  EXPECT_EQ(FindParameter("aa=1&a", "a"), "");
  EXPECT_EQ(FindParameter("a=1=2", "a"), "1=2");
  EXPECT_EQ(FindParameter("x", "a"), std::nullopt);
  EXPECT_EQ(FindParameter("", "a"), std::nullopt);
  EXPECT_EQ(FindParameter("&&a=", "a"), "");
}

TEST(QueryTest, DecodesWhatFormsEncode) {
  EXPECT_EQ(FindParameter("a=b+c%20d%2B%26%C3%a4", "a"), "b c d+&\xC3\xA4");
  EXPECT_EQ(FindParameter("a=%", "a"), "%");
  EXPECT_EQ(FindParameter("a=%4", "a"), "%4");
  EXPECT_EQ(FindParameter("a=%zz", "a"), "%zz");
  EXPECT_EQ(FindParameter("a=%00", "a"), std::string(1, '\0'));
}

TEST(QueryTest, EncodesAllBytesSoThatTheyComeBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  std::string query = "x=1&a=";
  AppendParameterValue(query, all);
  EXPECT_EQ(FindParameter(query, "a"), all);
  EXPECT_EQ(query.find_first_of("\"'<> \n"), std::string::npos);
}

}  // namespace
}  // namespace brilliant::http
