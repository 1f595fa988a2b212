// The folder that deleted files go to, until somebody wants them back or their time is over. It lies outside of all
// that is served, on the same file system. A file in it is called by a token that can't be guessed; beside it
// TOKEN.path holds the path it came from, and nothing comes back to another one. A value: any thread, and several
// workers at once.
//
// Everything in it blocks: for the offload pool.
#ifndef BRILLIANT_FILES_TRASH_H_
#define BRILLIANT_FILES_TRASH_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "files/removal.h"

namespace brilliant::files {

// Files in one trash; above it, those deleted first are gone for good.
inline constexpr size_t kTrashFilesMax = 1'000;

class Trash {
 public:
  // `folder`: absolute. `age_max`: of a deleted file, after which it is gone for good.
  Trash(std::string folder, Milliseconds age_max) : folder_(std::move(folder)), age_max_(age_max) {}

  [[nodiscard]] const std::string& folder() const { return folder_; }

  // Moves a file or a link there and removes what is over time; the token that brings it back. `origin`: what it is
  // called, for Restore. Errors: those of Remove, EXDEV (another file system), and those of opening the trash with the
  // context kTrashContext. `unchanged`: as for Remove, but without its gap, since what was moved is looked at again and
  // put back.
  [[nodiscard]] Result<std::string> Take(const Removable& thing, std::string_view origin, bool unchanged) const;

  // Moves it back to where it was. kNotFound with kUnknownContext: there is no such token, or not for
  // that origin. EEXIST: the name is taken.
  [[nodiscard]] Result<void> Restore(std::string_view token, std::string_view origin, int folder_fd,
                                     const std::string& name) const;

  // Arrays, so that each has one address and a context can be told by it.
  static constexpr char kTrashContext[] = "opening the trash";
  static constexpr char kUnknownContext[] = "unknown token";

 private:
  [[nodiscard]] Result<UniqueFd> OpenFolder() const;
  void Sweep(int trash_fd) const;

  std::string folder_;
  Milliseconds age_max_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_TRASH_H_
