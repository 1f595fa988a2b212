// The folder below which a location's files lie, and the only way to open them: whatever a path or a symbolic link
// says, what is opened lies beneath the root or beneath one of the location's `symlink_roots`. The kernel enforces it
// (openat2, RESOLVE_BENEATH); links it refuses although they are allowed, and systems without that call, take the walk
// of path_walk.h.
//
// A cheap handle: copies share the root's descriptors, so that a job on another thread owns what it uses. Any thread.
#ifndef BRILLIANT_FILES_DOCUMENT_ROOT_H_
#define BRILLIANT_FILES_DOCUMENT_ROOT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "files/open_file.h"

namespace brilliant::files {

// What is known of a path's meaning is used without asking the file system for this long.
inline constexpr Milliseconds kFreshFor{1'000};
// Longest path below a root.
inline constexpr size_t kPathBytesMax = 4'095;

// Where something is to be made, replaced or removed: the folder that it lies in, for the calls that end in "at", and
// its name there, which no such call follows if it is a link.
struct ParentFolder {
  UniqueFd folder;  // only to look things up below it (O_PATH); open "." below it to read or sync it
  std::string name;
};

class DocumentRoot {
 public:
  enum class Method : uint8_t {
    kKernel,  // openat2 where the system has it
    kWalk,    // always the walk by components
  };
  // Absolute paths. Opens nothing yet: a folder that is missing may appear later, and one that is replaced (a
  // deployment, `current` pointing elsewhere) is noticed within kFreshFor.
  DocumentRoot(std::string path, std::vector<std::string> symlink_roots, Method method = Method::kKernel);

  // Before the first Open: a link to a file whose name ends so (".php") is refused unless its own name does too. What
  // is run under its own name is not to be read under another. Files that lie below one of `folders` (absolute) are
  // refused in any case. May block.
  void Withhold(std::vector<std::string> extensions, const std::vector<std::string>& folders = {});

  // Before the first Open: requests change what lies here, those to other workers too. What is known of a path is
  // never used without asking again, so that everybody sees what was stored.
  void ExpectChanges();
  [[nodiscard]] bool expects_changes() const;

  [[nodiscard]] const std::string& path() const;

  // Opens `path` for reading: relative to the root as http/target.h leaves it ("a/b.html", "a/b/"); "" is the root
  // itself. A slash at the end asks for a folder. `now` is the loop's time.
  // Errors: kNotFound; kForbidden (permission; a link that leads out, see symlink_roots; neither file nor folder; more
  // than 40 links); kTooLarge (a name above 255 bytes, 128 folders, kPathBytesMax); kInvalid (no normal path);
  // kUnavailable (descriptors, memory, a lease); kSystem. May block: for the offload pool.
  [[nodiscard]] Result<OpenFile> Open(std::string_view path, MonotonicTime now) const;
  // The same without blocking: kWouldBlock if the answer isn't in the kernel's memory; then call Open.
  [[nodiscard]] Result<OpenFile> TryOpen(std::string_view path, MonotonicTime now) const;

  // The folder that `path` lies in, and its last name, whether there is such a thing or not; a slash at the end is
  // dropped. Folders on the way are reached as Open reaches them, through links too. Errors: those of Open; kNotFound
  // if the folder isn't there; kInvalid for the root itself. May block: for the offload pool.
  [[nodiscard]] Result<ParentFolder> OpenParent(std::string_view path, MonotonicTime now) const;

  // Tells roots apart: equal for copies of one only.
  [[nodiscard]] const void* id() const { return state_.get(); }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_DOCUMENT_ROOT_H_
