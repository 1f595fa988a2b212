#include "http/media_type.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace brilliant::http
