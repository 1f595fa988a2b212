#include "http/credentials.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "http/request_parser.h"

namespace brilliant::http {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string Encode(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) {
      const unsigned byte = i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0;
      bits = bits << 8 | byte;
    }
    for (size_t j = 0; j < 4; ++j) {
      text += i + j > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

// "user|password", or the fault's number.
std::string Parse(std::string_view value) {
  CredentialStorage storage;
  const auto credentials = ParseBasicCredentials(value, storage);
  if (!credentials) return std::to_string(static_cast<int>(credentials.error()));
  return std::string(credentials->user) + "|" + std::string(credentials->password);
}
std::string Fault(CredentialsFault fault) { return std::to_string(static_cast<int>(fault)); }

// RFC 7617 sections 2 and 2.1 have the first two.
TEST(CredentialsTest, ThePairIsSplitAtItsFirstColon) {
  EXPECT_EQ(Parse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(Parse("Basic dGVzdDoxMjPCow=="), "test|123\xc2\xa3");
  EXPECT_EQ(Parse("Basic " + Encode("a:b:c")), "a|b:c");
  EXPECT_EQ(Parse("Basic " + Encode("a:")), "a|");
  EXPECT_EQ(Parse("Basic " + Encode("a::")), "a|:");
  EXPECT_EQ(Parse("Basic " + Encode("two words:\xff\xfe ~")), "two words|\xff\xfe ~");
}

// RFC 9110 section 11.1: schemes compare without case; section 11.4: 1*SP.
TEST(CredentialsTest, TheSchemeIsBasicInAnyCase) {
  EXPECT_EQ(Parse("bAsIc " + Encode("a:b")), "a|b");
  EXPECT_EQ(Parse("Basic    " + Encode("a:b")), "a|b");
  for (const char* value : {"", "Bearer YTpi", "Basi YTpi", "Basics YTpi", "Basic\tYTpi", "BasicYTpi",
                            "Digest realm=\"x\"", " Basic YTpi", "YTpi"}) {
    EXPECT_EQ(Parse(value), Fault(CredentialsFault::kScheme)) << value;
  }
}

// RFC 4648 sections 3.2, 3.3, 3.5 and 4; RFC 7617 section 2 on controls and colons.
TEST(CredentialsTest, WhatIsNotWrittenAsItMustBeIsRefused) {
  for (const char* value :
       {"Basic", "Basic ", "Basic YTpi=", "Basic YTp", "Basic YTpi YTpi", "Basic YT pi", "Basic =YTp", "Basic YT=i",
        "Basic ====", "Basic YTo", "Basic YTp=", "Basic YTpi,", "Basic -_==", "Basic YTpi\t",
        "Basic YTqb==", "Basic YTpj====", "Basic YTpiYR==", "Basic YTpiYWK="}) {
    EXPECT_EQ(Parse(value), Fault(CredentialsFault::kMalformed)) << value;
  }
  EXPECT_EQ(Parse("Basic YTpiYQ=="), "a|ba") << "the same with the unused bits zero";
  EXPECT_EQ(Parse("Basic YTpiYWI="), "a|bab");
  const std::string_view pairs[] = {"nocolon", ":",     ":password", {"a:\0b", 4}, {"a\0:b", 4},
                                    "a:b\n",   "a\r:b", "a:\x1f",    "a:\x7f",     "a\t:b"};
  for (const std::string_view pair : pairs) {
    EXPECT_EQ(Parse("Basic " + Encode(pair)), Fault(CredentialsFault::kMalformed)) << pair;
  }
}

TEST(CredentialsTest, LengthsHaveALimit) {
  const std::string user(kUserBytesMax, 'u');
  EXPECT_EQ(Parse("Basic " + Encode(user + ":p")), user + "|p");
  EXPECT_EQ(Parse("Basic " + Encode(user + "u:p")), Fault(CredentialsFault::kTooLarge));
  const std::string password(kCredentialBytesMax - 2, 'p');
  EXPECT_EQ(Parse("Basic " + Encode("u:" + password)), "u|" + password);
  EXPECT_EQ(Parse("Basic " + Encode("u:p" + password)), Fault(CredentialsFault::kTooLarge));
  EXPECT_EQ(Parse("Basic " + std::string(100'000, 'A')), Fault(CredentialsFault::kTooLarge));
}

std::string Find(std::string_view fields) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
  RequestParser parser(HeadLimits{});
  EXPECT_EQ(parser.Parse(text), ParseStatus::kDone) << fields;
  CredentialStorage storage;
  const auto credentials = FindBasicCredentials(parser.head(), storage);
  if (!credentials) return Fault(credentials.error());
  return std::string(credentials->user) + "|" + std::string(credentials->password);
}

// RFC 9110 section 5.3: Authorization is no list, a second line of it is an attack or a mistake.
TEST(CredentialsTest, OneFieldIsFoundAndSeveralAreNot) {
  EXPECT_EQ(Find(""), Fault(CredentialsFault::kNone));
  EXPECT_EQ(Find("Proxy-Authorization: Basic YTpi\r\n"), Fault(CredentialsFault::kNone));
  EXPECT_EQ(Find("authorization:  Basic YTpi  \r\n"), "a|b");
  EXPECT_EQ(Find("Authorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\n"), Fault(CredentialsFault::kSeveral));
  EXPECT_EQ(Find("Authorization: Bearer x\r\nAUTHORIZATION: Basic YTpi\r\n"), Fault(CredentialsFault::kSeveral));
}

// RFC 9110 section 5.6.4: `"` and `\` are escaped in a quoted string. RFC 7617 section 2.1: charset.
TEST(CredentialsTest, TheChallengeQuotesItsRealm) {
  EXPECT_EQ(BasicChallenge("Staff only"), "Basic realm=\"Staff only\", charset=\"UTF-8\"");
  EXPECT_EQ(BasicChallenge("a \"b\" c\\"), "Basic realm=\"a \\\"b\\\" c\\\\\", charset=\"UTF-8\"");
}

}  // namespace
}  // namespace brilliant::http
