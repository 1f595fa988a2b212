#include "http/etag.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brilliant::http {
namespace {

// RFC 9110 section 8.8.3.
TEST(EntityTagTest, ReadsStrongAndWeakTags) {
  EXPECT_EQ(ParseEntityTag("\"xyzzy\"")->opaque, "xyzzy");
  EXPECT_FALSE(ParseEntityTag("\"xyzzy\"")->weak);
  EXPECT_EQ(ParseEntityTag("W/\"xyzzy\"")->opaque, "xyzzy");
  EXPECT_TRUE(ParseEntityTag("W/\"xyzzy\"")->weak);
  EXPECT_EQ(ParseEntityTag("\"\"")->opaque, "");
  EXPECT_EQ(ParseEntityTag("\"!#,\\\xff\"")->opaque, "!#,\\\xff");
}

TEST(EntityTagTest, RefusesWhatIsNoTag) {
  for (const char* text : {"", "xyzzy", "\"", "\"a", "a\"", "w/\"a\"", "W\"a\"", "W/ \"a\"", "\"a\" ", "\"a\"\"b\"",
                           "*", "\"a b\"", "\"a\tb\"", "\"a\x7f\"", "W/"}) {
    EXPECT_FALSE(ParseEntityTag(text).has_value()) << text;
  }
}

// RFC 9110 section 8.8.3.2, its table.
TEST(EntityTagTest, ComparesStronglyAndWeakly) {
  struct Case {
    const char* a;
    const char* b;
    bool strong;
    bool weak;
  };
  const Case cases[] = {
      {"W/\"1\"", "W/\"1\"", false, true},
      {"W/\"1\"", "W/\"2\"", false, false},
      {"W/\"1\"", "\"1\"", false, true},
      {"\"1\"", "\"1\"", true, true},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(StrongMatch(*ParseEntityTag(c.a), *ParseEntityTag(c.b)), c.strong) << c.a << c.b;
    EXPECT_EQ(WeakMatch(*ParseEntityTag(c.a), *ParseEntityTag(c.b)), c.weak) << c.a << c.b;
  }
}

std::vector<std::string> ReadAll(std::string_view value) {
  std::vector<std::string> tags;
  EntityTagReader reader(value);
  while (const auto tag = reader.Next()) tags.push_back((tag->weak ? "w:" : "s:") + std::string(tag->opaque));
  return tags;
}

// RFC 9110 sections 5.6.1 and 13.1.1.
TEST(EntityTagReaderTest, ReadsListsUpToTheFirstMalformedMember) {
  using Tags = std::vector<std::string>;
  EXPECT_EQ(ReadAll(""), Tags());
  EXPECT_EQ(ReadAll("\"a\""), Tags{"s:a"});
  EXPECT_EQ(ReadAll("\"a\",W/\"b,c\" ,\t \"\""), (Tags{"s:a", "w:b,c", "s:"}));
  EXPECT_EQ(ReadAll(",, \"a\" ,,\"b\", "), (Tags{"s:a", "s:b"}));
  EXPECT_EQ(ReadAll("\"a\", b, \"c\""), Tags{"s:a"});
  EXPECT_EQ(ReadAll("\"a\" \"b\""), Tags());
  EXPECT_EQ(ReadAll("*"), Tags());
}

TEST(MakeEntityTagTest, TellsApartTimesSizesAndCodings) {
  EXPECT_EQ(MakeEntityTag(0x1234, 0xff, "", false), "\"1234-ff\"");
  EXPECT_EQ(MakeEntityTag(0x1234, 0xff, "gzip", true), "W/\"1234-ff-gzip\"");
  EXPECT_EQ(MakeEntityTag(-1, 0, "", false), "\"ffffffffffffffff-0\"");
  EXPECT_TRUE(ParseEntityTag(MakeEntityTag(1'767'323'045'000'000'001, 5, "br", true)).has_value());
}

}  // namespace
}  // namespace brilliant::http
