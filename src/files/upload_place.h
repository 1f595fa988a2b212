// What is found out about the place of an upload before its content is asked for: the folder, whether it may be written
// to, what stands under the name, how much room there is. Blocks: for the offload pool; it owns all it uses.
#ifndef BRILLIANT_FILES_UPLOAD_PLACE_H_
#define BRILLIANT_FILES_UPLOAD_PLACE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "files/document_root.h"
#include "files/upload_file.h"

namespace brilliant::files {

struct UploadTarget {
  DocumentRoot root;
  std::string path;           // of the file beneath the root
  MonotonicTime now;          // the loop's
  bool make_folders = false;  // that are missing on the way
  bool sweep = false;         // away with what killed servers have left in the folder, if they leave something there
  std::optional<FolderQuota> quota;
};

struct UploadPlace {
  std::shared_ptr<const UniqueFd> folder;
  std::string name;
  std::optional<NamedThing> there;   // under that name now
  std::shared_ptr<UploadFile> file;  // to write to
  uint64_t free_bytes = UINT64_MAX;  // of the file system
  uint64_t quota_left = UINT64_MAX;  // of the quota
};

// Errors: those of DocumentRoot::OpenParent and UploadFile::Create.
[[nodiscard]] Result<UploadPlace> OpenUploadPlace(const UploadTarget& target);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_UPLOAD_PLACE_H_
