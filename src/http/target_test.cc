#include "http/target.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace brilliant::http {
namespace {

using namespace std::string_view_literals;

std::string Repeat(std::string_view text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

template <typename Path>
concept CanNormalize =
    requires(Path&& path, std::string& storage) { NormalizePath(std::forward<Path>(path), storage); };
static_assert(CanNormalize<std::string&> && CanNormalize<std::string_view> && CanNormalize<const char*>);
static_assert(!CanNormalize<std::string>, "the result may be a view of the path");

TEST(NormalizePathTest, ReturnsTheInputItselfIfNothingHasToChange) {
  for (const std::string_view path : {"/", "/a", "/a/", "/a/b.c/...", "/.a/..b/c..", "/\\..\\", "/\xff\xfe \xc3\xa4"}) {
    std::string storage = "untouched";
    const auto normal = NormalizePath(path, storage);
    ASSERT_TRUE(normal.has_value()) << path;
    EXPECT_EQ(normal->data(), path.data()) << path;
    EXPECT_EQ(normal->size(), path.size()) << path;
    EXPECT_EQ(storage, "untouched");
  }
}

TEST(NormalizePathTest, DecodesOnceAndRemovesDotSegments) {
  struct Case {
    std::string_view raw;
    std::string_view normal;
  };
  const Case cases[] = {
      {"/%41%7e%20", "/A~ "},  // RFC 3986 section 2.1
      {"/%2541", "/%41"},      // RFC 3986 section 2.4: never decode twice
      {"/%25%32%66", "/%2f"},
      {"/%ff%C3%A4", "/\xff\xc3\xa4"},  // bytes, whether UTF-8 or not
      {"/a/b/c/./../../g", "/a/g"},     // RFC 3986 section 5.2.4
      {"/a/.", "/a/"},
      {"/a/./", "/a/"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/a/../", "/"},
      {"/./a", "/a"},
      {"/.", "/"},
      {"/%2e", "/"},
      {"/a/%2E%2e/b", "/b"},
      {"/a/.%2e/b", "/b"},
      {"/a/%2e.", "/"},
      {"/...", "/..."},
      {"//", "/"},
      {"//a///b//", "/a/b/"},
      {"/a//../b", "/b"},
      {"//..//a", ""},
      {"/%5c..%5C", "/\\..\\"},
      {"/a%3fb%23c%3B", "/a?b#c;"},
  };
  for (const Case& c : cases) {
    std::string storage;
    const auto normal = NormalizePath(c.raw, storage);
    if (c.normal.empty()) {
      EXPECT_FALSE(normal.has_value()) << c.raw;
      continue;
    }
    ASSERT_TRUE(normal.has_value()) << c.raw;
    EXPECT_EQ(*normal, c.normal) << c.raw;
  }
}

TEST(NormalizePathTest, RefusesWhatNoFileCanBeCalledOrWouldMislead) {
  struct Case {
    std::string_view raw;
    size_t offset;
    const char* reason;
  };
  const Case cases[] = {
      {"", 0, "path that doesn't begin with a slash"},
      {"a", 0, "path that doesn't begin with a slash"},
      {"*", 0, "path that doesn't begin with a slash"},
      {"/a%00b", 2, "NUL in the path"},
      {"/a\0b"sv, 2, "NUL in the path"},
      {"/a%2fb", 2, "encoded slash in the path"},
      {"/..%2Fb", 3, "encoded slash in the path"},
      {"/a%0d%0aX:y", 2, "control character in the path"},
      {"/a%1f", 2, "control character in the path"},
      {"/a%7F", 2, "control character in the path"},
      {"/a\tb", 2, "control character in the path"},
      {"/%", 1, "malformed percent-encoding in the path"},
      {"/%4", 1, "malformed percent-encoding in the path"},
      {"/%4/1", 1, "malformed percent-encoding in the path"},
      {"/%4g", 1, "malformed percent-encoding in the path"},
      {"/..", 1, "path that climbs above the root"},
      {"/a/../../b", 6, "path that climbs above the root"},
      {"/%2e%2e/etc/passwd", 1, "path that climbs above the root"},
      {"/./../", 3, "path that climbs above the root"},
  };
  for (const Case& c : cases) {
    std::string storage;
    const auto normal = NormalizePath(c.raw, storage);
    ASSERT_FALSE(normal.has_value()) << c.raw;
    EXPECT_EQ(normal.error().status, 400) << c.raw;
    EXPECT_EQ(normal.error().offset, c.offset) << c.raw;
    EXPECT_STREQ(normal.error().reason, c.reason) << c.raw;
  }
}

TEST(NormalizePathTest, BoundsSegmentsAfterDecoding) {
  std::string storage;
  const std::string longest(kPathSegmentBytesMax, 'a');
  for (const std::string& raw : {"/" + longest + "/", "/" + Repeat("%41", kPathSegmentBytesMax)}) {
    EXPECT_TRUE(NormalizePath(raw, storage).has_value());
  }
  for (const std::string& raw : {"/x/" + longest + "a", "/x/" + Repeat("%41", kPathSegmentBytesMax + 1)}) {
    const auto normal = NormalizePath(raw, storage);
    ASSERT_FALSE(normal.has_value());
    EXPECT_EQ(normal.error().status, 414);
    EXPECT_EQ(normal.error().offset, 3U);
  }
}

TEST(NormalizePathTest, BoundsTheDepth) {
  std::string storage;
  const std::string deepest = Repeat("/a", kPathDepthMax);
  for (const std::string& raw : {deepest, deepest + "/", deepest + "/./../a"}) {
    EXPECT_TRUE(NormalizePath(raw, storage).has_value());
  }
  for (const std::string& raw : {deepest + "/a", deepest + "/%41"}) {
    const auto normal = NormalizePath(raw, storage);
    ASSERT_FALSE(normal.has_value());
    EXPECT_EQ(normal.error().status, 414);
    EXPECT_EQ(normal.error().offset, 2 * kPathDepthMax + 1);
  }
}

// Whatever is put together of what has fooled servers before: what comes out is safe to open beneath a root.
TEST(NormalizePathTest, IsNormalWhateverTheSpelling) {
  constexpr std::string_view kParts[] = {
      "..",           "%2e%2e", ".%2E",   "%252e%252e", "/",         "/",      "%2f",      "%252f",
      "\\",           "%5c",    "..;",    "%00",        "%c0%ae",    "%c0%af", "//",       "/./",
      "/../",         "a",      "%61",    ".",          "%2e",       "..%20",  "\xc0\xae", "%u002e",
      "\xef\xbc\x8e", "/%2e/",  "/.%2e/", "~",          "%e2%80%a5", " ",      "/a/b/c/",  "%0a",
      "index.html/",  "?",      "#",      "/.../",      "....//",    "%",      "%2",       "..\\"};
  uint64_t state = 20'260;
  size_t accepted = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string raw = "/";
    for (int parts = round % 8; parts >= 0; --parts) {
      state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
      raw += kParts[(state >> 33) % std::size(kParts)];
    }
    std::string storage;
    const auto normal = NormalizePath(raw, storage);
    if (!normal) continue;
    ++accepted;
    EXPECT_TRUE(normal->starts_with('/')) << raw;
    EXPECT_FALSE(normal->contains("//")) << raw;
    const std::string closed = std::string(*normal) + "/";
    EXPECT_FALSE(closed.contains("/./") || closed.contains("/../")) << raw;
    const std::string encoded = EncodePath(*normal);
    std::string second_storage;
    const auto again = NormalizePath(encoded, second_storage);
    ASSERT_TRUE(again.has_value()) << raw;
    EXPECT_EQ(*again, *normal) << raw;
    EXPECT_EQ(EncodePath(*again), encoded) << raw;
  }
  EXPECT_GT(accepted, 10'000U);
}

TEST(EncodePathTest, LeavesNothingThatHtmlHeadersOrBrowsersCouldMisread) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string encoded = EncodePath(all);
  EXPECT_EQ(encoded.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                      "-._~!$&'()*+,;=:@/%"),
            std::string::npos);
  EXPECT_EQ(EncodePath("/a b%c?d#e\r\n\\\"<\xc3\xa4"), "/a%20b%25c%3Fd%23e%0D%0A%5C%22%3C%C3%A4");
  EXPECT_EQ(EncodePath("//evil.example//x"), "/evil.example//x") << "never another server";
  EXPECT_EQ(EncodePath("sub folder/a"), "sub%20folder/a");
  EXPECT_EQ(EncodePath(""), "");
}

TEST(EncodePathTest, IsUndoneByNormalizing) {
  for (int byte = 0x20; byte < 256; ++byte) {
    if (byte == '/' || byte == 0x7f) continue;
    const std::string path = std::string("/x") + static_cast<char>(byte) + "/";
    std::string storage;
    const std::string encoded = EncodePath(path);
    const auto normal = NormalizePath(encoded, storage);
    ASSERT_TRUE(normal.has_value()) << byte;
    EXPECT_EQ(*normal, path);
  }
}

TEST(EncodeTargetTest, EncodesRawBytesAndKeepsValidEncoding) {
  EXPECT_EQ(EncodeTarget("/\xc3\xa4%20\"<>?q=\xff%"), "/%C3%A4%20%22%3C%3E?q=%FF%25");
  EXPECT_EQ(EncodeTarget("/a[1]{2}|3^`\\"), "/a%5B1%5D%7B2%7D%7C3%5E%60%5C");
  EXPECT_EQ(EncodeTarget("///evil.example/\xff"), "/evil.example/%FF");
  EXPECT_EQ(EncodeTarget("/\\evil.example/\xff"), "/%5Cevil.example/%FF");
  EXPECT_EQ(EncodeTarget("/\r\nX: y"), "/%0D%0AX:%20y");
}

TEST(EncodeTargetTest, EncodesPathAndQueryOfARequest) {
  RequestHead head;
  head.path = "//\xe4";
  EXPECT_EQ(EncodeTarget(head), "/%E4");
  head.has_query = true;
  EXPECT_EQ(EncodeTarget(head), "/%E4?");
  head.query = "//?<%3C";
  EXPECT_EQ(EncodeTarget(head), "/%E4?//?%3C%3C");
}

TEST(EncodeTargetTest, ChangesNothingTheSecondTime) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string once = EncodeTarget(std::string("/%") + static_cast<char>(byte) + "1?");
    EXPECT_EQ(EncodeTarget(once), once);
  }
}

}  // namespace
}  // namespace brilliant::http
