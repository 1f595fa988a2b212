// Removes what a path names beneath a DocumentRoot: a file, a symbolic link itself, an empty folder; nothing with
// content in it, and nothing that something is mounted on. Everything is done by descriptor and name in the folder that
// the thing lies in, so that nothing outside is ever touched, whatever is renamed meanwhile. Blocks: for the offload
// pool; the values own all they use.
#ifndef BRILLIANT_FILES_REMOVAL_H_
#define BRILLIANT_FILES_REMOVAL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "files/document_root.h"
#include "files/open_file.h"

namespace brilliant::files {

enum class RemovableKind : uint8_t { kFile, kLink, kFolder, kOther };

// What stands under a name; a link is not followed.
struct RemovableEntry {
  RemovableKind kind = RemovableKind::kOther;
  FileIdentity identity;
};

// kNotFound; kSystem.
[[nodiscard]] Result<RemovableEntry> LookUpEntry(int folder_fd, const std::string& name);

struct Removable {
  std::shared_ptr<const UniqueFd> folder;  // that it lies in
  std::string name;                        // there
  RemovableEntry entry;
  // What reading it would give: of a link what it leads to, if it may be followed; nothing for folders.
  std::optional<FileIdentity> content;
};

// Errors: those of DocumentRoot::OpenParent; kNotFound if there is no such thing, or a slash stands behind what is no
// folder; kForbidden for what is neither a file, a folder nor a link.
[[nodiscard]] Result<Removable> FindRemovable(const DocumentRoot& root, std::string_view path, MonotonicTime now);

// Removes it, if `unchanged` only as long as it is what was found. Between that look and the removal another program
// may still put something else there under the same name: no system call compares and removes. Errors: kNotFound;
// kForbidden (permission); kInvalid: it has changed; kSystem with EBUSY (something is mounted on it), ENOTEMPTY and
// others.
[[nodiscard]] Result<void> Remove(const Removable& thing, bool unchanged);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_REMOVAL_H_
