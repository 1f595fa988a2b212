// Opens a path beneath a folder component by component, following symbolic links by hand: for links that the kernel's
// own rule (openat2, RESOLVE_BENEATH) refuses although they are allowed, and for systems that have no such rule.
//
// Nothing is checked by name and then used by name. Every component is opened with O_NOFOLLOW below a descriptor that
// is held already, so whatever is renamed meanwhile, the walk only descends from a root's descriptor: it can't leave.
// Where a link leads out, the walk goes on outside, opening folders only, and what it finds there can be used only once
// it has come into one of the roots again, which is told by the identity of the folder and not by its name.
//
// Blocks; any thread.
#ifndef BRILLIANT_FILES_PATH_WALK_H_
#define BRILLIANT_FILES_PATH_WALK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::files {

inline constexpr int kSymbolicLinksMax = 40;         // as in Linux
inline constexpr int kWalkStepsMax = 4'096;          // components opened or left, those of links included
inline constexpr size_t kWalkPathBytesMax = 16'384;  // of path and link targets still to be walked

// A folder that is held open.
struct Directory {
  UniqueFd fd;
  uint64_t device = 0;
  uint64_t inode = 0;
};
using DirectoryPtr = std::shared_ptr<const Directory>;

// Opens the folder `path`, which may be a link, only to look things up below it.
[[nodiscard]] Result<DirectoryPtr> OpenDirectory(const char* path);
[[nodiscard]] Result<DirectoryPtr> MakeDirectory(UniqueFd fd);

// Opens `path` for reading beneath `roots[0]`, without waiting for a FIFO's other end. Links may lead below any of
// `roots`. Errors: kNotFound; kForbidden (permission; a link that leads elsewhere, whatever is there; too many links);
// kTooLarge (names, steps); kUnavailable; kSystem.
[[nodiscard]] Result<UniqueFd> OpenByWalk(std::span<const DirectoryPtr> roots, std::string_view path);

// The same for a folder, only to look things up below it: it need not be readable. kNotFound: it is none.
[[nodiscard]] Result<UniqueFd> OpenFolderByWalk(std::span<const DirectoryPtr> roots, std::string_view path);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_PATH_WALK_H_
