// A file that somebody is sending. Until it is published it has no name, where the system can do that (O_TMPFILE), else
// a hidden one; it lies in the folder that it is for, so that publishing is one step of the file system: whoever looks
// sees all of the file, or what was there before. Nothing that is there is ever written to.
//
// A plain object used by one job of the offload pool after the other; every method blocks.
#ifndef BRILLIANT_FILES_UPLOAD_FILE_H_
#define BRILLIANT_FILES_UPLOAD_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "files/open_file.h"

namespace brilliant::files {

// Other names that are tried where one is taken: x_1.txt, x_2.txt, ...
inline constexpr int kFreeNamesMax = 10'000;
// Room on the disk is set aside before it is written, as much again as there is, but no more than this: file systems
// then write with less work, and in one piece. Not more, so that a client who only announces much does not take it from
// others.
inline constexpr uint64_t kReserveBytes = 16'777'216;
// Of the file that is made, as far as the process's umask allows: readable, never executable.
inline constexpr unsigned kUploadMode = 0644;

// What stands under a name. Links are not followed.
struct NamedThing {
  FileIdentity identity;
  bool is_regular = false;
};
// Nothing: there is no such name.
[[nodiscard]] Result<std::optional<NamedThing>> LookAt(int folder_fd, const std::string& name);

// The name that is tried after `name` was taken `count` times: "x_1.txt" for "x.txt". Never longer than a name may be;
// a character of several bytes is not cut.
[[nodiscard]] std::string FreeName(std::string_view name, int count);

// All files below `folder` together may have so many bytes.
struct FolderQuota {
  std::string folder;  // absolute
  uint64_t bytes_max = 0;
};

struct PublishPlan {
  enum class IfTaken : uint8_t { kFindAnother, kFail, kReplace };

  std::string name;
  IfTaken if_taken = IfTaken::kFail;
  bool sync_data = false;    // the file is on the disk before it gets its name
  bool sync_folder = false;  // and the name before Publish returns
  // With kReplace: only while the name stands for this (nothing: for nothing), and else kChanged.
  bool expects = false;
  std::optional<FileIdentity> expected;
  std::optional<FolderQuota> quota;
};

struct Published {
  enum class Outcome : uint8_t {
    kCreated,
    kReplaced,
    kTaken,      // by something that may not be replaced
    kChanged,    // is not what was expected: look again
    kOverQuota,  // the file is not published
  };
  Outcome outcome = Outcome::kCreated;
  std::string name;
};

class UploadFile {
 public:
  enum class Kind : uint8_t {
    kBest,    // without a name where the system can do that
    kHidden,  // always with a hidden one
  };
  // `folder`: where it is to be published, as DocumentRoot::OpenParent opens it. Errors: kForbidden (permission, a file
  // system that is read-only), kUnavailable, kSystem.
  static Result<std::shared_ptr<UploadFile>> Create(std::shared_ptr<const UniqueFd> folder, Kind kind = Kind::kBest);
  // Never published: it leaves nothing behind.
  ~UploadFile();
  UploadFile(const UploadFile&) = delete;
  UploadFile& operator=(const UploadFile&) = delete;

  // So many bytes will be appended, from the first on.
  void Expect(uint64_t bytes) { expected_ = bytes; }
  // kSystem with ENOSPC, EDQUOT or EFBIG: there is no room.
  [[nodiscard]] Result<void> Append(std::string_view bytes);
  // Once; on failure and the last three outcomes it may be tried again.
  [[nodiscard]] Result<Published> Publish(const PublishPlan& plan);

  [[nodiscard]] uint64_t size() const { return size_; }
  // Until it is published: a server that is killed leaves it behind (files/unfinished_files.h).
  [[nodiscard]] bool has_hidden_name() const { return !hidden_name_.empty(); }

 private:
  UploadFile(std::shared_ptr<const UniqueFd> folder, UniqueFd file, std::string hidden_name)
      : folder_(std::move(folder)), file_(std::move(file)), hidden_name_(std::move(hidden_name)) {}

  // For what is about to be appended, and what follows it.
  void ReserveRoom(uint64_t bytes);
  // EEXIST if the name is taken.
  [[nodiscard]] Result<void> TakeFreeName(const std::string& name);
  [[nodiscard]] Result<void> TakeNameOver(const std::string& name, bool locked);
  [[nodiscard]] Result<Published> PublishUnderFreeName(const PublishPlan& plan);
  [[nodiscard]] Result<Published> PublishOver(const PublishPlan& plan, bool locked);
  [[nodiscard]] Result<bool> Fits(const PublishPlan& plan, int quota_folder_fd) const;

  const std::shared_ptr<const UniqueFd> folder_;
  const UniqueFd file_;
  std::string hidden_name_;  // empty: it has no name
  uint64_t size_ = 0;
  uint64_t expected_ = 0;  // 0: unknown
  uint64_t reserved_ = 0;  // of these
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_UPLOAD_FILE_H_
