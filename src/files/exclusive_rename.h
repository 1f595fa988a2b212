// A rename that never replaces anything, on every file system.
#ifndef BRILLIANT_FILES_EXCLUSIVE_RENAME_H_
#define BRILLIANT_FILES_EXCLUSIVE_RENAME_H_

#include <string>

namespace brilliant::files {

// Moves `from` in one folder to `to` in another or the same. 0, or the errno: EEXIST if `to` is taken, by whatever.
// Where there is no such rename a second name is given and the first one removed, which works for files only. Blocks.
[[nodiscard]] int RenameExclusively(int from_folder_fd, const std::string& from, int to_folder_fd,
                                    const std::string& to);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_EXCLUSIVE_RENAME_H_
