#include "handlers/listing_writer.h"

#include <algorithm>
#include <utility>

#include "handlers/listing_json.h"
#include "handlers/listing_page.h"
#include "http/syntax.h"

namespace brilliant::handlers {

std::unique_ptr<ListingWriter> MakeListingWriter(ListingView view, const files::MimeTypes& types) {
  switch (view.options.format) {
    case ListingFormat::kJson:
      return std::make_unique<JsonListing>(std::move(view), types, JsonListing::Form::kObject);
    case ListingFormat::kNdjson:
      return std::make_unique<JsonListing>(std::move(view), types, JsonListing::Form::kLines);
    case ListingFormat::kHtml:
      break;
  }
  return std::make_unique<ListingPage>(std::move(view), types);
}

std::string_view ContentTypeOf(ListingFormat format) {
  switch (format) {
    case ListingFormat::kJson:
      return "application/json";
    case ListingFormat::kNdjson:
      return "application/x-ndjson";
    case ListingFormat::kHtml:
      break;
  }
  return "text/html; charset=utf-8";
}

void AppendReference(std::string& out, const files::FolderEntry& entry) {
  constexpr char kHexDigits[] = "0123456789ABCDEF";
  // RFC 3986 section 4.2: a colon in the first segment would make it a scheme.
  if (entry.name.contains(':')) out += "./";
  for (const char c : entry.name) {
    if ((http::ClassesOf(c) & http::kPathChar) != 0) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 0xf];
    }
  }
  if (entry.kind == files::EntryKind::kFolder) out += '/';
}

bool CanBeRequested(std::string_view name) {
  return std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace brilliant::handlers
