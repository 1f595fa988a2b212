#include "log/error_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"

namespace brilliant::log {
namespace {

constexpr size_t kBufferBytes = size_t{16} << 10;
constexpr size_t kBuffersMax = 8;
constexpr size_t kEscapedByteMax = 4;
constexpr size_t kLineBytesMax = kEscapedByteMax * kErrorLineTextBytesMax + 64;

// A descriptor of our own for standard error; invalid if that is closed. The open file behind it, with its flags, stays
// the one that others use too.
UniqueFd StandardError() { return UniqueFd(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)); }

}  // namespace

ErrorLog::ErrorLog(event::EventLoop& loop, UniqueFd fd, Level least)
    : loop_(loop),
      least_(least),
      writer_(loop, fd.valid() ? std::move(fd) : StandardError(),
              {.name = "error log",
               .buffer_bytes = kBufferBytes,
               .line_bytes_max = kLineBytesMax,
               .buffers_max = kBuffersMax,
               .prompt = true},
              *this) {}

ErrorLog::~ErrorLog() {
  while (RateLimit* site = suppressing_.front()) ReportSuppressed(*site);
}

void ErrorLog::Write(Level level, std::string_view text) {
  if (!enabled(level)) return;
  std::string* buffer = writer_.BeginLine();
  if (buffer == nullptr) return;
  *buffer += FormatErrorLine(loop_.wall(), level, text);
  writer_.EndLine();
}

void ErrorLog::Flush() {
  // Windows are of one length: those that began first end first.
  while (RateLimit* site = suppressing_.front()) {
    if (loop_.now() < site->window_end_) break;
    ReportSuppressed(*site);
  }
  if (!writer_.idle()) writer_.Flush();
}

void ErrorLog::Reopen(UniqueFd fd) { writer_.Reopen(fd.valid() ? std::move(fd) : StandardError()); }

bool ErrorLog::Admit(RateLimit& site, Level level, std::string_view format) {
  if (loop_.now() >= site.window_end_) {
    if (site.suppressed_ > 0) ReportSuppressed(site);
    site.window_end_ = loop_.now() + kReportWindow;
    site.reports_ = 0;
  }
  if (site.reports_ < kReportsPerWindowMax) {
    ++site.reports_;
    return true;
  }
  if (site.suppressed_++ == 0) suppressing_.PushBack(site);
  site.level_ = level;
  site.format_ = format;
  return false;
}

void ErrorLog::ReportSuppressed(RateLimit& site) {
  site.Unlink();
  const uint64_t count = std::exchange(site.suppressed_, 0);
  std::array<char, kReportBytesMax> text;
  const auto result = fmt::format_to_n(text.data(), text.size(), "suppressed similar lines: count={} format=\"{}\"",
                                       count, site.format_);
  Write(site.level_, std::string_view(text.data(), std::min(result.size, text.size())));
}

}  // namespace brilliant::log
