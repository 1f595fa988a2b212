#include "http/content_coding.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brilliant::http {
namespace {

constexpr ContentCoding kAll[] = {ContentCoding::kBrotli, ContentCoding::kZstd, ContentCoding::kGzip};

std::string Preferred(const std::vector<Field>& fields, std::span<const ContentCoding> offered = kAll) {
  RequestHead head;
  head.fields = fields;
  std::string names;
  for (const ContentCoding coding : PreferredCodings(head, offered)) {
    names += (names.empty() ? "" : " ") + std::string(NameOf(coding));
  }
  return names;
}

struct Case {
  const char* why;
  const char* value;
  const char* expected;
};

void ExpectAll(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(Preferred({{"accept-encoding", c.value}}), c.expected) << c.why << c.value;
}

// RFC 9110 section 12.5.3.
TEST(ContentCodingTest, FollowsWhatTheRequestAccepts) {
  EXPECT_EQ(Preferred({}), "");
  EXPECT_EQ(Preferred({{"Accept", "gzip"}}), "");
  ExpectAll({
      {"an empty value wants no coding", "", ""},
      {"the server chooses among equals: ", "gzip, deflate, br, zstd", "br zstd gzip"},
      {"only what is listed: ", "gzip", "gzip"},
      {"without case: ", "GZip, BR", "br gzip"},
      {"unknown ones: ", "deflate, compress, dcb", ""},
      {"the alias: ", "x-gzip", "gzip"},
      {"all: ", "*", "br zstd gzip"},
      {"all but one: ", "*, br;q=0", "zstd gzip"},
      {"nothing else: ", "gzip, *;q=0", "gzip"},
      {"empty members: ", ", gzip ,,", "gzip"},
  });
}

// RFC 9110 section 12.4.2.
TEST(ContentCodingTest, WeightsComeFirst) {
  ExpectAll({
      {"", "br;q=0.5, gzip;q=1.0, zstd;q=0.7", "gzip zstd br"},
      {"", "br;q=0.001, gzip;q=0.002", "gzip br"},
      {"not acceptable: ", "br;q=0, gzip;q=0.000, zstd;q=0.1", "zstd"},
      {"blanks: ", "br ; q=0.5\t,\tgzip\t;\tQ=0.6", "gzip br"},
      {"a star's weight is that of the rest: ", "gzip;q=1, *;q=0.9", "gzip br zstd"},
      {"the first counts: ", "gzip;q=0, gzip, x-gzip", ""},
  });
}

TEST(ContentCodingTest, NoCodingMayBePreferredToOne) {
  ExpectAll({
      {"only if mentioned: ", "gzip;q=0.1", "gzip"},
      {"", "identity, gzip;q=0.5", ""},
      {"", "identity;q=0.5, gzip;q=0.4, br;q=0.6", "br"},
      {"a coding beats its equal: ", "identity;q=0.5, gzip;q=0.5", "gzip"},
      {"refused: ", "identity;q=0, gzip;q=0.001", "gzip"},
      {"refused by the star: ", "*;q=0, gzip;q=0.5", "gzip"},
      {"meant by the star: ", "*;q=0.5, gzip;q=0.4", "br zstd"},
  });
}

TEST(ContentCodingTest, MalformedMembersAreSkipped) {
  ExpectAll({
      {"", "gzip;q=2, br", "br"},
      {"", "gzip;q=1.001, br", "br"},
      {"", "gzip;q=0.1234, br", "br"},
      {"", "gzip;q=, br", "br"},
      {"", "gzip;q=-1, br", "br"},
      {"", "gzip;q=.5, br", "br"},
      {"", "gzip;q = 0.5, br", "br"},
      {"", "gzip;level=9, br", "br"},
      {"", "gzip zstd, br", "br"},
      {"", "gzip;q=0.5;q=0.6, br", "br"},
      {"", "q=1", ""},
      {"", ";q=1", ""},
      {"", "\"gzip\"", ""},
      {"the ends of the grammar: ", "gzip;q=1., br;q=0., zstd;q=1.000", "zstd gzip"},
  });
}

TEST(ContentCodingTest, SeveralLinesAreOneList) {
  EXPECT_EQ(Preferred({{"Accept-Encoding", "gzip;q=0.5"}, {"Host", "h"}, {"Accept-Encoding", "br"}}), "br gzip");
}

TEST(ContentCodingTest, OnlyWhatIsOfferedInItsOrder) {
  constexpr ContentCoding kSome[] = {ContentCoding::kGzip, ContentCoding::kBrotli};
  EXPECT_EQ(Preferred({{"Accept-Encoding", "*"}}, kSome), "gzip br");
  EXPECT_EQ(Preferred({{"Accept-Encoding", "br, zstd"}}, kSome), "br");
  EXPECT_EQ(Preferred({{"Accept-Encoding", "*"}}, {}), "");
}

TEST(ContentCodingTest, HasNamesAndExtensions) {
  EXPECT_EQ(ExtensionOf(ContentCoding::kZstd), ".zst");
  EXPECT_EQ(ExtensionOf(ContentCoding::kIdentity), "");
  for (const ContentCoding coding : kAll) EXPECT_EQ(CodingFromName(NameOf(coding)), coding);
  EXPECT_EQ(CodingFromName("identity"), ContentCoding::kIdentity);
  EXPECT_EQ(CodingFromName(""), std::nullopt);
}

}  // namespace
}  // namespace brilliant::http
