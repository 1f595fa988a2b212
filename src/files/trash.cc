#include "files/trash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "files/exclusive_rename.h"
#include "files/folder_stream.h"

namespace brilliant::files {
namespace {

constexpr size_t kTokenBytes = 16;
constexpr size_t kTokenDigits = 2 * kTokenBytes;
constexpr std::string_view kOriginSuffix = ".path";

std::string MakeToken() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, kTokenBytes> random;
  CHECK(getentropy(random.data(), random.size()) == 0);
  std::string token;
  for (const unsigned char byte : random) {
    token += kDigits[byte >> 4];
    token += kDigits[byte & 0xf];
  }
  return token;
}

bool IsToken(std::string_view text) {
  return text.size() == kTokenDigits &&
         std::ranges::all_of(text, [](char c) { return HexValue(c) >= 0 && ToLower(c) == c; });
}

std::string OriginName(std::string_view token) { return std::string(token) + std::string(kOriginSuffix); }

Result<void> WriteOrigin(int trash_fd, std::string_view token, std::string_view origin) {
  const UniqueFd fd(openat(trash_fd, OriginName(token).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return SystemFailure(Trash::kTrashContext);
  if (write(fd.get(), origin.data(), origin.size()) != static_cast<ssize_t>(origin.size())) {
    unlinkat(trash_fd, OriginName(token).c_str(), 0);
    return Failure(ErrorCode::kUnavailable, "writing to the trash");
  }
  return {};
}

bool HasOrigin(int trash_fd, std::string_view token, std::string_view origin) {
  const UniqueFd fd(openat(trash_fd, OriginName(token).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return false;
  std::string text(origin.size() + 1, '\0');
  const ssize_t count = read(fd.get(), text.data(), text.size());
  return count == static_cast<ssize_t>(origin.size()) && std::string_view(text).substr(0, origin.size()) == origin;
}

struct Deleted {
  std::string token;
  time_t since = 0;
};

// What there is, by the files that say where it came from.
std::vector<Deleted> ListTrash(int trash_fd) {
  std::vector<Deleted> all;
  const Result<FolderStream> folder = OpenStream(trash_fd);
  if (!folder) return all;
  while (const dirent* entry = readdir(folder->get())) {
    const std::string_view name = entry->d_name;
    if (!name.ends_with(kOriginSuffix)) continue;
    const std::string_view token = name.substr(0, name.size() - kOriginSuffix.size());
    struct stat status{};
    if (!IsToken(token) || fstatat(trash_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    all.push_back(Deleted{.token = std::string(token), .since = status.st_mtime});
  }
  return all;
}

}  // namespace

Result<UniqueFd> Trash::OpenFolder() const {
  UniqueFd fd(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return SystemFailure(kTrashContext);
  return fd;
}

void Trash::Sweep(int trash_fd) const {
  std::vector<Deleted> all = ListTrash(trash_fd);
  std::ranges::sort(all, {}, &Deleted::since);
  const time_t now = time(nullptr);
  size_t left = all.size();
  for (const Deleted& deleted : all) {
    const bool is_over = now - deleted.since >= age_max_.count() / 1000;
    if (!is_over && left <= kTrashFilesMax) break;
    unlinkat(trash_fd, deleted.token.c_str(), 0);
    unlinkat(trash_fd, OriginName(deleted.token).c_str(), 0);
    --left;
  }
}

Result<std::string> Trash::Take(const Removable& thing, std::string_view origin, bool unchanged) const {
  ASSIGN_OR_RETURN(const UniqueFd trash, OpenFolder());
  std::string token = MakeToken();
  RETURN_IF_ERROR(WriteOrigin(trash.get(), token, origin));
  const int folder = thing.folder->get();
  if (const int failure = RenameExclusively(folder, thing.name, trash.get(), token); failure != 0) {
    unlinkat(trash.get(), OriginName(token).c_str(), 0);
    return std::unexpected(ErrorFromErrno(failure, "moving to the trash"));
  }
  const Result<RemovableEntry> moved = LookUpEntry(trash.get(), token);
  // The move itself changes the time of the last change.
  const bool is_same = moved && moved->identity.inode == thing.entry.identity.inode &&
                       moved->identity.mtime_ns == thing.entry.identity.mtime_ns &&
                       moved->identity.size == thing.entry.identity.size;
  const bool is_folder = moved && moved->kind == RemovableKind::kFolder;
  if ((unchanged && !is_same) || is_folder) {
    // If its place has been taken meanwhile, it stays here, where nothing is lost.
    if (RenameExclusively(trash.get(), token, folder, thing.name) == 0)
      unlinkat(trash.get(), OriginName(token).c_str(), 0);
    return Failure(ErrorCode::kInvalid, "changed meanwhile");
  }
  Sweep(trash.get());
  return token;
}

Result<void> Trash::Restore(std::string_view token, std::string_view origin, int folder_fd,
                            const std::string& name) const {
  if (!IsToken(token)) return Failure(ErrorCode::kNotFound, kUnknownContext);
  ASSIGN_OR_RETURN(const UniqueFd trash, OpenFolder());
  if (!HasOrigin(trash.get(), token, origin)) return Failure(ErrorCode::kNotFound, kUnknownContext);
  const int failure = RenameExclusively(trash.get(), std::string(token), folder_fd, name);
  if (failure == ENOENT) return Failure(ErrorCode::kNotFound, kUnknownContext);
  if (failure != 0) return std::unexpected(ErrorFromErrno(failure, "moving out of the trash"));
  unlinkat(trash.get(), OriginName(token).c_str(), 0);
  return {};
}

}  // namespace brilliant::files
