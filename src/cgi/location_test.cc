#include "cgi/location.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/target.h"

namespace brilliant::cgi {
namespace {

// RFC 3875 section 6.3.2: local-pathquery, or an absolute URI with perhaps a fragment.
TEST(LocationTest, TellsPathsFromUris) {
  for (const char* value : {"/", "/a", "/a?b=c", "/a?b=http://c/", "//a/b", "/a:b"}) {
    EXPECT_EQ(FormOfLocation(value), LocationForm::kLocalPath) << value;
  }
  for (const char* value : {"http://h/", "https://h/a?b#c", "mailto:a@b", "urn:x", "a+b-c.1:x", "HTTP://h"}) {
    EXPECT_EQ(FormOfLocation(value), LocationForm::kAbsolute) << value;
  }
  for (const char* value :
       {"", "a", "a/b", "a/b:c", "?a", "#a", "./a", "..", "/a#b", ":", "http:", "1a:b", "a b:c", "ht\xc3\xa4:x"}) {
    EXPECT_EQ(FormOfLocation(value), LocationForm::kRelative) << value;
  }
}

// RFC 9110 section 10.2.2 with RFC 3986: nothing else than a URI goes to the client.
TEST(LocationTest, EncodesWhatMayNotStandInAUri) {
  struct Case {
    std::string_view value;
    std::string_view encoded;
  };
  const Case cases[] = {
      {"http://h/a?b=c&d[]=e#f", "http://h/a?b=c&d[]=e#f"},
      {"http://[::1]:80/", "http://[::1]:80/"},
      {"/a b\t\"<>\\^`{|}", "/a%20b%09%22%3C%3E%5C%5E%60%7B%7C%7D"},
      {"/%41%zz%4", "/%41%25zz%254"},
      {"/\xc3\xa4\xff", "/%C3%A4%FF"},
      {"//other.example/", "//other.example/"},
      {"?a", "?a"},
  };
  for (const Case& c : cases) {
    const auto encoded = EncodeLocation(c.value);
    ASSERT_TRUE(encoded.has_value()) << c.value;
    EXPECT_EQ(*encoded, c.encoded);
    EXPECT_EQ(*EncodeLocation(*encoded), c.encoded) << "encoded once";
  }
}

TEST(LocationTest, LocalTargetsCanBeRouted) {
  struct Case {
    std::string_view value;
    std::string_view target;
  };
  const Case cases[] = {
      {"/", "/"},
      {"/a/../b?c=%20", "/a/../b?c=%20"},
      {"//evil.example/x", "/evil.example/x"},
      {"/a b?c d", "/a%20b?c%20d"},
      {"/\xc3\xa4?\xff", "/%C3%A4?%FF"},
      {"/a%?b", "/a%25?b"},
      {"/a??b", "/a??b"},
  };
  for (const Case& c : cases) {
    const auto target = MakeLocalTarget(c.value);
    ASSERT_TRUE(target.has_value()) << c.value;
    EXPECT_EQ(*target, c.target);
  }
  for (const char* value : {"/..", "/a/../..", "/%2e%2e/", "/a%2Fb", "/%00", "/%0a"}) {
    EXPECT_FALSE(MakeLocalTarget(value).has_value()) << value;
  }
}

TEST(LocationTest, TheLimitIsReachedAndNotPassed) {
  std::string query = "/?" + std::string(kLocationBytesMax - 2, 'a');
  EXPECT_TRUE(EncodeLocation(query).has_value());
  EXPECT_TRUE(MakeLocalTarget(query).has_value());
  query += 'a';
  EXPECT_FALSE(EncodeLocation(query).has_value());
  EXPECT_FALSE(MakeLocalTarget(query).has_value());
  EXPECT_FALSE(EncodeLocation(std::string(kLocationBytesMax / 2, ' ')).has_value()) << "counted after encoding";
}

}  // namespace
}  // namespace brilliant::cgi
