#include "cgi/status_value.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace brilliant::cgi {
namespace {

using namespace std::string_view_literals;

// RFC 3875 section 6.3.3: status-code SP reason-phrase.
TEST(StatusValueTest, HasThreeDigitsAndPerhapsAPhrase) {
  struct Case {
    std::string_view value;
    int code;
    std::string_view reason;
  };
  const Case cases[] = {
      {"200", 200, ""},
      {"404 Not Found", 404, "Not Found"},
      {"599\tx  y", 599, "x  y"},
      {"302 ", 302, ""},
      {"204  gone", 204, "gone"},
      {"400 200 OK", 400, "200 OK"},
      {"500 \xe4\xc3\xbc", 500, "\xe4\xc3\xbc"},
  };
  for (const Case& c : cases) {
    const auto status = ParseStatusValue(c.value);
    ASSERT_TRUE(status.has_value()) << c.value;
    EXPECT_EQ(status->code, c.code) << c.value;
    EXPECT_EQ(status->reason, c.reason) << c.value;
  }
}

TEST(StatusValueTest, RefusesWhatIsNoFinalStatus) {
  for (const char* value : {"",     "OK",           "2",
                            "20",   "2000",         "20x",
                            "200x", "200OK",        "-200",
                            "+200", " 200",         "0x1ff",
                            "100",  "100 Continue", "101 Switching Protocols",
                            "103",  "199",          "600",
                            "999",  "000",          "HTTP/1.1 200"}) {
    const auto status = ParseStatusValue(value);
    ASSERT_FALSE(status.has_value()) << value;
    EXPECT_NE(std::string_view(status.error()), "") << value;
  }
}

// RFC 9112 section 4.
TEST(StatusLineTest, HasAVersionAndAStatus) {
  for (const char* line :
       {"HTTP/1.1 404 Not Found", "HTTP/1.0 404 Not Found", "HTTP/2 404 Not Found", "HTTP/1.1  404 Not Found"}) {
    ASSERT_TRUE(LooksLikeStatusLine(line));
    const auto status = ParseStatusLine(line);
    ASSERT_TRUE(status.has_value()) << line;
    EXPECT_EQ(status->code, 404);
    EXPECT_EQ(status->reason, "Not Found");
  }
  EXPECT_EQ(ParseStatusLine("HTTP/1.1 200")->reason, "");
}

TEST(StatusLineTest, RefusesWhatIsNone) {
  for (const std::string_view line : {""sv, "HTTP/"sv, "HTTP/1.1"sv, "HTTP/1.1 "sv, "HTTP/ 200 OK"sv, "HTTP/x 200 OK"sv,
                                      "HTTP/1.1 OK"sv, "HTTP/1.1 100 Continue"sv, "HTTP/1.1 200 O\rK"sv,
                                      "HTTP/1.1 200 O\0K"sv, "http/1.1 200 OK"sv, "HTTP 200 OK"sv, "Status: 200"sv}) {
    EXPECT_FALSE(ParseStatusLine(line).has_value()) << line;
  }
  EXPECT_FALSE(LooksLikeStatusLine("http: x"));
}

}  // namespace
}  // namespace brilliant::cgi
