#include "process/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/check.h"
#include "base/platform.h"

namespace brilliant::process {
namespace {

constexpr size_t kPageBytes = 4096;
static_assert(std::atomic<uint64_t>::is_always_lock_free);

// A nameless file, empty.
Result<UniqueFd> OpenNameless([[maybe_unused]] const char* name) {
#if BRILLIANT_LINUX
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return SystemFailure("memfd_create");
#else
  char path[] = "/tmp/brilliantserver-XXXXXX";
  UniqueFd fd(mkstemp(path));
  if (!fd.valid()) return SystemFailure("mkstemp");
  unlink(path);
  if (fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) return SystemFailure("fcntl");
#endif
  return fd;
}

Result<void> Seal([[maybe_unused]] int fd) {
#if BRILLIANT_LINUX
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return SystemFailure("F_ADD_SEALS");
#endif
  return {};
}

// The page may be written, but not truncated: that would kill the other side with SIGBUS.
Result<void> SealSize([[maybe_unused]] int fd) {
#if BRILLIANT_LINUX
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW) != 0) return SystemFailure("F_ADD_SEALS");
#endif
  return {};
}

}  // namespace

Result<UniqueFd> SealBytes(std::string_view bytes) {
  if (bytes.size() > kSealedBytesMax) return Failure(ErrorCode::kTooLarge, "configuration");
  ASSIGN_OR_RETURN(UniqueFd fd, OpenNameless("brilliant-configuration"));
  while (!bytes.empty()) {
    const ssize_t written = write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemFailure("write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  RETURN_IF_ERROR(Seal(fd.get()));
  return fd;
}

Result<std::string> ReadSealed(int fd) {
  std::string bytes;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t got = pread(fd, buffer, sizeof buffer, static_cast<off_t>(bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemFailure("pread");
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
    if (bytes.size() > kSealedBytesMax) return Failure(ErrorCode::kTooLarge, "configuration");
  }
}

SharedPage& SharedPage::operator=(SharedPage&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(page_, other.page_);
  return *this;
}

SharedPage::~SharedPage() {
  if (page_ != nullptr) munmap(page_, kPageBytes);
}

Result<SharedPage> SharedPage::Create() {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenNameless("brilliant-page"));
  if (ftruncate(fd.get(), kPageBytes) != 0) return SystemFailure("ftruncate");
  RETURN_IF_ERROR(SealSize(fd.get()));
  return Open(std::move(fd));
}

Result<SharedPage> SharedPage::Open(UniqueFd fd) {
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return SystemFailure("fstat");
  if (status.st_size != kPageBytes) return Failure(ErrorCode::kInvalid, "shared page");
  void* page = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (page == MAP_FAILED) return SystemFailure("mmap");
  return SharedPage(std::move(fd), page);
}

std::atomic<uint64_t>& SharedPage::heartbeat() const {
  CHECK(page_ != nullptr);
  // The page begins as zero bytes, which are a counter at 0.
  return *static_cast<std::atomic<uint64_t>*>(page_);
}

}  // namespace brilliant::process
