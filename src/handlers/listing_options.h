// What a request wants of a folder's listing: `?format=html|json|ndjson`, `sort=name|size|time|type`, `order=asc|desc`,
// `filter=TEXT`; without `format`, its Accept fields decide. A value.
#ifndef BRILLIANT_HANDLERS_LISTING_OPTIONS_H_
#define BRILLIANT_HANDLERS_LISTING_OPTIONS_H_

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "files/folder_listing.h"
#include "http/request.h"

namespace brilliant::handlers {

enum class ListingFormat : uint8_t { kHtml, kJson, kNdjson };

struct ListingOptions {
  ListingFormat format = ListingFormat::kHtml;
  // As asked for. Nothing: by name; but NDJSON then comes in the order of the file system, as it is read.
  std::optional<files::ListingOrder> order;
  std::string filter;  // part of the names that are shown

  [[nodiscard]] bool sorted() const { return order || format != ListingFormat::kNdjson; }
};

// The error: a sentence that says what is wrong, a literal. Other parameters are nobody's business.
[[nodiscard]] std::expected<ListingOptions, const char*> ParseListingOptions(const http::RequestHead& head);

// Parameters' words.
[[nodiscard]] std::string_view NameOf(files::ListingKey key);
// A query, "?" included, that asks for the page in `order` with the same filter.
[[nodiscard]] std::string QueryFor(const files::ListingOrder& order, std::string_view filter);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_LISTING_OPTIONS_H_
