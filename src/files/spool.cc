#include "files/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "event/offload.h"

namespace brilliant::files {
namespace {

using FilePtr = std::shared_ptr<const UniqueFd>;

Result<FilePtr> OpenUnnamed(const std::string& folder) {
#ifdef O_TMPFILE
  UniqueFd unnamed(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed.valid()) return std::make_shared<const UniqueFd>(std::move(unnamed));
#endif
  std::string name = folder + "/brilliantserver-XXXXXX";
  UniqueFd named(mkstemp(name.data()));
  if (!named.valid()) return SystemFailure("temporary file");
  fcntl(named.get(), F_SETFD, FD_CLOEXEC);
  unlink(name.c_str());
  return std::make_shared<const UniqueFd>(std::move(named));
}

// Opens the file if there is none yet. The file, with the bytes in it.
Result<FilePtr> WriteAt(FilePtr file, const std::string& folder, uint64_t offset, std::string_view bytes) {
  if (file == nullptr) {
    ASSIGN_OR_RETURN(file, OpenUnnamed(folder));
  }
  while (!bytes.empty()) {
    const ssize_t count = pwrite(file->get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return SystemFailure("temporary file");
    offset += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return file;
}

Result<std::string> ReadAt(const FilePtr& file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = pread(file->get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (count <= 0) return SystemFailure("temporary file");
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

}  // namespace

Spool::~Spool() { budget_.bytes -= written_ + writing_; }

void Spool::FreeFileIfTaken() {
  if (read_ < written_ || writing_ > 0) return;
  budget_.bytes -= written_;
  written_ = read_ = 0;
  file_.reset();
}

event::Task<Result<void>> Spool::Append(std::span<const char> bytes, event::CancelScope& scope) {
  if (written_ + writing_ == 0 && memory_.size() + bytes.size() <= kSpoolMemoryBytes) {
    memory_.append(bytes.data(), bytes.size());
    co_return Result<void>();
  }
  if (budget_.bytes + bytes.size() > budget_.bytes_max) co_return Failure(ErrorCode::kTooLarge, "spool");
  budget_.bytes += bytes.size();
  auto write = [file = file_, folder = folder_, offset = written_, copy = std::string(bytes.data(), bytes.size())] {
    return WriteAt(file, folder, offset, copy);
  };
  writing_ = bytes.size();
  const Result<FilePtr> file = co_await event::Offload(loop_, scope, std::move(write));
  writing_ = 0;
  if (!file) {
    budget_.bytes -= bytes.size();
    co_return std::unexpected(file.error());
  }
  file_ = *file;
  written_ += bytes.size();
  co_return Result<void>();
}

event::Task<Result<std::span<const char>>> Spool::Take(event::CancelScope& scope) {
  taken_.clear();
  if (!memory_.empty()) {
    taken_.swap(memory_);
    co_return std::span<const char>(taken_);
  }
  if (written_ == read_) co_return std::span<const char>();
  const auto size = static_cast<size_t>(std::min<uint64_t>(written_ - read_, kSpoolReadBytes));
  auto read = [file = file_, offset = read_, size] { return ReadAt(file, offset, size); };
  Result<std::string> bytes = co_await event::Offload(loop_, scope, std::move(read));
  if (!bytes) co_return std::unexpected(bytes.error());
  taken_ = std::move(*bytes);
  read_ += taken_.size();
  FreeFileIfTaken();
  co_return std::span<const char>(taken_);
}

}  // namespace brilliant::files
