// Answers for a folder that has no start page, where `autoindex` is on: what it holds, as a page, JSON or NDJSON, or,
// with `archive on`, the whole of it as a zip or tar. One per location, owned by its StaticHandler; used on the loop.
//
// What was shown of a folder is shown again for files::kFreshFor, unless the folder itself has changed: entries come,
// go and change their names at once, while the size and date of a file that is written in place may be that old.
#ifndef BRILLIANT_HANDLERS_FOLDER_LISTER_H_
#define BRILLIANT_HANDLERS_FOLDER_LISTER_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "files/document_root.h"
#include "files/file_cache.h"
#include "files/mime_types.h"
#include "files/open_file.h"
#include "files/served_names.h"
#include "handlers/api.h"
#include "handlers/listing_writer.h"
#include "handlers/piece_body.h"

namespace brilliant::handlers {

// Listings that a location remembers.
inline constexpr size_t kListingsKeptMax = 8;
// Large listings and archives of a location that are being sent at one time; 503 beyond it. Each holds memory or
// folders for as long as its client takes.
inline constexpr long kFolderStreamsMax = 32;

class FolderLister {
 public:
  // `location` outlives it.
  FolderLister(const config::Location& location, const files::MimeTypes& types, const files::DocumentRoot& root,
               std::shared_ptr<const files::ServedNames> names);

  // `path`: of the folder beneath the root, with a slash at its end, or empty. `folder` is what it was opened as.
  event::Task<Answer> List(const Request& request, std::string_view path, files::OpenFilePtr folder,
                           const HandlerContext& context) const;

 private:
  struct Kept {
    std::string key;
    files::FileIdentity folder;
    MonotonicTime read_at;
    files::RenderedFilePtr page;
  };

  [[nodiscard]] files::RenderedFilePtr FindKept(std::string_view key, const files::FileIdentity& folder,
                                                MonotonicTime now) const;
  void Keep(std::string key, const files::FileIdentity& folder, files::RenderedFilePtr page,
            const HandlerContext& context) const;
  event::Task<Answer> SendArchive(const Request& request, std::string_view path, files::OpenFilePtr folder,
                                  const HandlerContext& context) const;
  // Content that goes on after `first`.
  [[nodiscard]] Answer Stream(http::FieldList fields, std::shared_ptr<PieceMaker> maker, PieceMaker::Piece first,
                              const HandlerContext& context) const;
  [[nodiscard]] ListingView ViewOf(const Request& request, std::string_view path, ListingOptions options) const;
  [[nodiscard]] static Response Whole(const Request& request, ListingFormat format, files::RenderedFilePtr page,
                                      const HandlerContext& context);

  const config::Location& location_;
  const std::shared_ptr<const files::MimeTypes> types_;  // jobs may outlive the handler
  const files::DocumentRoot root_;
  const std::shared_ptr<const files::ServedNames> names_;
  mutable std::list<Kept> kept_;                                                    // used last first
  const std::shared_ptr<const int> stream_token_ = std::make_shared<const int>(0);  // each stream holds a copy
  mutable log::RateLimit failure_reports_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FOLDER_LISTER_H_
