// What several workers do to one folder, one after the other: deciding by what stands under a name and then changing
// it. Only servers of this kind keep to it. Blocks; any thread; the kernel lets go of it when its process dies.
#ifndef BRILLIANT_FILES_FOLDER_LOCK_H_
#define BRILLIANT_FILES_FOLDER_LOCK_H_

#include <cstdint>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::files {

class FolderLock {
 public:
  FolderLock() = default;
  // Waits until nobody else has it. A folder that can't be read, or whose file system has no such locks, stays
  // unlocked: held() is false.
  explicit FolderLock(int folder_fd);
  [[nodiscard]] bool held() const { return fd_.valid(); }
  // The folder, open for reading.
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

// The sizes of all files below the folder, hidden ones too; links are not followed. Errors: those of opening;
// kTooLarge: nested deeper than kPathDepthMax. Blocks, for as long as the folder is large.
[[nodiscard]] Result<uint64_t> BytesBelow(int folder_fd);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FOLDER_LOCK_H_
