#include "http/response_head.h"

#include <gtest/gtest.h>

#include <string>

namespace brilliant::http {
namespace {

using namespace std::string_view_literals;

std::string Render(const FieldList& fields) {
  std::string out;
  AppendFieldLines(out, fields);
  return out;
}

TEST(FieldListTest, KeepsTheOrderAndFindsNamesWithoutCase) {
  FieldList fields;
  fields.Add("Content-Type", "text/html");
  fields.Add("Set-Cookie", "a=b");
  fields.Add("Set-Cookie", "c=d");
  EXPECT_EQ(Render(fields), "Content-Type: text/html\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n");
  EXPECT_EQ(fields.Find("set-cookie"), "a=b");
  EXPECT_EQ(fields.Find("ETag").data(), nullptr);
  EXPECT_TRUE(fields.Contains("CONTENT-TYPE"));
}

TEST(FieldListTest, SetReplacesAllOfTheNameAtThePlaceOfTheFirst) {
  FieldList fields;
  fields.Add("A", "1");
  fields.Add("B", "2");
  fields.Add("a", "3");
  fields.Set("a", "4");
  fields.Set("C", "5");
  EXPECT_EQ(Render(fields), "A: 4\r\nB: 2\r\nC: 5\r\n");
  EXPECT_EQ(fields.Remove("b"), 1U);
  EXPECT_EQ(fields.Remove("b"), 0U);
  EXPECT_EQ(Render(fields), "A: 4\r\nC: 5\r\n");
}

// RFC 9110 sections 5.1 and 5.5; response splitting.
TEST(FieldListTest, RefusesWhatWouldBreakTheHead) {
  FieldList fields;
  for (const std::string_view name : {""sv, "a b"sv, "a:"sv, "a\r\n"sv, "a\0"sv, "\xc3\xa4"sv, "(a)"sv}) {
    EXPECT_EQ(fields.TryAdd(name, "v").error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(fields.TrySet(name, "v").error().code, ErrorCode::kInvalid) << name;
  }
  fields.Add("X", "1");
  for (const std::string_view value :
       {"a\r\nb: c"sv, "a\rb"sv, "a\nb"sv, "a\0b"sv, "a\x7f"sv, " a"sv, "a\t"sv, " "sv}) {
    EXPECT_EQ(fields.TryAdd("N", value).error().code, ErrorCode::kInvalid) << value;
    EXPECT_EQ(fields.TrySet("X", value).error().code, ErrorCode::kInvalid) << value;
  }
  EXPECT_EQ(Render(fields), "X: 1\r\n");
  EXPECT_TRUE(fields.TryAdd("Y", "").has_value());
  EXPECT_TRUE(fields.TryAdd("Z", "\xc3\xa4 \t b").has_value());
}

TEST(FieldListTest, IsBoundedInNumber) {
  FieldList fields;
  for (size_t i = 0; i < FieldList::kFieldsMax; ++i) fields.Add("A", "b");
  EXPECT_EQ(fields.TryAdd("A", "b").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(fields.size(), FieldList::kFieldsMax);
  EXPECT_TRUE(fields.TrySet("A", "b").has_value());
  EXPECT_EQ(fields.size(), 1U);
}

TEST(FieldListTest, IsBoundedInBytesAndGivesRoomBack) {
  FieldList fields;
  const std::string half(FieldList::kBytesMax / 2 - 1, 'x');
  fields.Add("A", half);
  fields.Add("B", half);
  EXPECT_EQ(fields.TryAdd("C", "").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(fields.TrySet("A", half + "x").error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(fields.TrySet("A", half).has_value());
  EXPECT_EQ(fields.Remove("B"), 1U);
  EXPECT_TRUE(fields.TrySet("A", half + half + "x").has_value());
}

// RFC 9112 section 4.
TEST(ResponseHeadTest, WritesStatusLines) {
  std::string out;
  AppendStatusLine(out, 404);
  AppendStatusLine(out, 299);
  EXPECT_EQ(out, "HTTP/1.1 404 Not Found\r\nHTTP/1.1 299 Success\r\n");
}

TEST(ResponseHeadDeathTest, TreatsBadTextOfTheProgramItselfAsItsFault) {
  std::string out;
  FieldList fields;
  EXPECT_DEATH(AppendFieldLine(out, "A", "b\r\nc"), "IsFieldValue");
  EXPECT_DEATH(AppendFieldLine(out, "", "b"), "IsToken");
  EXPECT_DEATH(fields.Add("A B", "c"), "TryAdd");
  EXPECT_DEATH(fields.Set("A", "c\n"), "TrySet");
  EXPECT_DEATH(AppendStatusLine(out, 99), "IsValidStatus");
}

}  // namespace
}  // namespace brilliant::http
