#include "handlers/listing_options.h"

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using files::ListingKey;
using files::ListingOrder;

std::expected<ListingOptions, const char*> Parse(const std::string& query, const std::string& accept = "*/*") {
  const std::string head = "GET /?" + query + " HTTP/1.1\r\nHost: h\r\nAccept: " + accept + "\r\n\r\n";
  http::RequestParser parser(http::HeadLimits{});
  EXPECT_EQ(parser.Parse(head), http::ParseStatus::kDone);
  return ParseListingOptions(parser.head());
}

TEST(ListingOptionsTest, TheQueryGoesBeforeAccept) {
  EXPECT_EQ(Parse("")->format, ListingFormat::kHtml);
  EXPECT_EQ(Parse("", "application/json")->format, ListingFormat::kJson);
  EXPECT_EQ(Parse("", "application/x-ndjson, application/json;q=0.5")->format, ListingFormat::kNdjson);
  EXPECT_EQ(Parse("", "text/html, application/json")->format, ListingFormat::kHtml);
  EXPECT_EQ(Parse("format=html", "application/json")->format, ListingFormat::kHtml);
  EXPECT_EQ(Parse("format=ndjson")->format, ListingFormat::kNdjson);
}

TEST(ListingOptionsTest, KnowsOrdersAndFilter) {
  EXPECT_EQ(Parse("sort=size&order=desc")->order, (ListingOrder{ListingKey::kSize, true}));
  EXPECT_EQ(Parse("order=desc")->order, (ListingOrder{ListingKey::kName, true}));
  EXPECT_EQ(Parse("sort=type")->order, (ListingOrder{ListingKey::kType, false}));
  EXPECT_EQ(Parse("utm_source=x&filter=a+b%26")->filter, "a b&");
  EXPECT_TRUE(Parse("")->sorted());
  EXPECT_FALSE(Parse("format=ndjson")->sorted());
  EXPECT_TRUE(Parse("format=ndjson&sort=name")->sorted());
}

TEST(ListingOptionsTest, RefusesWordsItDoesNotKnow) {
  for (const char* query : {"sort=owner", "sort=", "order=up", "format=xml", "format"})
    EXPECT_FALSE(Parse(query)) << query;
}

TEST(ListingOptionsTest, QueriesComeBackAsTheyWere) {
  const std::string query = QueryFor({ListingKey::kTime, true}, "a&b=\" \xC3\xA4");
  const auto options = Parse(query.substr(1));
  EXPECT_EQ(options->order, (ListingOrder{ListingKey::kTime, true}));
  EXPECT_EQ(options->filter, "a&b=\" \xC3\xA4");
  EXPECT_EQ(QueryFor({ListingKey::kName, false}, ""), "?sort=name&order=asc");
}

}  // namespace
}  // namespace brilliant::handlers
