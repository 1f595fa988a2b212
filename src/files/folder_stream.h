// The names in a folder, as readdir brings them. A handle of its own for each reader: the position of a shared one
// belongs to nobody. Blocks: for the offload pool and for start-up.
#ifndef BRILLIANT_FILES_FOLDER_STREAM_H_
#define BRILLIANT_FILES_FOLDER_STREAM_H_

#include <dirent.h>

#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::files {

struct CloseFolderStream {
  void operator()(DIR* folder) const { closedir(folder); }
};
using FolderStream = std::unique_ptr<DIR, CloseFolderStream>;

// Takes over `folder`, which is open for reading.
[[nodiscard]] Result<FolderStream> StreamOf(UniqueFd folder);
// `folder_fd` may be one that is only there to look things up (O_PATH). Errors: those of opening.
[[nodiscard]] Result<FolderStream> OpenStream(int folder_fd);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FOLDER_STREAM_H_
