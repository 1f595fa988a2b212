#include "files/mime_types.h"

#include <gtest/gtest.h>

namespace brilliant::files {
namespace {

MimeTypes Defaults() { return MimeTypes({}, "application/octet-stream"); }

TEST(MimeTypesTest, KnowsWhatTheWebIsMadeOf) {
  const MimeTypes types = Defaults();
  EXPECT_EQ(types.TypeOf("index.html"), "text/html");
  EXPECT_EQ(types.TypeOf("a/b/style.css"), "text/css");
  EXPECT_EQ(types.TypeOf("x.png"), "image/png");
  EXPECT_EQ(types.TypeOf("x.svg"), "image/svg+xml");
  EXPECT_EQ(types.TypeOf("x.json"), "application/json");
  EXPECT_EQ(types.TypeOf("x.txt"), "text/plain");
}

TEST(MimeTypesTest, ComparesWithoutCase) { EXPECT_EQ(Defaults().TypeOf("PHOTO.JpG"), "image/jpeg"); }

TEST(MimeTypesTest, TakesTheLastExtensionOfTheLastSegment) {
  const MimeTypes types = Defaults();
  EXPECT_EQ(types.TypeOf("page.html.txt"), "text/plain");
  EXPECT_EQ(types.TypeOf("folder.html/file"), "application/octet-stream");
  EXPECT_EQ(types.TypeOf("folder.html/"), "application/octet-stream");
}

TEST(MimeTypesTest, GivesTheDefaultWithoutAKnownExtension) {
  const MimeTypes types = Defaults();
  for (const std::string_view path : {"", "README", "x.", ".", "..", ".html", "a/.html", "x.no-such-type", "/"}) {
    EXPECT_EQ(types.TypeOf(path), "application/octet-stream") << path;
  }
}

TEST(MimeTypesTest, LongestExtensionIsLimited) {
  const std::string longest(kExtensionBytesMax, 'e');
  const MimeTypes types({{longest, "a/b"}, {longest + "e", "c/d"}}, "x/y");
  EXPECT_EQ(types.TypeOf("f." + longest), "a/b");
  EXPECT_EQ(types.TypeOf("f." + longest + "e"), "x/y");
}

TEST(MimeTypesTest, ConfigurationComesBeforeTheTable) {
  const MimeTypes types({{"html", "text/x-mine"}, {"foo", "text/foo"}}, "text/plain");
  EXPECT_EQ(types.TypeOf("a.HTML"), "text/x-mine");
  EXPECT_EQ(types.TypeOf("a.foo"), "text/foo");
  EXPECT_EQ(types.TypeOf("a.css"), "text/css");
  EXPECT_EQ(types.TypeOf("a"), "text/plain");
}

}  // namespace
}  // namespace brilliant::files
