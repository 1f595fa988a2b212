// Who may come in: the users of a password file in the format of htpasswd (`user:hash`, a line each), whose hashes the
// system's libcrypt computes. Reading and verifying block and cost time on purpose: both are for the offload pool. What
// is read is immutable and shared; any thread.
#ifndef BRILLIANT_FILES_PASSWORD_FILE_H_
#define BRILLIANT_FILES_PASSWORD_FILE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "files/open_file.h"

namespace brilliant::files {

inline constexpr size_t kPasswordFileBytesMax = 1 << 20;
inline constexpr size_t kPasswordUsersMax = 10'000;
inline constexpr size_t kPasswordLineBytesMax = 1'024;

// One state of a password file.
//
// Empty lines and those that begin with "#" mean nothing; neither does what follows a second colon. A hash that is
// none of bcrypt ($2y$, $2b$, $2a$), SHA-crypt ($5$, $6$) and yescrypt ($y$, $gy$) refuses its user: plain text, {SHA},
// DES and $apr1$ let nobody in. A file that can't be understood, or is larger than the limits above, has a `fault` and
// no users.
class PasswordFile {
 public:
  PasswordFile() = default;
  explicit PasswordFile(std::string_view text);

  // The hash of that user, as it stands in the file; null if there is none that could be verified.
  [[nodiscard]] const std::string* FindHash(std::string_view user) const;
  // A hash that costs as much as those of users: for who is no user. Empty if the file has none.
  [[nodiscard]] const std::string& decoy() const { return decoy_; }

  // What is wrong with the file, a literal, and the line it is in (0: no line); null if nothing is.
  [[nodiscard]] const char* fault() const { return fault_; }
  [[nodiscard]] int fault_line() const { return fault_line_; }
  // Entries whose kind of hash is not accepted, and the line of the first of them.
  [[nodiscard]] size_t refused_count() const { return refused_count_; }
  [[nodiscard]] int refused_line() const { return refused_line_; }

 private:
  friend Result<std::shared_ptr<const PasswordFile>> ReadPasswordFile(const std::string& path,
                                                                      std::shared_ptr<const PasswordFile> known,
                                                                      WallTime now);
  [[nodiscard]] const char* TakeLine(std::string_view line, int number);
  void SetFault(const char* fault, int line);

  std::map<std::string, std::string, std::less<>> hashes_;  // empty: of a kind that is refused
  std::string decoy_;
  const char* fault_ = nullptr;
  int fault_line_ = 0;
  size_t refused_count_ = 0;
  int refused_line_ = 0;
  FileIdentity identity_;
  bool settled_ = false;  // any later change must show in the identity
};
using PasswordFilePtr = std::shared_ptr<const PasswordFile>;

// What `path` holds now; `known` itself if that is the same (may be null). Blocks. Errors are those of opening and
// reading, and kForbidden for what is no regular file.
[[nodiscard]] Result<PasswordFilePtr> ReadPasswordFile(const std::string& path, PasswordFilePtr known, WallTime now);

enum class PasswordVerdict : uint8_t {
  kRight,
  kWrong,        // or no such user; takes as long
  kNotComputed,  // libcrypt can't compute the user's hash: the entry is damaged
};

// Computes the hash of `password`, which is wiped afterwards. Costs what the file's hashes are made to cost: for bcrypt
// and its like, tens of milliseconds and more. Compares in constant time.
[[nodiscard]] PasswordVerdict VerifyPassword(const PasswordFile& file, std::string_view user, std::string password);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_PASSWORD_FILE_H_
