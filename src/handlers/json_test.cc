#include "handlers/json.h"

#include <gtest/gtest.h>

namespace brilliant::handlers {
namespace {

std::string Json(std::string_view text) {
  std::string json;
  AppendJsonString(json, text);
  return json;
}

// RFC 8259 section 7.
TEST(JsonTest, QuotesBackslashesAndControlsAreEscaped) {
  EXPECT_EQ(Json(""), "\"\"");
  EXPECT_EQ(Json("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(Json(std::string_view("\0\n\x1f\x7f", 4)), R"("\u0000\u000a\u001f\u007f")");
}

// RFC 8259 section 8.1.
TEST(JsonTest, TheResultIsUtf8) {
  EXPECT_EQ(Json("\xC3\xA4\xF0\x9F\x98\x80"), "\"\xC3\xA4\xF0\x9F\x98\x80\"");
  EXPECT_EQ(Json("\xFF\xC3"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonTest, WhatTurnsTextOrSeparatesLinesIsEscaped) {
  EXPECT_EQ(Json("\u202E\u2028\u2066\u061C\u0085"), R"("\u202e\u2028\u2066\u061c\u0085")");
}

}  // namespace
}  // namespace brilliant::handlers
