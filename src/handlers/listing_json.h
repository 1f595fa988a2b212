// A folder's listing for programs. As an object:
//   {"path":"/a/","entries":[ENTRY,...],"truncated":false}
// or one ENTRY a line. An ENTRY:
//   {"name":"x.png","href":"x.png","kind":"file","size":1,"modified":"2026-01-02T03:04:05Z","type":"image/png"}
// and {"truncated":true} as the last line, if entries are missing. `kind` is "file" or "folder"; folders have no size
// and no type. `href` is exact and relative to the folder, null for a name that no address can have; `name` is for
// people: bytes that are not UTF-8 are replaced in it.
#ifndef BRILLIANT_HANDLERS_LISTING_JSON_H_
#define BRILLIANT_HANDLERS_LISTING_JSON_H_

#include <cstdint>
#include <string>

#include "handlers/listing_writer.h"

namespace brilliant::handlers {

class JsonListing final : public ListingWriter {
 public:
  enum class Form : uint8_t { kObject, kLines };
  // `types` outlives it.
  JsonListing(ListingView view, const files::MimeTypes& types, Form form)
      : view_(std::move(view)), types_(types), form_(form) {}

  void AppendBegin(std::string& out) override;
  void AppendEntry(std::string& out, const files::FolderEntry& entry) override;
  void AppendEnd(std::string& out, const ListingSummary& summary) override;

 private:
  const ListingView view_;
  const files::MimeTypes& types_;
  const Form form_;
  bool first_ = true;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_LISTING_JSON_H_
