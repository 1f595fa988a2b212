#include "handlers/listing_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/target.h"

namespace brilliant::handlers {
namespace {

using files::EntryKind;
using files::FolderEntry;
using testing::HasSubstr;
using testing::Not;

struct ListingWriterTest : testing::Test {
  std::string Entry(ListingFormat format, std::string_view name, EntryKind kind = EntryKind::kFile, uint64_t size = 1) {
    ListingView view;
    view.path = "/";
    view.options.format = format;
    std::string out;
    MakeListingWriter(view, types)
        ->AppendEntry(out, {.name = name, .kind = kind, .size = size, .mtime_seconds = 784'111'777});
    return out;
  }
  std::string Page(ListingView view, const ListingSummary& summary = {}) {
    const std::unique_ptr<ListingWriter> writer = MakeListingWriter(std::move(view), types);
    std::string out;
    writer->AppendBegin(out);
    writer->AppendEnd(out, summary);
    return out;
  }
  files::MimeTypes types{{}, "application/octet-stream"};
};

std::string Reference(std::string_view name) {
  std::string out;
  AppendReference(out, {.name = name});
  return out;
}

// Every name comes back from its reference as the same bytes, and never with a meaning of its own.
TEST_F(ListingWriterTest, ReferencesAreExactForAllBytes) {
  for (int byte = 0x20; byte < 256; ++byte) {
    if (byte == 0x7f || byte == '/') continue;
    const std::string name = {'x', static_cast<char>(byte), 'y'};
    std::string storage;
    const std::string target = "/" + Reference(name);
    const auto path = http::NormalizePath(target, storage);
    ASSERT_TRUE(path.has_value()) << byte;
    EXPECT_EQ(*path, "/" + name) << byte;
    EXPECT_EQ(target.find_first_of("\"<>\\ ?#"), std::string::npos) << byte;
  }
  EXPECT_EQ(Reference("javascript:alert(1)"), "./javascript:alert(1)");
  EXPECT_EQ(Reference("?a=b#c"), "%3Fa=b%23c");
  EXPECT_EQ(Reference("%2e%2e"), "%252e%252e");
  EXPECT_FALSE(CanBeRequested("a\nb"));
  EXPECT_FALSE(CanBeRequested("\x7f"));
  EXPECT_TRUE(CanBeRequested("a b\xff"));
}

TEST_F(ListingWriterTest, NamesOfAllBytesDoNotBreakOutOfThePage) {
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/') continue;
    const std::string row = Entry(ListingFormat::kHtml, std::string({'x', static_cast<char>(byte), 'y'}) + ".png");
    std::string tags;
    size_t quotes = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      quotes += row[i] == '"' ? 1 : 0;
      if (row[i] == '<') tags += row.substr(i, row.find_first_of(" >", i) - i) + ">";
    }
    std::erase_if(tags, [](char c) { return c == '/'; });
    EXPECT_THAT(tags, testing::AnyOf("<tr><th><a><a><td><td><time><time><td>",
                                     "<tr><th><a><bdi><bdi><a><td><td><time><time><td>",
                                     "<tr><th><span><bdi><bdi><span><td><td><time><time><td>"))
        << byte;
    EXPECT_EQ(quotes, 8U) << byte;
  }
  EXPECT_THAT(Entry(ListingFormat::kHtml, "a&b'c\""),
              HasSubstr(R"(<a href="a&amp;b&#39;c%22"><bdi>a&amp;b&#39;c&quot;</bdi></a>)"));
  EXPECT_THAT(Entry(ListingFormat::kHtml, "\u202Egpj.exe"), HasSubstr("<bdi>\uFFFDgpj.exe</bdi>"));
  EXPECT_THAT(Entry(ListingFormat::kHtml, "a\nb"), Not(HasSubstr("href")));
}

TEST_F(ListingWriterTest, RowsSayWhatPeopleWantToKnow) {
  EXPECT_EQ(Entry(ListingFormat::kHtml, "a.png", EntryKind::kFile, 1'234'567),
            "<tr><th scope=\"row\" class=\"image\"><a href=\"a.png\">a.png</a><td>1.2 MB<td><time "
            "datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49</time><td>PNG image\n");
  EXPECT_EQ(Entry(ListingFormat::kHtml, "sub", EntryKind::kFolder),
            "<tr><th scope=\"row\" class=\"folder\"><a href=\"sub/\">sub</a><td><td><time "
            "datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49</time><td>Folder\n");
  const std::pair<uint64_t, const char*> sizes[] = {{0, ">0 B<"},
                                                    {999, ">999 B<"},
                                                    {1'000, ">1.0 kB<"},
                                                    {9'949, ">9.9 kB<"},
                                                    {9'950, ">10 kB<"},
                                                    {12'345, ">12 kB<"},
                                                    {999'449, ">999 kB<"},
                                                    {999'500, ">1.0 MB<"},
                                                    {1'000'000, ">1.0 MB<"},
                                                    {1'500'000'000, ">1.5 GB<"},
                                                    {UINT64_MAX, ">18 EB<"}};
  for (const auto& [size, text] : sizes)
    EXPECT_THAT(Entry(ListingFormat::kHtml, "x", EntryKind::kFile, size), HasSubstr(text));
}

TEST_F(ListingWriterTest, JsonIsExactAndSafe) {
  EXPECT_EQ(Entry(ListingFormat::kNdjson, "a\"\\\n\xff.png"),
            "{\"name\":\"a\\\"\\\\\\u000a\uFFFD.png\",\"href\":null,\"kind\":\"file\",\"size\":1,\"modified\":"
            "\"1994-11-06T08:49:37Z\",\"type\":\"image/png\"}\n");
  EXPECT_EQ(Entry(ListingFormat::kJson, "s:\xff", EntryKind::kFolder),
            "{\"name\":\"s:\uFFFD\",\"href\":\"./s:%FF/\",\"kind\":\"folder\",\"modified\":\"1994-11-06T08:49:37Z\"}");
}

TEST_F(ListingWriterTest, WhatIsMissingIsSaid) {
  ListingView view;
  view.path = "/";
  const ListingSummary cut{.truncated = true, .count = 200'000, .readme_name = {}, .readme_html = {}};
  EXPECT_THAT(Page(view, cut), HasSubstr("more entries than the 200,000 shown here"));
  EXPECT_THAT(Page(view), HasSubstr("This folder is empty."));
  view.options.format = ListingFormat::kJson;
  EXPECT_EQ(Page(view, cut), "{\"path\":\"/\",\"entries\":[\n\n],\"truncated\":true}\n");
  view.options.format = ListingFormat::kNdjson;
  EXPECT_EQ(Page(view, cut), "{\"truncated\":true}\n");
  EXPECT_EQ(Page(view), "");
}

TEST_F(ListingWriterTest, ThePageHasWhatItsScriptReliesOn) {
  ListingView view;
  view.path = "/a & b/\"c\"/";
  view.options.filter = "\"><b>";
  view.options.order = files::ListingOrder{.key = files::ListingKey::kSize, .descending = true};
  view.can_delete = true;
  view.upload_target = "/a%20&%20b/";
  view.upload_bytes_max = 5'000'000'000;
  view.archive = true;
  const std::string page = Page(view);
  EXPECT_THAT(page, HasSubstr("<main id=\"listing\" data-delete data-upload=\"/a%20&amp;%20b/\" "
                              "data-upload-max=\"5000000000\">"));
  view.can_undo = true;
  EXPECT_THAT(Page(view), HasSubstr("<main id=\"listing\" data-delete=\"undo\" data-upload="));
  EXPECT_THAT(page, HasSubstr("<form class=\"upload\" id=\"upload\" method=\"post\" enctype=\"multipart/form-data\" "
                              "action=\"/a%20&amp;%20b/\">"));
  EXPECT_THAT(
      page, HasSubstr("<li><a href=\"/a%20&amp;%20b/\"><bdi>a &amp; b</bdi></a><li><a href=\"/a%20&amp;%20b/%22c%22/\" "
                      "aria-current=\"page\"><bdi>&quot;c&quot;</bdi></a>"));
  EXPECT_THAT(page, HasSubstr("value=\"&quot;&gt;&lt;b&gt;\""));
  EXPECT_THAT(page, HasSubstr("<input type=\"hidden\" name=\"order\" value=\"desc\">"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"col\" aria-sort=\"descending\"><a "
                              "href=\"?sort=size&amp;order=asc&amp;filter=%22%3E%3Cb%3E\">Size</a>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"col\"><a href=\"?sort=time&amp;order=desc&amp;filter="));
  EXPECT_THAT(page, HasSubstr("href=\"?archive=zip\""));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
  EXPECT_THAT(page, Not(HasSubstr("style=")));
  EXPECT_THAT(page, Not(testing::ContainsRegex(" on[a-z]+=")));
}

}  // namespace
}  // namespace brilliant::handlers
