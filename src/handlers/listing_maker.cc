#include "handlers/listing_maker.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "handlers/readme.h"

namespace brilliant::handlers {
namespace {

using files::FolderEntry;
using files::FolderReader;

// Room for a typical page at once.
constexpr size_t kEntryBytesExpected = 256;
// And for the entry that is the last of a piece.
constexpr size_t kPieceSlackBytes = 8'192;

}  // namespace

ListingMaker::ListingMaker(Source source, const ListingView& view, size_t entries_max)
    : source_(std::move(source)),
      sorted_(view.options.sorted()),
      shows_readme_(view.options.format == ListingFormat::kHtml && view.options.filter.empty()),
      filter_(view.options.filter),
      writer_(MakeListingWriter(view, *source_.types)),
      listing_(entries_max),
      order_(view.options.order.value_or(files::ListingOrder{})) {}

Result<PieceMaker::Piece> ListingMaker::Make(MonotonicTime now) {
  Piece piece;
  if (!reader_) {
    RETURN_IF_ERROR(Begin(now));
    piece.bytes.reserve(std::min(kPieceBytes, listing_.size() * kEntryBytesExpected) + kPieceSlackBytes);
    writer_->AppendBegin(piece.bytes);
  } else {
    piece.bytes.reserve(kPieceBytes + kPieceSlackBytes);
  }
  while (piece.bytes.size() < kPieceBytes) {
    ASSIGN_OR_RETURN(const std::optional<FolderEntry> entry, NextEntry(now));
    if (!entry) {
      piece.is_last = true;
      AddReadme(now);
      writer_->AppendEnd(piece.bytes, summary_);
      break;
    }
    writer_->AppendEntry(piece.bytes, *entry);
    ++summary_.count;
  }
  return piece;
}

Result<void> ListingMaker::Begin(MonotonicTime now) {
  ASSIGN_OR_RETURN(FolderReader reader, FolderReader::Open(*source_.folder, source_.place));
  reader_.emplace(std::move(reader));
  return sorted_ ? ReadAll(now) : Result<void>();
}

Result<void> ListingMaker::ReadAll(MonotonicTime now) {
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<FolderEntry> entry, reader_->Next(now));
    if (!entry) break;
    if (shows_readme_) NoteReadme(entry->name);
    if (files::NameContains(entry->name, filter_) && !listing_.TryAdd(*entry)) break;
  }
  summary_.truncated = listing_.truncated();
  listing_.Sort(order_);
  return {};
}

Result<std::optional<FolderEntry>> ListingMaker::NextEntry(MonotonicTime now) {
  if (sorted_) {
    if (position_ == listing_.size()) return std::nullopt;
    return listing_[position_++];
  }
  while (true) {
    ASSIGN_OR_RETURN(std::optional<FolderEntry> entry, reader_->Next(now));
    if (!entry || files::NameContains(entry->name, filter_)) return entry;
  }
}

// The one that comes first in kReadmeNames, if there are several.
void ListingMaker::NoteReadme(std::string_view name) {
  const auto place_of = [](std::string_view wanted) {
    return std::ranges::find_if(kReadmeNames,
                                [wanted](std::string_view known) { return EqualsIgnoreCase(known, wanted); });
  };
  if (place_of(name) < place_of(summary_.readme_name)) summary_.readme_name = name;
}

void ListingMaker::AddReadme(MonotonicTime now) {
  if (summary_.readme_name.empty()) return;
  summary_.readme_html = ReadmeHtml(source_.place.root, source_.place.path + summary_.readme_name, now);
}

}  // namespace brilliant::handlers
