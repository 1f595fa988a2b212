#include "handlers/archive_maker.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace brilliant::handlers {
namespace {

constexpr size_t kReadBytes = 65'536;
constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;

// libarchive marks names as UTF-8 if the locale says so; the program itself has none.
class Utf8Names {
 public:
  Utf8Names() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Names() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

la_ssize_t AppendBytes(archive* /*archive*/, void* out, const void* bytes, size_t count) {
  auto* const sink = static_cast<ArchiveMaker::Sink*>(out);
  if (sink->is_closed) return -1;
  sink->bytes.append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

}  // namespace

void ArchiveMaker::Free::operator()(archive* archive) const { archive_write_free(archive); }
void ArchiveMaker::Free::operator()(archive_entry* entry) const { archive_entry_free(entry); }

ArchiveMaker::ArchiveMaker(Source source, ArchiveFormat format, const Limits& limits)
    : source_(std::move(source)), format_(format), limits_(limits) {}

// An archive that broke off gets no end: libarchive would fill up what is missing. (archive_write_fail is no way to say
// so: then it does not give back all its memory.)
ArchiveMaker::~ArchiveMaker() { sink_.is_closed = true; }

Result<PieceMaker::Piece> ArchiveMaker::Make(MonotonicTime now) {
  const Utf8Names utf8;
  sink_.bytes.clear();
  if (archive_ == nullptr) RETURN_IF_ERROR(Begin());
  bool is_last = false;
  while (sink_.bytes.size() < kPieceBytes && !is_last) {
    if (file_) {
      RETURN_IF_ERROR(CopyFile());
    } else if (levels_.empty()) {
      if (archive_write_close(archive_.get()) != ARCHIVE_OK) return ArchiveFailure();
      is_last = true;
    } else {
      RETURN_IF_ERROR(Step(now));
    }
  }
  Piece piece{.bytes = std::move(sink_.bytes), .is_last = is_last};
  sink_.bytes = std::string();
  return piece;
}

Result<void> ArchiveMaker::Begin() {
  archive_.reset(archive_write_new());
  entry_.reset(archive_entry_new());
  if (archive_ == nullptr || entry_ == nullptr) return Failure(ErrorCode::kUnavailable, "memory for an archive");
  archive* const writer = archive_.get();
  if (format_ == ArchiveFormat::kZip) {
    archive_write_set_format_zip(writer);
    // What fills folders is compressed already, for the most part, and packing costs others their time.
    archive_write_zip_set_compression_store(writer);
    archive_write_set_options(writer, "hdrcharset=UTF-8");
  } else {
    archive_write_set_format_pax_restricted(writer);
    // Names as they are.
    archive_write_set_options(writer, "hdrcharset=BINARY");
  }
  archive_write_set_bytes_per_block(writer, 0);
  if (archive_write_open(writer, &sink_, nullptr, AppendBytes, nullptr) != ARCHIVE_OK) return ArchiveFailure();
  ASSIGN_OR_RETURN(files::FolderReader reader, files::FolderReader::Open(*source_.folder, source_.place));
  levels_.push_back(Level{.reader = std::move(reader), .path = source_.place.path});
  return {};
}

Result<void> ArchiveMaker::Step(MonotonicTime now) {
  ASSIGN_OR_RETURN(const std::optional<files::FolderEntry> entry, levels_.back().reader.Next(now));
  if (!entry) {
    levels_.pop_back();
    return {};
  }
  const std::string path = levels_.back().path + std::string(entry->name);
  if (entry->kind == files::EntryKind::kFile) return AddFile(path, now);
  return entry->is_link || IsLeftOut(path) ? Result<void>() : AddFolder(path + "/", now);
}

Result<void> ArchiveMaker::AddFile(const std::string& path, MonotonicTime now) {
  Result<files::OpenFile> file = source_.place.root.Open(path, now);
  if (!file && file.error().code == ErrorCode::kUnavailable) return std::unexpected(file.error());
  if (!file || !file->is_regular) return {};
  bytes_ += file->size;
  if (bytes_ > limits_.bytes_max) return Failure(ErrorCode::kTooLarge, "folder above archive_max");
  RETURN_IF_ERROR(PutHeader(path, *file));
  copied_ = 0;
  file_.emplace(std::move(*file));
  return {};
}

Result<void> ArchiveMaker::AddFolder(const std::string& path, MonotonicTime now) {
  Result<files::OpenFile> folder = source_.place.root.Open(path, now);
  if (!folder && folder.error().code == ErrorCode::kUnavailable) return std::unexpected(folder.error());
  if (!folder || !folder->is_directory) return {};
  if (levels_.size() > limits_.depth_max) return Failure(ErrorCode::kTooLarge, "folders too deep for an archive");
  files::FolderReader::Place place = source_.place;
  place.path = path;
  Result<files::FolderReader> reader = files::FolderReader::Open(*folder, std::move(place));
  if (!reader) return {};
  RETURN_IF_ERROR(PutHeader(path, *folder));
  levels_.push_back(Level{.reader = std::move(*reader), .path = path});
  return {};
}

Result<void> ArchiveMaker::PutHeader(std::string_view path, const files::OpenFile& file) {
  if (++entries_ > limits_.entries_max) return Failure(ErrorCode::kTooLarge, "too many entries for an archive");
  const std::string name = source_.top + "/" + std::string(path.substr(source_.place.path.size()));
  archive_entry* const entry = archive_entry_clear(entry_.get());
  archive_entry_copy_pathname(entry, name.c_str());
  archive_entry_set_mtime(entry, WallTime{.nanoseconds = file.mtime_ns}.seconds(), 0);
  if (file.is_directory) {
    archive_entry_set_filetype(entry, AE_IFDIR);
    archive_entry_set_perm(entry, kFolderMode);
  } else {
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, kFileMode);
    archive_entry_set_size(entry, static_cast<la_int64_t>(file.size));
  }
  // A warning: the name is no UTF-8, and stands there as it is.
  const int outcome = archive_write_header(archive_.get(), entry);
  if (outcome != ARCHIVE_OK && outcome != ARCHIVE_WARN) return ArchiveFailure();
  return {};
}

Result<void> ArchiveMaker::CopyFile() {
  std::array<char, kReadBytes> bytes;
  while (sink_.bytes.size() < kPieceBytes && copied_ < file_->size) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(bytes.size(), file_->size - copied_));
    const ssize_t got = pread(file_->fd.get(), bytes.data(), wanted, static_cast<off_t>(copied_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemFailure("reading a file for an archive");
    if (got == 0) return Failure(ErrorCode::kClosed, "a file became shorter");
    const auto count = static_cast<size_t>(got);
    if (archive_write_data(archive_.get(), bytes.data(), count) != static_cast<la_ssize_t>(count))
      return ArchiveFailure();
    copied_ += count;
  }
  if (copied_ < file_->size) return {};
  file_.reset();
  return archive_write_finish_entry(archive_.get()) == ARCHIVE_OK ? Result<void>() : ArchiveFailure();
}

bool ArchiveMaker::IsLeftOut(std::string_view path) const {
  return std::ranges::find(source_.left_out, path) != source_.left_out.end();
}

std::unexpected<Error> ArchiveMaker::ArchiveFailure() const {
  return std::unexpected(Error{
      .code = ErrorCode::kSystem, .system_errno = archive_errno(archive_.get()), .context = "writing an archive"});
}

}  // namespace brilliant::handlers
