// Reads a folder and writes its listing, piece by piece. Blocks: for the offload pool (handlers/piece_body.h).
#ifndef BRILLIANT_HANDLERS_LISTING_MAKER_H_
#define BRILLIANT_HANDLERS_LISTING_MAKER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "files/folder_listing.h"
#include "files/folder_reader.h"
#include "files/mime_types.h"
#include "files/open_file.h"
#include "handlers/listing_writer.h"
#include "handlers/piece_body.h"

namespace brilliant::handlers {

class ListingMaker final : public PieceMaker {
 public:
  struct Source {
    files::OpenFilePtr folder;
    files::FolderReader::Place place;
    std::shared_ptr<const files::MimeTypes> types;
  };
  ListingMaker(Source source, const ListingView& view, size_t entries_max = files::kListedEntriesMax);

  [[nodiscard]] Result<Piece> Make(MonotonicTime now) override;

 private:
  [[nodiscard]] Result<void> Begin(MonotonicTime now);
  [[nodiscard]] Result<void> ReadAll(MonotonicTime now);
  // The next entry to be written; nothing: the end.
  [[nodiscard]] Result<std::optional<files::FolderEntry>> NextEntry(MonotonicTime now);
  void NoteReadme(std::string_view name);
  void AddReadme(MonotonicTime now);

  const Source source_;
  const bool sorted_;
  const bool shows_readme_;
  const std::string filter_;
  const std::unique_ptr<ListingWriter> writer_;
  std::optional<files::FolderReader> reader_;
  files::FolderListing listing_;
  const files::ListingOrder order_;
  size_t position_ = 0;  // in `listing_`
  ListingSummary summary_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_LISTING_MAKER_H_
