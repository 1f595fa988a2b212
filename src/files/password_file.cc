#include "files/password_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/strings.h"
#include "files/file_store.h"
#include "http/credentials.h"

#if __has_include(<crypt.h>)
#include <crypt.h>
#endif

namespace brilliant::files {
namespace {

// Kinds of hashes that take their time, by how they begin.
constexpr std::array<std::string_view, 7> kAcceptedKinds = {"$2y$", "$2b$", "$2a$", "$5$", "$6$", "$y$", "$gy$"};

bool IsAccepted(std::string_view hash) {
  return std::ranges::any_of(kAcceptedKinds, [hash](std::string_view kind) { return hash.starts_with(kind); });
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

// Not memset, which the compiler may leave out for what is not read again.
void Wipe(std::string& text) {
  volatile char* bytes = text.data();
  for (size_t i = 0; i < text.size(); ++i) bytes[i] = '\0';
}

// The hash of `password` made like `setting`; empty if it can't be computed.
std::string ComputeHash(const std::string& password, const std::string& setting) {
#if defined(__APPLE__)
  return {};  // its crypt knows none of the accepted kinds
#else
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_r(password.c_str(), setting.c_str(), data.get());
  return hash == nullptr || hash[0] == '*' ? std::string() : std::string(hash);
#endif
}

Result<std::string> ReadAll(int fd, uint64_t size) {
  std::string text(size, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemFailure("read");
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  text.resize(done);
  return text;
}

}  // namespace

PasswordFile::PasswordFile(std::string_view text) {
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (TrimBlanks(line).empty() || line.starts_with('#')) continue;
    const char* fault = TakeLine(line, number);
    if (fault == nullptr) continue;
    SetFault(fault, number);
    break;
  }
}

void PasswordFile::SetFault(const char* fault, int line) {
  hashes_.clear();
  decoy_.clear();
  fault_ = fault;
  fault_line_ = line;
}

// Null, or what is wrong with it.
const char* PasswordFile::TakeLine(std::string_view line, int number) {
  if (line.size() > kPasswordLineBytesMax) return "the line is too long";
  if (std::ranges::any_of(line, IsControl)) return "the line has a control character";
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "the line has no colon";
  if (colon == 0) return "the line has no user";
  if (colon > http::kUserBytesMax) return "the user's name is too long";
  if (hashes_.size() == kPasswordUsersMax) return "there are too many users";
  std::string_view hash = line.substr(colon + 1);
  hash = TrimBlanks(hash.substr(0, hash.find(':')));
  if (!IsAccepted(hash)) {
    hash = {};
    ++refused_count_;
    if (refused_line_ == 0) refused_line_ = number;
  }
  const bool is_first = hashes_.emplace(line.substr(0, colon), hash).second;
  if (!is_first) return "the user stands in the file twice";
  if (decoy_.empty()) decoy_ = hash;
  return nullptr;
}

const std::string* PasswordFile::FindHash(std::string_view user) const {
  const auto found = hashes_.find(user);
  return found == hashes_.end() || found->second.empty() ? nullptr : &found->second;
}

Result<PasswordFilePtr> ReadPasswordFile(const std::string& path, PasswordFilePtr known, WallTime now) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return SystemFailure("open");
  ASSIGN_OR_RETURN(OpenFile file, DescribeFile(std::move(fd)));
  if (!file.is_regular) return Failure(ErrorCode::kForbidden, "not a regular file");
  if (known != nullptr && known->settled_ && known->identity_ == IdentityOf(file)) return known;

  auto read = std::make_shared<PasswordFile>();
  if (file.size > kPasswordFileBytesMax) {
    read->SetFault("the file is larger than 1 MiB", 0);
  } else {
    ASSIGN_OR_RETURN(const std::string text, ReadAll(file.fd.get(), file.size));
    *read = PasswordFile(text);
  }
  read->identity_ = IdentityOf(file);
  const std::chrono::nanoseconds age(now.nanoseconds - std::max(file.mtime_ns, file.ctime_ns));
  read->settled_ = age >= kSettledAfter;
  return PasswordFilePtr(std::move(read));
}

PasswordVerdict VerifyPassword(const PasswordFile& file, std::string_view user, std::string password) {
  const std::string* hash = file.FindHash(user);
  const std::string& setting = hash != nullptr ? *hash : file.decoy();
  const std::string computed = setting.empty() ? std::string() : ComputeHash(password, setting);
  Wipe(password);
  const bool same = EqualInConstantTime(computed, setting);
  if (hash == nullptr) return PasswordVerdict::kWrong;
  if (computed.empty()) return PasswordVerdict::kNotComputed;
  return same ? PasswordVerdict::kRight : PasswordVerdict::kWrong;
}

}  // namespace brilliant::files
