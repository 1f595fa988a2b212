// A folder's listing for people: web/listing.html, filled in. Works without a script; web/listing.js adds comfort.
#ifndef BRILLIANT_HANDLERS_LISTING_PAGE_H_
#define BRILLIANT_HANDLERS_LISTING_PAGE_H_

#include <string>
#include <string_view>
#include <utility>

#include "handlers/listing_writer.h"

namespace brilliant::handlers {

// What a listing's page may do: load this site's own style, script and pictures, and send its own forms and requests to
// this site. No text may become a script, not even by a mistake in ours (trusted types).
inline constexpr std::string_view kListingPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

class ListingPage final : public ListingWriter {
 public:
  // `types` outlives it.
  ListingPage(ListingView view, const files::MimeTypes& types) : view_(std::move(view)), types_(types) {}

  void AppendBegin(std::string& out) override;
  void AppendEntry(std::string& out, const files::FolderEntry& entry) override;
  void AppendEnd(std::string& out, const ListingSummary& summary) override;

 private:
  [[nodiscard]] files::ListingOrder order() const { return view_.options.order.value_or(files::ListingOrder{}); }
  [[nodiscard]] std::string Rights() const;
  [[nodiscard]] std::string Breadcrumb() const;
  [[nodiscard]] std::string FilterForm() const;
  [[nodiscard]] std::string UploadForm() const;
  [[nodiscard]] std::string Columns() const;
  [[nodiscard]] std::string Count(const ListingSummary& summary) const;

  const ListingView view_;
  const files::MimeTypes& types_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_LISTING_PAGE_H_
