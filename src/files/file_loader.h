// Opens a file and reads a small one, so that content and metadata belong together. The same function serves the loop,
// where it gives up rather than wait for the disk, and the offload pool, where it may. Any thread; a request owns all
// it needs.
#ifndef BRILLIANT_FILES_FILE_LOADER_H_
#define BRILLIANT_FILES_FILE_LOADER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "files/document_root.h"
#include "files/open_file.h"

namespace brilliant::files {

// Regular files up to this many bytes are served from memory.
inline constexpr uint64_t kSmallFileBytesMax = 65'536;
// How often a file that changes while it is read is read anew.
inline constexpr int kReadAttemptsMax = 3;

struct LoadRequest {
  DocumentRoot root;
  std::string path;
  MonotonicTime now;
  // The state whose content the caller has already.
  std::optional<FileIdentity> known;
};

struct LoadedFile {
  OpenFile file;
  // As in `known`: nothing was read.
  bool unchanged = false;
  // Of a small regular file. None: a folder, a large file, or one that kept changing while it was read.
  std::optional<std::string> content;
};

enum class Patience : uint8_t { kNone, kForDisk };

// The errors of DocumentRoot::Open and TryOpen; with kNone, kWouldBlock when the disk would have to be waited for.
[[nodiscard]] Result<LoadedFile> LoadFile(const LoadRequest& request, Patience patience);

// Whether the pages at both ends of that part of the file are in memory, so that sending it is not likely to wait for
// the disk. Always true where the system can't tell without blocking.
[[nodiscard]] bool IsResident(const OpenFile& file, uint64_t offset, uint64_t length);
// Reads that part into the kernel's memory. Blocks.
[[nodiscard]] Result<void> ReadAhead(const OpenFile& file, uint64_t offset, uint64_t length);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FILE_LOADER_H_
