// Reads a folder beneath a root, entry by entry, in the order of the file system. What a request could not get is left
// out: hidden names, scripts, symbolic links that lead out or nowhere, sockets and devices. A link that may be followed
// counts as what it leads to.
//
// Blocks: for the offload pool. One thread at a time.
#ifndef BRILLIANT_FILES_FOLDER_READER_H_
#define BRILLIANT_FILES_FOLDER_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "files/document_root.h"
#include "files/folder_stream.h"
#include "files/open_file.h"
#include "files/served_names.h"

namespace brilliant::files {

enum class EntryKind : uint8_t { kFolder, kFile };

struct FolderEntry {
  std::string_view name;  // until the next call
  EntryKind kind = EntryKind::kFile;
  uint64_t size = 0;  // of a file
  int64_t mtime_seconds = 0;
  bool is_link = false;  // to what the rest says
};

class FolderReader {
 public:
  struct Place {
    DocumentRoot root;
    std::string path;  // beneath the root; ends with a slash, or is empty: the root itself
    std::shared_ptr<const ServedNames> names;
  };
  // `folder` is what `place.path` was opened as.
  [[nodiscard]] static Result<FolderReader> Open(const OpenFile& folder, Place place);

  // The next entry; nothing: the end. `now`: see DocumentRoot::Open.
  [[nodiscard]] Result<std::optional<FolderEntry>> Next(MonotonicTime now);

 private:
  FolderReader(FolderStream folder, Place place) : folder_(std::move(folder)), place_(std::move(place)) {}
  [[nodiscard]] std::optional<FolderEntry> Describe(std::string_view name, MonotonicTime now) const;
  [[nodiscard]] std::optional<FolderEntry> DescribeLink(std::string_view name, MonotonicTime now) const;

  FolderStream folder_;
  Place place_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FOLDER_READER_H_
