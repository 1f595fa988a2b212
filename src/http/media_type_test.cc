#include "http/media_type.h"

#include <gtest/gtest.h>

#include <string>

#include "http/request_parser.h"

namespace brilliant::http {
namespace {

TEST(MediaTypeTest, CountsTextButNotXml) {
  for (const char* type : {"text/html", "text/plain", "TEXT/CSS", "text/javascript", "text/markdown ; x=y", "text/x"}) {
    EXPECT_TRUE(IsTextType(type)) << type;
  }
  // RFC 7303: XML says its encoding itself. RFC 8259: JSON is UTF-8.
  for (const char* type :
       {"", "text", "text/", "texts/html", "application/json", "application/javascript", "text/xml", "Text/XML;a=b",
        "text/foo+xml", "text/xml-external-parsed-entity", "image/svg+xml", "application/xhtml+xml", "image/png"}) {
    EXPECT_FALSE(IsTextType(type)) << type;
  }
}

TEST(MediaTypeTest, KnowsWhatPagesConsistOf) {
  for (const char* type : {"text/css", "text/javascript; charset=utf-8", "Application/JSON", "application/wasm",
                           "image/svg+xml", "font/woff2", "audio/mpeg", "video/mp4"}) {
    EXPECT_TRUE(IsPagePart(type)) << type;
  }
  for (const char* type : {"", "text/html", "text/plain", "application/pdf", "application/octet-stream", "images/x"}) {
    EXPECT_FALSE(IsPagePart(type)) << type;
  }
}

bool Asks(std::string_view fields) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
  RequestParser parser(HeadLimits{});
  EXPECT_EQ(parser.Parse(text), ParseStatus::kDone) << fields;
  return AsksForPage(parser.head());
}

// RFC 9110 section 12.5.1.
TEST(MediaTypeTest, OnlyWhoNamesHtmlAsksForAPage) {
  for (const char* fields :
       {"Accept: text/html\r\n", "Accept: image/png, TEXT/HTML ; q=0.1\r\n", "Accept: a/b\r\naccept: text/html\r\n",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"}) {
    EXPECT_TRUE(Asks(fields)) << fields;
  }
  for (const char* fields : {"", "Accept: */*\r\n", "Accept: text/*\r\n", "Accept: text/html5\r\n", "Accept:\r\n",
                             "X-Accept: text/html\r\n", "Accept: a/b;c=text/html\r\n"}) {
    EXPECT_FALSE(Asks(fields)) << fields;
  }
}

TEST(MediaTypeTest, KnowsWhatABrowserRuns) {
  for (const char* type : {"text/html", "TEXT/HTML; charset=utf-8", "image/svg+xml", "text/xml", "application/xml",
                           "application/xhtml+xml", "text/xsl"}) {
    EXPECT_TRUE(IsActive(type)) << type;
  }
  for (const char* type : {"text/plain", "image/png", "application/pdf", "text/markdown", ""})
    EXPECT_FALSE(IsActive(type)) << type;
}

}  // namespace
}  // namespace brilliant::http
