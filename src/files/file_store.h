// How handlers get at files: FileStore opens what a path names beneath a DocumentRoot, keeps small files in memory with
// their head rendered, and never blocks the loop: what needs the disk goes to the offload pool. One per worker; owned by
// the worker, used by handlers on the loop.
#ifndef BRILLIANT_FILES_FILE_STORE_H_
#define BRILLIANT_FILES_FILE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "event/task.h"
#include "files/document_root.h"

namespace brilliant::files {

// Regular files up to this many bytes are served from memory.
inline constexpr uint64_t kSmallFileBytesMax = 65'536;
// An entry is used without asking the file system for this long.
inline constexpr Milliseconds kFreshFor{1'000};

// An open descriptor and what was true of it when it was opened. Immutable; shared by the store and the responses that
// send from it.
struct OpenFile {
  UniqueFd fd;
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  bool is_directory = false;
  bool is_regular = false;
};
using OpenFilePtr = std::shared_ptr<const OpenFile>;

// A small file in memory, ready to be sent under one location's rules.
struct RenderedFile {
  std::string fields;         // field lines of a 200, Content-Length included, without Date, Server, Connection and the empty line
  std::string fields_304;     // those of a 304
  std::string content;
  std::string etag;           // as in the field; weak while the file is younger than 2 s
  int64_t last_modified_seconds = 0;
};
using RenderedFilePtr = std::shared_ptr<const RenderedFile>;

// Turns a file's content and metadata into its rendered form; implemented by the handler of a location.
class FileRenderer {
 public:
  virtual ~FileRenderer() = default;
  // `path`: beneath the root. `now` decides between a strong and a weak validator.
  [[nodiscard]] virtual RenderedFile Render(std::string_view path, const OpenFile& file, std::string content,
                                            WallTime now) const = 0;
};

// What Open found: exactly one of the two for a regular file; `file` alone for a folder or a large file.
struct StoredFile {
  RenderedFilePtr rendered;
  OpenFilePtr file;
};

class FileStore {
 public:
  // `bytes_max`: memory for small files, 0 keeps none. `loop` outlives the store.
  FileStore(event::EventLoop& loop, uint64_t bytes_max);
  ~FileStore();
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;

  // The hot path: what `path` names if that is known and fresh, without any system call or allocation. Null if not.
  [[nodiscard]] RenderedFilePtr FindRendered(const DocumentRoot& root, std::string_view path);

  // Opens `path` (relative to the root, "" is the root itself; "a/b.html") for reading, from the store where that is fresh.
  // Errors: kNotFound; kForbidden (permission, a link that leads out, a socket or device); kTooLarge (name too long);
  // kUnavailable (descriptors, the offload queue); kSystem.
  [[nodiscard]] event::Task<Result<StoredFile>> Open(const DocumentRoot& root, std::string_view path,
                                                     const FileRenderer& renderer, event::CancelScope& scope);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FILE_STORE_H_
