#include "http/status.h"

#include <gtest/gtest.h>

namespace brilliant::http {
namespace {

// RFC 9110 section 15.
TEST(StatusTest, NamesRegisteredCodes) {
  EXPECT_EQ(ReasonPhrase(100), "Continue");
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(308), "Permanent Redirect");
  EXPECT_EQ(ReasonPhrase(413), "Content Too Large");
  EXPECT_EQ(ReasonPhrase(505), "HTTP Version Not Supported");
  EXPECT_EQ(ReasonPhrase(511), "Network Authentication Required");
}

TEST(StatusTest, NamesOtherCodesByTheirClassAndInvalidOnesNotAtAll) {
  EXPECT_EQ(ReasonPhrase(199), "Informational");
  EXPECT_EQ(ReasonPhrase(299), "Success");
  EXPECT_EQ(ReasonPhrase(399), "Redirection");
  EXPECT_EQ(ReasonPhrase(499), "Client Error");
  EXPECT_EQ(ReasonPhrase(599), "Server Error");
  for (const int status : {-1, 0, 99, 600, 1000}) {
    EXPECT_FALSE(IsValidStatus(status));
    EXPECT_EQ(ReasonPhrase(status), "");
  }
}

// RFC 9112 section 6.3.
TEST(StatusTest, KnowsWhichAnswersHaveNoContent) {
  for (const int status : {100, 103, 199, 204, 304}) EXPECT_TRUE(HasNoContent(status)) << status;
  for (const int status : {200, 205, 206, 301, 404, 500}) EXPECT_FALSE(HasNoContent(status)) << status;
}

}  // namespace
}  // namespace brilliant::http
