#include "http/accept.h"

#include <gtest/gtest.h>

#include <string>

#include "http/request_parser.h"

namespace brilliant::http {
namespace {

constexpr std::string_view kHtml = "text/html";
constexpr std::string_view kJson = "application/json";

struct AcceptTest : testing::Test {
  const RequestHead& Head(const std::string& fields) {
    text = "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    parser.emplace(HeadLimits{});
    EXPECT_EQ(parser->Parse(text), ParseStatus::kDone);
    return parser->head();
  }
  int Quality(const std::string& accept, std::string_view type) {
    return QualityOf(Head("Accept: " + accept + "\r\n"), type);
  }
  bool LikesJson(const std::string& accept) { return Prefers(Head("Accept: " + accept + "\r\n"), kJson, kHtml); }

  std::string text;
  std::optional<RequestParser> parser;
};

// RFC 9110 section 12.5.1.
TEST_F(AcceptTest, TheMostSpecificRangeCounts) {
  EXPECT_EQ(QualityOf(Head(""), kHtml), 1000);
  EXPECT_EQ(Quality("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", kHtml), 700);
  EXPECT_EQ(Quality("text/*;q=0.3, */*;q=0.5", kHtml), 300);
  EXPECT_EQ(Quality("text/*;q=0.3, */*;q=0.5", "image/png"), 500);
  EXPECT_EQ(Quality("text/plain", kHtml), 0);
  EXPECT_EQ(Quality("TEXT/HTML ; Q=0.25", kHtml), 250);
  EXPECT_EQ(Quality("text/html;level=1, text/html;q=0.7", kHtml), 700);
  EXPECT_EQ(Quality("text/html;q=2", kHtml), 0);
  EXPECT_EQ(Quality("text/html;q=0.1234", kHtml), 0);
  EXPECT_EQ(Quality("text/html;q=1.1", kHtml), 0);
  EXPECT_EQ(Quality("text/html;q=0", kHtml), 0);
  EXPECT_EQ(Quality("", kHtml), 0);
}

TEST_F(AcceptTest, OnlyWhatIsNamedIsPreferred) {
  EXPECT_FALSE(Prefers(Head(""), kJson, kHtml));
  EXPECT_FALSE(LikesJson("*/*"));
  EXPECT_FALSE(LikesJson("application/*"));
  EXPECT_FALSE(LikesJson("text/html,application/xhtml+xml,*/*;q=0.8"));
  EXPECT_TRUE(LikesJson("application/json"));
  EXPECT_TRUE(LikesJson("application/json, */*"));
  EXPECT_TRUE(LikesJson("application/json, text/html"));
  EXPECT_FALSE(LikesJson("text/html, application/json"));
  EXPECT_FALSE(LikesJson("application/json;q=0.5, text/html"));
  EXPECT_TRUE(LikesJson("text/html;q=0.5, application/json"));
  EXPECT_FALSE(LikesJson("application/json;q=0"));
}

}  // namespace
}  // namespace brilliant::http
