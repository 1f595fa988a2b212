#include "http/cross_site.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brilliant::http {
namespace {

// RFC 6454 section 6.2, RFC 3986 section 3.2.
TEST(CrossSiteTest, AnOriginIsSchemeHostAndPort) {
  const auto plain = ParseOrigin("http://a.example");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->is_https);
  EXPECT_EQ(plain->host, "a.example");
  EXPECT_EQ(plain->port, 80);
  EXPECT_EQ(ParseOrigin("HTTPS://A.example"), ParseOrigin("https://a.EXAMPLE:443"));
  EXPECT_EQ(ParseOrigin("http://[::1]:8080")->host, "[::1]");
  EXPECT_EQ(ParseOrigin("http://[::1]:8080")->port, 8080);
  EXPECT_NE(ParseOrigin("http://a"), ParseOrigin("https://a"));
  EXPECT_NE(ParseOrigin("http://a"), ParseOrigin("http://a:8080"));
  for (const char* text : {"",
                           "null",
                           "a.example",
                           "http:",
                           "http://",
                           "http://:80",
                           "http://a/",
                           "http://a?",
                           "http://a#",
                           "http://u@a",
                           "http://a:65536",
                           "http://a:x",
                           "http://a b",
                           "http://a, http://b",
                           "http://a http://b",
                           "ftp://a",
                           "file://",
                           "chrome-extension://abc",
                           "//a",
                           "http:/a",
                           "http://[::1",
                           "http://a%zz",
                           "nullx"}) {
    EXPECT_FALSE(ParseOrigin(text)) << text;
  }
}

struct SiteCase {
  const char* host;  // with its port
  std::vector<Field> fields;
  CrossSite expected;
};

RequestHead HeadFor(std::string_view host, const std::vector<Field>& fields) {
  RequestHead head;
  const size_t colon = host.ends_with(']') ? std::string_view::npos : host.rfind(':');
  head.host = host.substr(0, colon);
  if (colon != std::string_view::npos)
    head.port = static_cast<uint16_t>(std::stoi(std::string(host.substr(colon + 1))));
  head.fields = fields;
  return head;
}

void Check(const std::vector<SiteCase>& cases, const std::vector<std::string>& allowed = {}) {
  for (const SiteCase& each : cases) {
    std::string shown = each.host;
    for (const Field& field : each.fields) shown += " | " + std::string(field.name) + ": " + std::string(field.value);
    EXPECT_EQ(JudgeSite(HeadFor(each.host, each.fields), allowed), each.expected) << shown;
  }
}

TEST(CrossSiteTest, WhatIsNoBrowserSaysNothingAndIsNotRefused) {
  Check({{"a", {{"User-Agent", "curl"}}, CrossSite::kNo}});
}

TEST(CrossSiteTest, OriginHasToNameTheAuthorityOfTheRequest) {
  Check({
      {"a", {{"Origin", "http://a"}}, CrossSite::kNo},
      {"A.Example", {{"origin", "http://a.eXample"}}, CrossSite::kNo},
      {"a:8080", {{"Origin", "http://a:8080"}}, CrossSite::kNo},
      {"[::1]:8080", {{"Origin", "http://[::1]:8080"}}, CrossSite::kNo},
      {"127.0.0.1:8080", {{"Origin", "http://localhost:8080"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "http://b"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "http://a.b"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "http://b.a"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "http://a@b"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "http://a."}}, CrossSite::kOtherOrigin},
      {"a:8080", {{"Origin", "http://a:8081"}}, CrossSite::kOtherOrigin},
      {"a:8080", {{"Origin", "http://a"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "http://a:8080"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", ""}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "a"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "chrome-extension://a"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "null"}}, CrossSite::kNullOrigin},
      {"", {{"Origin", "http://a"}}, CrossSite::kOtherOrigin},
  });
}

// Who ends TLS in front of the server speaks http to it.
TEST(CrossSiteTest, TheSchemeDoesNotCountAndItsPortMayBeLeftOut) {
  Check({
      {"a", {{"Origin", "https://a"}}, CrossSite::kNo},
      {"a:443", {{"Origin", "https://a"}}, CrossSite::kNo},
      {"a:80", {{"Origin", "http://a"}}, CrossSite::kNo},
      {"a", {{"Origin", "http://a:80"}}, CrossSite::kNo},
      {"a:8443", {{"Origin", "https://a:8443"}}, CrossSite::kNo},
      {"a:80", {{"Origin", "https://a"}}, CrossSite::kOtherOrigin},
      {"a", {{"Origin", "https://a:80"}}, CrossSite::kOtherOrigin},
  });
}

TEST(CrossSiteTest, SecFetchSiteHasToBeSameOriginOrNone) {
  const Field same{"Origin", "http://a"};
  Check({
      {"a", {{"Sec-Fetch-Site", "same-origin"}}, CrossSite::kNo},
      {"a", {{"sec-fetch-site", "none"}}, CrossSite::kNo},
      {"a", {same, {"Sec-Fetch-Site", "same-origin"}}, CrossSite::kNo},
      {"a", {{"Sec-Fetch-Site", "same-site"}}, CrossSite::kOtherSite},
      {"a", {{"Sec-Fetch-Site", "cross-site"}}, CrossSite::kOtherSite},
      {"a", {{"Sec-Fetch-Site", "Same-Origin"}}, CrossSite::kOtherSite},
      {"a", {{"Sec-Fetch-Site", ""}}, CrossSite::kOtherSite},
      {"a", {same, {"Sec-Fetch-Site", "cross-site"}}, CrossSite::kOtherSite},
      {"a", {{"Origin", "http://b"}, {"Sec-Fetch-Site", "same-origin"}}, CrossSite::kOtherOrigin},
  });
}

// RFC 9110 section 5.3: neither is a list, so several contradict each other.
TEST(CrossSiteTest, SeveralOfAFieldAreNotToBeTrusted) {
  const Field same{"Origin", "http://a"};
  Check({
      {"a", {same, same}, CrossSite::kOtherOrigin},
      {"a", {same, {"Origin", "http://b"}}, CrossSite::kOtherOrigin},
      {"a", {{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "cross-site"}}, CrossSite::kOtherSite},
      {"a", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "none"}}, CrossSite::kOtherSite},
  });
}

TEST(CrossSiteTest, AllowedOriginsAreComparedAsAWhole) {
  Check(
      {
          {"a", {{"Origin", "https://b.example"}, {"Sec-Fetch-Site", "cross-site"}}, CrossSite::kNo},
          {"a", {{"Origin", "https://B.example:443"}}, CrossSite::kNo},
          {"a", {{"Origin", "http://c:8080"}, {"Sec-Fetch-Site", "same-site"}}, CrossSite::kNo},
          {"a", {{"Origin", "http://a"}}, CrossSite::kNo},
          {"a", {{"Origin", "http://b.example"}}, CrossSite::kOtherOrigin},
          {"a", {{"Origin", "https://x.b.example"}}, CrossSite::kOtherOrigin},
          {"a", {{"Origin", "http://c"}}, CrossSite::kOtherOrigin},
          {"a", {{"Origin", "null"}}, CrossSite::kNullOrigin},
          {"a", {{"Sec-Fetch-Site", "cross-site"}}, CrossSite::kOtherSite},
          {"a", {{"Origin", "http://a"}, {"Sec-Fetch-Site", "cross-site"}}, CrossSite::kOtherSite},
          {"a", {{"Origin", "https://b.example"}, {"Origin", "https://b.example"}}, CrossSite::kOtherOrigin},
      },
      {"https://b.example", "http://c:8080"});
}

}  // namespace
}  // namespace brilliant::http
