// How handlers get at files: FileStore opens what a path names beneath a DocumentRoot, keeps small files in memory with
// their head rendered, and never blocks the loop: what needs the disk goes to the offload pool. One per worker; owned
// by the worker, used by handlers on the loop.
//
// What it says of a path was true at most kFreshFor ago, or when it was asked if the root expects changes. Content is
// never a mixture of two states of a file, except where somebody overwrites a file in place twice within one tick of
// the file system's clock; such a file is read again as soon as its time stamps can be trusted.
#ifndef BRILLIANT_FILES_FILE_STORE_H_
#define BRILLIANT_FILES_FILE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "event/event_loop.h"
#include "event/task.h"
#include "files/document_root.h"
#include "files/file_cache.h"
#include "files/file_loader.h"
#include "files/open_file.h"

namespace brilliant::files {

// A file may change again unseen within the resolution of its time stamps: before this age its validator is weak, and
// its content is read again when the entry is checked.
inline constexpr Milliseconds kSettledAfter{2'000};
// A descriptor that no request wanted for this long is closed: it would keep a deleted file's space in use.
inline constexpr Milliseconds kOpenFileIdleMax{10'000};
// Read ahead at most, per call of Warm.
inline constexpr uint64_t kWarmBytesMax = 1'048'576;

// Turns a file's content and metadata into its rendered form; implemented by the handler of a location. What is
// rendered is kept by root and path, so each root has one renderer.
class FileRenderer {
 public:
  virtual ~FileRenderer() = default;
  // `path`: beneath the root. `now` decides between a strong and a weak validator. `file.fd` is closed afterwards.
  [[nodiscard]] virtual RenderedFile Render(std::string_view path, const OpenFile& file, std::string content,
                                            WallTime now) const = 0;
};

// For metrics. Counted since the store was made; the last three are what it holds now.
struct FileStoreCounters {
  uint64_t hits = 0;           // answered without asking the file system
  uint64_t revalidations = 0;  // asked, and nothing had changed
  uint64_t loads = 0;          // opened anew
  uint64_t offloads = 0;       // sent to the offload pool
  uint64_t entries = 0;
  uint64_t open_files = 0;
  uint64_t bytes = 0;
};

class FileStore {
 public:
  // `bytes_max`: memory for small files, 0 keeps nothing. `loop` outlives the store.
  FileStore(event::EventLoop& loop, uint64_t bytes_max) : loop_(loop), cache_(bytes_max) {}
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;

  // The hot path: the file that `path` names if that is known and fresh, or none (is_missing()) if OpenOptional found
  // that out, without any system call or allocation. Nothing: it is not known, or no file; call Open.
  [[nodiscard]] std::optional<StoredFile> FindKnown(const DocumentRoot& root, std::string_view path);

  // Opens `path` (relative to the root, "" is the root itself; "a/b.html") for reading, from the store where that is
  // fresh. Small regular files come rendered, kept or not; one that keeps changing while it is read comes as `file`.
  // Errors: kNotFound; kForbidden (permission, a link that leads out, a socket or device); kTooLarge (name too long);
  // kInvalid (no normal path); kUnavailable (descriptors, the offload queue); kSystem; the reason why `scope` was
  // cancelled.
  [[nodiscard]] event::Task<Result<StoredFile>> Open(const DocumentRoot& root, std::string_view path,
                                                     const FileRenderer& renderer, event::CancelScope& scope);

  // The same for a path that need not be there: that it can't be opened is remembered like the rest, so that asking
  // again costs nothing, and said as kNotFound until then.
  [[nodiscard]] event::Task<Result<StoredFile>> OpenOptional(const DocumentRoot& root, std::string_view path,
                                                             const FileRenderer& renderer, event::CancelScope& scope);

  // Brings that part of the file (at most kWarmBytesMax of it) into memory, off the loop, so that sending it doesn't
  // block; returns at once if it is there. kSystem: reading failed. kUnavailable: the offload queue is full.
  [[nodiscard]] event::Task<Result<void>> Warm(OpenFilePtr file, uint64_t offset, uint64_t length,
                                               event::CancelScope& scope);

  // For who has just replaced or removed the file: the next request sees it at once, at least on this worker.
  void Forget(const DocumentRoot& root, std::string_view path);

  // Closes descriptors that were not used for kOpenFileIdleMax. For the worker to call about once a second.
  void CloseIdle();
  // Closes all descriptors that are only kept for later requests, for somebody who has none left: how many they were.
  size_t CloseKept();

  [[nodiscard]] FileStoreCounters counters() const;

 private:
  event::Task<Result<LoadedFile>> Load(LoadRequest request, event::CancelScope& scope);
  StoredFile Store(const LoadRequest& request, LoadedFile loaded, const FileRenderer& renderer, WallTime wall);
  [[nodiscard]] bool IsFresh(const DocumentRoot& root, const FileEntry& entry) const {
    return !root.expects_changes() && loop_.now() - entry.checked_at < kFreshFor;
  }

  event::EventLoop& loop_;
  FileCache cache_;
  FileStoreCounters counters_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FILE_STORE_H_
