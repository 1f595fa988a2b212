#include "files/file_store.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include "event/offload.h"

namespace brilliant::files {
namespace {

// Something that says of the path itself that what was known of it is over; not a lack of resources on our side.
bool IsVerdict(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kForbidden || code == ErrorCode::kTooLarge;
}

bool IsOutOfDescriptors(const Error& error) { return error.system_errno == EMFILE || error.system_errno == ENFILE; }

// Whether a file seen at `wall` had been left alone for so long that a later change can't have the same time stamps.
bool IsSettled(const OpenFile& file, WallTime wall) {
  const std::chrono::nanoseconds age(wall.nanoseconds - std::max(file.mtime_ns, file.ctime_ns));
  return age >= kSettledAfter;
}

}  // namespace

std::optional<StoredFile> FileStore::FindKnown(const DocumentRoot& root, std::string_view path) {
  const FileEntry* entry = cache_.Find(root, path, loop_.now());
  if (entry == nullptr || !IsFresh(root, *entry)) return std::nullopt;
  if (!entry->stored.is_regular() && !entry->stored.is_missing()) return std::nullopt;
  ++counters_.hits;
  return entry->stored;
}

event::Task<Result<StoredFile>> FileStore::Open(const DocumentRoot& root, std::string_view path,
                                                const FileRenderer& renderer, event::CancelScope& scope) {
  FileEntry known;  // what was known is kept alive while it is checked
  if (const FileEntry* entry = cache_.Find(root, path, loop_.now())) {
    if (IsFresh(root, *entry)) {
      ++counters_.hits;
      if (entry->stored.is_missing()) co_return Failure(ErrorCode::kNotFound, "was missing a moment ago");
      co_return entry->stored;
    }
    known = *entry;
  }
  LoadRequest request{.root = root, .path = std::string(path), .now = loop_.now(), .known = std::nullopt};
  if (known.settled) request.known = known.identity;
  const WallTime wall = loop_.wall();
  Result<LoadedFile> loaded = co_await Load(request, scope);
  // A request comes before descriptors that are only kept for later ones.
  const bool try_again = !loaded && IsOutOfDescriptors(loaded.error()) && CloseKept() > 0;
  if (try_again) {
    loaded = co_await Load(request, scope);
  }
  if (!loaded) {
    if (IsVerdict(loaded.error().code)) cache_.Erase(root, path);
    co_return std::unexpected(loaded.error());
  }
  if (loaded->unchanged) {
    ++counters_.revalidations;
    FileEntry* entry = cache_.Find(root, path, loop_.now());
    const bool still_kept = entry != nullptr && entry->identity == known.identity;
    if (still_kept) entry->checked_at = std::max(entry->checked_at, loaded->file.checked_at);
    co_return known.stored;
  }
  ++counters_.loads;
  co_return Store(request, std::move(*loaded), renderer, wall);
}

event::Task<Result<StoredFile>> FileStore::OpenOptional(const DocumentRoot& root, std::string_view path,
                                                        const FileRenderer& renderer, event::CancelScope& scope) {
  const MonotonicTime asked_at = loop_.now();
  Result<StoredFile> found = co_await Open(root, path, renderer, scope);
  const bool known = cache_.Find(root, path, loop_.now()) != nullptr;
  if (!found && IsVerdict(found.error().code) && !known) {
    cache_.Put(root, path, FileEntry{.stored = {}, .identity = {}, .checked_at = asked_at}, loop_.now());
  }
  co_return found;
}

event::Task<Result<LoadedFile>> FileStore::Load(LoadRequest request, event::CancelScope& scope) {
  Result<LoadedFile> loaded = LoadFile(request, Patience::kNone);
  if (loaded || loaded.error().code != ErrorCode::kWouldBlock) co_return loaded;
  ++counters_.offloads;
  auto call = [request = std::move(request)] { return LoadFile(request, Patience::kForDisk); };
  co_return co_await event::Offload(loop_, scope, std::move(call));
}

StoredFile FileStore::Store(const LoadRequest& request, LoadedFile loaded, const FileRenderer& renderer,
                            WallTime wall) {
  FileEntry entry{.stored = {},
                  .identity = IdentityOf(loaded.file),
                  .checked_at = loaded.file.checked_at,
                  .settled = IsSettled(loaded.file, wall)};
  // A small file that comes without content kept changing: what is true of it now says little about the next moment.
  const bool keep = loaded.content || loaded.file.is_directory || loaded.file.size > kSmallFileBytesMax;
  if (loaded.content) {
    entry.stored.rendered = std::make_shared<const RenderedFile>(
        renderer.Render(request.path, loaded.file, std::move(*loaded.content), wall));
  } else {
    entry.stored.file = std::make_shared<const OpenFile>(std::move(loaded.file));
  }
  StoredFile stored = entry.stored;
  if (keep) cache_.Put(request.root, request.path, std::move(entry), loop_.now());
  return stored;
}

event::Task<Result<void>> FileStore::Warm(OpenFilePtr file, uint64_t offset, uint64_t length,
                                          event::CancelScope& scope) {
  length = std::min(length, kWarmBytesMax);
  if (IsResident(*file, offset, length)) co_return Result<void>();
  ++counters_.offloads;
  auto call = [file = std::move(file), offset, length] { return ReadAhead(*file, offset, length); };
  co_return co_await event::Offload(loop_, scope, std::move(call));
}

void FileStore::Forget(const DocumentRoot& root, std::string_view path) { cache_.Erase(root, path); }

void FileStore::CloseIdle() { cache_.CloseUnused(loop_.now() - kOpenFileIdleMax); }

size_t FileStore::CloseKept() { return cache_.CloseUnused(loop_.now()); }

FileStoreCounters FileStore::counters() const {
  FileStoreCounters counters = counters_;
  counters.entries = cache_.size();
  counters.open_files = cache_.open_files();
  counters.bytes = cache_.bytes();
  return counters;
}

}  // namespace brilliant::files
