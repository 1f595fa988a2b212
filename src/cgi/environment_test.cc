#include "cgi/environment.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace brilliant::cgi {
namespace {

using namespace std::string_view_literals;

Environment Make(std::initializer_list<std::pair<std::string_view, std::string_view>> variables) {
  Environment environment;
  for (const auto& [name, value] : variables) EXPECT_TRUE(environment.Add(name, value).has_value()) << name;
  return environment;
}

TEST(EnvironmentTest, KeepsVariablesInOrderInOneRunOfBytes) {
  const Environment environment = Make({{"B", "2"}, {"A", ""}, {"_c1", "x=y\n"}});
  EXPECT_EQ(environment.bytes(), "B=2\0A=\0_c1=x=y\n\0"sv);
  ASSERT_EQ(environment.size(), 3U);
  EXPECT_EQ(environment[0].name, "B");
  EXPECT_EQ(environment[2].name, "_c1");
  EXPECT_EQ(environment[2].value, "x=y\n");
  EXPECT_EQ(environment[1].assignment, "A=");
  EXPECT_EQ(*(environment[1].assignment.data() + environment[1].assignment.size()), '\0');
  EXPECT_EQ(environment.Find("B"), "2");
  EXPECT_TRUE(environment.Contains("A"));
  EXPECT_EQ(environment.Find("A"), "");
  EXPECT_FALSE(environment.Contains("_c"));
  EXPECT_FALSE(environment.Contains("b"));
  EXPECT_TRUE(Environment().empty());
}

TEST(EnvironmentTest, RefusesNamesNulAndRepetition) {
  Environment environment = Make({{"A", "1"}});
  for (const std::string_view name : {""sv, "1A"sv, "A=B"sv, "A B"sv, "A-B"sv, "A\0"sv, "\xc3\xa4"sv, "A."sv}) {
    EXPECT_EQ(environment.Add(name, "x").error().code, ErrorCode::kInvalid) << name;
  }
  EXPECT_EQ(environment.Add("B", "x\0y"sv).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(environment.Add("A", "2").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(environment, Make({{"A", "1"}}));
}

TEST(EnvironmentTest, ReplacesOnlyWhatIsThere) {
  Environment environment = Make({{"A", "1"}, {"B", "2"}, {"C", "3"}});
  ASSERT_TRUE(environment.Replace("A", "longer").has_value());
  ASSERT_TRUE(environment.Replace("B", "").has_value());
  EXPECT_EQ(environment.bytes(), "A=longer\0B=\0C=3\0"sv);
  EXPECT_EQ(environment.Find("C"), "3");
  EXPECT_EQ(environment[2].assignment, "C=3");
  EXPECT_EQ(environment.Replace("D", "4").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(environment.Replace("A", "\0"sv).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(environment, Make({{"A", "longer"}, {"B", ""}, {"C", "3"}}));
}

TEST(EnvironmentTest, EachLimitIsReachedAndNotPassed) {
  Environment one;
  const std::string largest(Environment::kVariableBytesMax - 3, 'x');  // "A=" and the NUL
  EXPECT_EQ(one.Add("A", largest + "x").error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(one.Add("A", largest).has_value());
  EXPECT_EQ(one.Replace("A", largest + "x").error().code, ErrorCode::kTooLarge);

  ASSERT_TRUE(one.Add("B", largest.substr(1)).has_value());
  EXPECT_EQ(one.bytes().size(), Environment::kBytesMax - 1);
  EXPECT_EQ(one.Add("C", "").error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(one.Replace("B", largest).has_value());
  EXPECT_EQ(one.bytes().size(), Environment::kBytesMax);

  Environment full = Make({{"A", largest}, {"C", ""}, {"B", largest.substr(3)}});
  EXPECT_EQ(full.bytes().size(), Environment::kBytesMax);
  EXPECT_EQ(full.Replace("C", "x").error().code, ErrorCode::kTooLarge);

  Environment many;
  for (size_t i = 0; i < Environment::kVariablesMax; ++i) {
    ASSERT_TRUE(many.Add("V" + std::to_string(i), "").has_value());
  }
  EXPECT_EQ(many.Add("W", "").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(many.size(), Environment::kVariablesMax);
}

TEST(EnvironmentTest, DecodesItsOwnBytes) {
  const Environment environment = Make({{"B", "2"}, {"A", ""}, {"C", "x=y"}});
  const Result<Environment> decoded = Environment::Decode(environment.bytes());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, environment);
  EXPECT_EQ(decoded->Find("C"), "x=y");
  EXPECT_TRUE(Environment::Decode("")->empty());
}

TEST(EnvironmentTest, TrustsNoBytesFromElsewhere) {
  for (const std::string_view bytes :
       {"A=1"sv, "A\0"sv, "\0"sv, "A=1\0\0"sv, "=1\0"sv, "A B=1\0"sv, "A=1\0A=2\0"sv, "1=1\0"sv, "A=1\0B"sv}) {
    EXPECT_EQ(Environment::Decode(bytes).error().code, ErrorCode::kInvalid) << bytes;
  }
  const std::string large = "A=" + std::string(Environment::kVariableBytesMax, 'x') + '\0';
  EXPECT_EQ(Environment::Decode(large).error().code, ErrorCode::kTooLarge);
  std::string many;
  for (size_t i = 0; i <= Environment::kVariablesMax; ++i) many += "V" + std::to_string(i) + "=" + '\0';
  EXPECT_EQ(Environment::Decode(many).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace brilliant::cgi
