#include "cgi/search_words.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace brilliant::cgi {
namespace {

using Words = std::vector<std::string>;

Words WordsOf(std::string_view query) { return SearchWords(http::Method::kGet, query); }

std::string Join(size_t words) {
  std::string query = "w";
  for (size_t i = 1; i < words; ++i) query += "+w";
  return query;
}

// RFC 3875 section 4.4: split at "+", then decoded.
TEST(SearchWordsTest, SplitsThenDecodes) {
  EXPECT_EQ(WordsOf("one"), Words{"one"});
  EXPECT_EQ(WordsOf("one+two"), (Words{"one", "two"}));
  EXPECT_EQ(WordsOf("a%2Bb%20c+%3d"), (Words{"a+b c", "="}));
  EXPECT_EQ(WordsOf("%C3%BCber+%FF"), (Words{"\xc3\xbc"
                                             "ber",
                                             "\xff"}));
  EXPECT_EQ(WordsOf("a-b+;/?:@&,$-_.!~*'()"), (Words{"a-b", ";/?:@&,$-_.!~*'()"}));
  EXPECT_EQ(WordsOf("%252D"), Words{"%2D"}) << "decoded once";
  EXPECT_EQ(WordsOf("$(reboot)"), Words{"$(reboot)"}) << "no shell ever sees it";
}

// RFC 3875 section 4.4: GET or HEAD, and a query without an unencoded "=".
TEST(SearchWordsTest, IsForIndexedQueriesOnly) {
  EXPECT_EQ(SearchWords(http::Method::kHead, "a"), Words{"a"});
  EXPECT_EQ(SearchWords(http::Method::kPost, "a"), Words());
  EXPECT_EQ(SearchWords(http::Method::kUnknown, "a"), Words());
  EXPECT_EQ(WordsOf(""), Words());
  EXPECT_EQ(WordsOf("a=b"), Words());
  EXPECT_EQ(WordsOf("a+b="), Words());
}

// CVE-2012-1823 and CVE-2024-4577.
TEST(SearchWordsTest, RefusesOptionsHoweverTheyAreSpelled) {
  for (const char* query :
       {"-s", "%2Ds", "%2ds", "a+-s", "a+%2D", "-d+allow_url_include%3d1", "%ADd+x%3d1", "%C2%ADs", "--", "a+-"}) {
    EXPECT_EQ(WordsOf(query), Words()) << query;
  }
}

// RFC 3875 section 4.4: if any part can't be made, there is no command line at all.
TEST(SearchWordsTest, OneBadWordIsNoWords) {
  for (const char* query : {"+", "a++b", "a+", "+a", "a+%00", "%0A", "a%7F", "%1b", "%", "%4", "%zz", "a+\"",
                            "a+\xc3\xa4", "a b", "a#b", "a[0]", "a|b"}) {
    EXPECT_EQ(WordsOf(query), Words()) << query;
  }
}

TEST(SearchWordsTest, EachLimitIsReachedAndNotPassed) {
  EXPECT_EQ(WordsOf(Join(kSearchWordsMax)).size(), kSearchWordsMax);
  EXPECT_EQ(WordsOf(Join(kSearchWordsMax + 1)), Words());
  EXPECT_EQ(WordsOf(std::string(kSearchBytesMax, 'a')).size(), 1U);
  EXPECT_EQ(WordsOf(std::string(kSearchBytesMax + 1, 'a')), Words());
}

}  // namespace
}  // namespace brilliant::cgi
