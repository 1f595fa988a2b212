// A folder with all that is in it as one zip or tar, made while it is sent, in bounded memory. What a request could not
// get is left out, as in listings; so are folders that a symbolic link leads to (their content may be there already, or
// lead in a circle), folders that another location answers for, and files that can't be read.
//
// The archive is never wrong without looking so: a file has the length it had when its turn came, and if it turns out
// to be shorter, or a limit is reached, the answer breaks off.
//
// The one file that calls libarchive. Blocks: for the offload pool (handlers/piece_body.h).
#ifndef BRILLIANT_HANDLERS_ARCHIVE_MAKER_H_
#define BRILLIANT_HANDLERS_ARCHIVE_MAKER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/folder_reader.h"
#include "files/open_file.h"
#include "handlers/piece_body.h"

struct archive;
struct archive_entry;

namespace brilliant::handlers {

// Files and folders in one archive.
inline constexpr uint64_t kArchiveEntriesMax = 100'000;
// Folders in one another, below the one that was asked for; what is deeper ends the archive.
inline constexpr size_t kArchiveDepthMax = 64;

enum class ArchiveFormat : uint8_t { kZip, kTar };

class ArchiveMaker final : public PieceMaker {
 public:
  struct Source {
    files::OpenFilePtr folder;
    files::FolderReader::Place place;
    std::string top;                    // the archive's own folder: everything is below it
    std::vector<std::string> left_out;  // folders, beneath the root
  };
  struct Limits {
    uint64_t entries_max = kArchiveEntriesMax;
    uint64_t bytes_max = UINT64_MAX;  // of files
    size_t depth_max = kArchiveDepthMax;
  };
  ArchiveMaker(Source source, ArchiveFormat format, const Limits& limits);
  ~ArchiveMaker() override;
  ArchiveMaker(const ArchiveMaker&) = delete;
  ArchiveMaker& operator=(const ArchiveMaker&) = delete;

  // kTooLarge: a limit; kClosed: a file has become shorter.
  [[nodiscard]] Result<Piece> Make(MonotonicTime now) override;

  // Where libarchive writes to.
  struct Sink {
    std::string bytes;
    bool is_closed = false;  // takes nothing more
  };

 private:
  // A folder that is being read.
  struct Level {
    files::FolderReader reader;
    std::string path;  // beneath the root
  };
  struct Free {
    void operator()(archive* archive) const;
    void operator()(archive_entry* entry) const;
  };

  [[nodiscard]] Result<void> Begin();
  [[nodiscard]] Result<void> Step(MonotonicTime now);
  [[nodiscard]] Result<void> CopyFile();
  [[nodiscard]] Result<void> AddFile(const std::string& path, MonotonicTime now);
  [[nodiscard]] Result<void> AddFolder(const std::string& path, MonotonicTime now);
  [[nodiscard]] Result<void> PutHeader(std::string_view path, const files::OpenFile& file);
  [[nodiscard]] bool IsLeftOut(std::string_view path) const;
  // What has gone wrong in libarchive.
  [[nodiscard]] std::unexpected<Error> ArchiveFailure() const;

  const Source source_;
  const ArchiveFormat format_;
  const Limits limits_;
  Sink sink_;  // before `archive_`, which writes to it
  std::unique_ptr<archive, Free> archive_;
  std::unique_ptr<archive_entry, Free> entry_;
  std::vector<Level> levels_;
  std::optional<files::OpenFile> file_;  // that is being copied
  uint64_t copied_ = 0;                  // of it
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_ARCHIVE_MAKER_H_
