#include "handlers/html.h"

#include <gtest/gtest.h>

namespace brilliant::handlers {
namespace {

std::string Html(std::string_view text) {
  std::string html;
  AppendHtmlText(html, text);
  return html;
}

TEST(HtmlTest, MarkupIsShownAsText) {
  EXPECT_EQ(Html("<a href=\"x\" b='y'>&amp;</a>"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  EXPECT_EQ(Html(""), "");
  EXPECT_EQ(Html("plain text / `{}`"), "plain text / `{}`");
}

TEST(HtmlTest, ControlsAreReplaced) {
  const std::string_view controls("\0\r\n\t\x1b\x7f", 6);
  std::string replaced;
  for (size_t i = 0; i < controls.size(); ++i) replaced += "\xEF\xBF\xBD";
  EXPECT_EQ(Html(controls), replaced);
}

// Unicode 15, table 3-7.
TEST(HtmlTest, OnlyWellFormedUtf8GetsThrough) {
  for (const char* good : {"\xC2\xA0", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(Html(good), good);
  }
  const std::string bad = "\xEF\xBF\xBD";
  const std::pair<const char*, int> cases[] = {
      {"\x80", 1},         {"\xBF", 1},         {"\xC0\x80", 2},     {"\xC1\xBF", 2},         {"\xC2", 1},
      {"\xE0\x9F\xBF", 3}, {"\xED\xA0\x80", 3}, {"\xE2\x82", 2},     {"\xF0\x8F\xBF\xBF", 4}, {"\xF4\x90\x80\x80", 4},
      {"\xF5\x80", 2},     {"\xFF", 1},         {"\xF0\x9F\x98", 3},
  };
  for (const auto& [text, count] : cases) {
    std::string expected;
    for (int i = 0; i < count; ++i) expected += bad;
    EXPECT_EQ(Html(text), expected);
    EXPECT_EQ(Html(std::string(text) + "<"), expected + "&lt;");
  }
}

TEST(HtmlTest, WhatWouldTurnOrHideTextIsReplaced) {
  for (const char* bad : {"\u202E", "\u2066", "\u200F", "\u061C", "\u2028", "\u0085"})
    EXPECT_EQ(Html(bad), "\uFFFD") << bad;
}

TEST(HtmlLinesTest, LinesStayAndTheRestIsShownAsItIs) {
  std::string html;
  AppendHtmlLines(html, "a <b>\n\n\tc\r\n");
  EXPECT_EQ(html,
            "a &lt;b&gt;\n\n\xEF\xBF\xBD"
            "c\xEF\xBF\xBD\n");
}

}  // namespace
}  // namespace brilliant::handlers
