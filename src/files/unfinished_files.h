// The hidden names of files that are not complete, or not yet what they replace: how they are called, and how those go
// that a server which was killed has left behind. A client can neither make nor see such a name (ServedNames).
//
// Whoever writes to such a file holds a lock on it (flock) that the kernel takes away when its process dies. So what
// nobody holds is nobody's, and workers need no other word about each other. Where a file system has no such locks,
// everything stays.
#ifndef BRILLIANT_FILES_UNFINISHED_FILES_H_
#define BRILLIANT_FILES_UNFINISHED_FILES_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace brilliant::files {

// A folder is looked through again after this time, by each worker, and by a new one at once.
inline constexpr Milliseconds kSweepInterval{600'000};
// Folders of which it is known when that was.
inline constexpr size_t kSweptFoldersMax = 1'000;

// ".upload-" and 16 random hexadecimal digits.
[[nodiscard]] std::string UnfinishedName();
// That of a file which is about to replace another, while the folder is locked (FolderLock): who finds it then knows
// that nobody uses it any more. Of the same form.
[[nodiscard]] std::string ReplacingName();
[[nodiscard]] bool IsUnfinishedName(std::string_view name);

// Right after the file was made: until `fd` is closed, it stays. False: somebody has removed it already, try another.
[[nodiscard]] bool HoldUnfinished(int fd);

// Removes what is called so in the folder, is a file of this user, and is held by nobody. Blocks, for as long as the
// folder is large.
void SweepUnfinished(int folder_fd);

// When folders were looked through. Used on the loop.
class SweepTimes {
 public:
  // Whether `folder` is due; then it is taken to be done.
  [[nodiscard]] bool Take(std::string_view folder, MonotonicTime now);

 private:
  std::map<std::string, MonotonicTime, std::less<>> times_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_UNFINISHED_FILES_H_
