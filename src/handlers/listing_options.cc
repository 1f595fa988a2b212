#include "handlers/listing_options.h"

#include <array>
#include <utility>

#include "http/accept.h"
#include "http/query.h"

namespace brilliant::handlers {
namespace {

using files::ListingKey;
using files::ListingOrder;

constexpr std::array<std::pair<std::string_view, ListingKey>, 4> kKeys = {{{"name", ListingKey::kName},
                                                                           {"size", ListingKey::kSize},
                                                                           {"time", ListingKey::kTime},
                                                                           {"type", ListingKey::kType}}};

ListingFormat NegotiatedFormat(const http::RequestHead& head) {
  constexpr std::string_view kHtml = "text/html";
  if (http::Prefers(head, "application/x-ndjson", kHtml)) return ListingFormat::kNdjson;
  if (http::Prefers(head, "application/json", kHtml)) return ListingFormat::kJson;
  return ListingFormat::kHtml;
}

std::expected<ListingFormat, const char*> ParseFormat(std::string_view word) {
  if (word == "html") return ListingFormat::kHtml;
  if (word == "json") return ListingFormat::kJson;
  if (word == "ndjson") return ListingFormat::kNdjson;
  return std::unexpected("A listing's format is html, json or ndjson.");
}

std::expected<ListingKey, const char*> ParseKey(std::string_view word) {
  for (const auto& [name, key] : kKeys) {
    if (word == name) return key;
  }
  return std::unexpected("A listing is sorted by name, size, time or type.");
}

std::expected<bool, const char*> ParseDescending(std::string_view word) {
  if (word == "asc") return false;
  if (word == "desc") return true;
  return std::unexpected("The order of a listing is asc or desc.");
}

}  // namespace

std::expected<ListingOptions, const char*> ParseListingOptions(const http::RequestHead& head) {
  ListingOptions options;
  const std::optional<std::string> format = http::FindParameter(head.query, "format");
  const auto parsed_format =
      format ? ParseFormat(*format) : std::expected<ListingFormat, const char*>(NegotiatedFormat(head));
  if (!parsed_format) return std::unexpected(parsed_format.error());
  options.format = *parsed_format;

  if (const std::optional<std::string> sort = http::FindParameter(head.query, "sort")) {
    const auto key = ParseKey(*sort);
    if (!key) return std::unexpected(key.error());
    options.order = ListingOrder{.key = *key, .descending = false};
  }
  if (const std::optional<std::string> order = http::FindParameter(head.query, "order")) {
    const auto descending = ParseDescending(*order);
    if (!descending) return std::unexpected(descending.error());
    if (!options.order) options.order.emplace();
    options.order->descending = *descending;
  }
  options.filter = http::FindParameter(head.query, "filter").value_or("");
  return options;
}

std::string_view NameOf(ListingKey key) {
  for (const auto& [name, known] : kKeys) {
    if (key == known) return name;
  }
  return "name";
}

std::string QueryFor(const ListingOrder& order, std::string_view filter) {
  std::string query = "?sort=";
  query += NameOf(order.key);
  query += order.descending ? "&order=desc" : "&order=asc";
  if (filter.empty()) return query;
  query += "&filter=";
  http::AppendParameterValue(query, filter);
  return query;
}

}  // namespace brilliant::handlers
