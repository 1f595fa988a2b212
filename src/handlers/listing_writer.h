// Writes one of the three forms of a folder's listing: a page, one JSON object, one JSON object a line. A writer only
// puts text together; which entries there are, and in which order, is ListingMaker's.
//
// Made for one answer, used by one thread at a time.
#ifndef BRILLIANT_HANDLERS_LISTING_WRITER_H_
#define BRILLIANT_HANDLERS_LISTING_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "files/folder_reader.h"
#include "files/mime_types.h"
#include "handlers/listing_options.h"

namespace brilliant::handlers {

// What there is to say about a folder beside its entries.
struct ListingView {
  std::string path;  // of the folder: decoded, with a slash at both ends
  ListingOptions options;
  bool can_delete = false;        // the location allows DELETE
  bool can_undo = false;          // and what it deletes can come back
  std::string upload_target;      // where POST puts files into this very folder: a path, encoded; empty: nowhere
  uint64_t upload_bytes_max = 0;  // of one file
  bool archive = false;           // the folder can be had as a whole
};

// What is known at the end.
struct ListingSummary {
  bool truncated = false;  // there are entries that were not shown
  size_t count = 0;        // of entries that were shown
  std::string readme_name;
  std::string readme_html;  // safe to be put into a page; empty: none
};

class ListingWriter {
 public:
  virtual ~ListingWriter() = default;
  virtual void AppendBegin(std::string& out) = 0;
  virtual void AppendEntry(std::string& out, const files::FolderEntry& entry) = 0;
  virtual void AppendEnd(std::string& out, const ListingSummary& summary) = 0;
};

// Of the form that `view.options` names. `types` outlives the writer.
[[nodiscard]] std::unique_ptr<ListingWriter> MakeListingWriter(ListingView view, const files::MimeTypes& types);

// The media type of each form, as in Content-Type.
[[nodiscard]] std::string_view ContentTypeOf(ListingFormat format);

// A reference to an entry from its folder: relative, encoded, and never taken for a scheme. Not escaped for HTML.
void AppendReference(std::string& out, const files::FolderEntry& entry);
// Whether a request can name it: a path with a control character is refused (http/target.h).
[[nodiscard]] bool CanBeRequested(std::string_view name);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_LISTING_WRITER_H_
