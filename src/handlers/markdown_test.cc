#include "handlers/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MarkdownTest, BecomesHtmlWithHeadingsOneLevelLower) {
  EXPECT_EQ(MarkdownToHtml("# A *b*\n\nc  \nd `<e>`\n"),
            "<h2>A <em>b</em></h2>\n<p>c<br>\nd <code>&lt;e&gt;</code></p>\n");
  EXPECT_EQ(MarkdownToHtml("###### deep"), "<h6>deep</h6>\n");
  EXPECT_EQ(MarkdownToHtml("3. x\n4. y"), "<ol start=\"3\">\n<li>x</li>\n<li>y</li>\n</ol>\n");
  EXPECT_EQ(MarkdownToHtml("```sh\na < b\nc\n```"), "<pre><code>a &lt; b\nc\n</code></pre>\n");
  EXPECT_THAT(MarkdownToHtml("| a |\n|---|\n| ~~b~~ |"), HasSubstr("<td><del>b</del></td>"));
  EXPECT_EQ(MarkdownToHtml("&copy; &#169; &x"), "<p>&copy; &#169; &amp;x</p>\n");
  EXPECT_EQ(MarkdownToHtml(""), "");
}

TEST(MarkdownTest, RawHtmlIsText) {
  for (const char* html :
       {"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<!-- x -->", "<svg/onload=x>",
        "<a href='javascript:x'>y</a>", "<style>*{}</style>", "<iframe src=x>", "<base href=x>"}) {
    EXPECT_THAT(MarkdownToHtml(html), Not(testing::ContainsRegex("<[^p/]"))) << html;
  }
}

TEST(MarkdownTest, LinksLeadToKnownSchemesOnly) {
  const std::string rel = " rel=\"nofollow noopener noreferrer\"";
  EXPECT_EQ(MarkdownToHtml("[x](https://e.org/?a&amp;b)"),
            "<p><a href=\"https://e.org/?a&amp;b\"" + rel + ">x</a></p>\n");
  EXPECT_EQ(MarkdownToHtml("<a@b.org>"), "<p><a href=\"mailto:a@b.org\"" + rel + ">a@b.org</a></p>\n");
  EXPECT_EQ(MarkdownToHtml("[x](../a%20b.md#c:d)"), "<p><a href=\"../a%20b.md#c:d\">x</a></p>\n");
  EXPECT_EQ(MarkdownToHtml("[x](//e.org/)"), "<p><a href=\"//e.org/\"" + rel + ">x</a></p>\n");
  EXPECT_EQ(MarkdownToHtml("[x](HTTP:y)"), "<p><a href=\"HTTP:y\"" + rel + ">x</a></p>\n");
  for (const char* bad :
       {"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc", "blob:x"}) {
    EXPECT_EQ(MarkdownToHtml("[x](" + std::string(bad) + ")"), "<p><a>x</a></p>\n") << bad;
    EXPECT_THAT(MarkdownToHtml("<" + std::string(bad) + ">"), Not(HasSubstr("href"))) << bad;
    EXPECT_THAT(MarkdownToHtml("[x]\n\n[x]: " + std::string(bad)), Not(HasSubstr("href"))) << bad;
  }
}

// Browsers drop tabs and line ends from addresses, and decode references of characters in attributes.
TEST(MarkdownTest, SchemesCannotBeHidden) {
  for (const char* bad :
       {"[x](<java\tscript:alert(1)>)", "[x](<\x01javascript:alert(1)>)", "[x](&#106;avascript:alert(1))",
        "[x](java&Tab;script:alert(1))", "[x](&#x6A;avascript&colon;alert(1))", "[x](< javascript:alert(1)>)"}) {
    const std::string html = MarkdownToHtml(bad);
    EXPECT_THAT(html, Not(testing::ContainsRegex("href=\"[^\"]*&(#|[A-Z]|colon)"))) << html;
    EXPECT_THAT(html, Not(HasSubstr("href=\"java"))) << html;
    EXPECT_THAT(html, Not(HasSubstr("href=\"\x01"))) << html;
  }
  EXPECT_THAT(MarkdownToHtml("[x](<a\"onclick=\"b>)"), HasSubstr("href=\"a&quot;onclick=&quot;b\""));
}

TEST(MarkdownTest, PicturesComeFromThisSite) {
  EXPECT_EQ(MarkdownToHtml("![a *b* \"c\"](d.png)"), "<p><img src=\"d.png\" alt=\"a b &quot;c&quot;\"></p>\n");
  EXPECT_EQ(MarkdownToHtml("![a](https://e.org/x.png) ![b](//e.org/x.png) ![c](data:image/png,x)"), "<p>a b c</p>\n");
  EXPECT_EQ(MarkdownToHtml("![a ![b](c.png)](d.png)"), "<p><img src=\"d.png\" alt=\"a b\"></p>\n");
}

TEST(MarkdownTest, MuchOfLittleIsCutOff) {
  std::string markdown = "[r]: /" + std::string(1'000, 'x') + "\n\n";
  for (int i = 0; i < 2'000; ++i) markdown += "[r] ";
  EXPECT_LT(MarkdownToHtml(markdown, 50'000).size(), 55'000U);
}

}  // namespace
}  // namespace brilliant::handlers
