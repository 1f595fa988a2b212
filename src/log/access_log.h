// The access log: one line per answered request, in the Combined format everybody's tools read or as JSON. Lines gather
// in a buffer and leave it whole, written by the offload pool: after a second, or when 64 KiB are full. A disk that
// fails never holds a request up: what finds no room is dropped and counted (log/line_writer.h).
//
// One per worker, owned by it; called on the loop's thread only. It is destroyed before its loop, which then writes
// what is left.
#ifndef BRILLIANT_LOG_ACCESS_LOG_H_
#define BRILLIANT_LOG_ACCESS_LOG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "event/cancel_scope.h"
#include "event/event_loop.h"
#include "event/task.h"
#include "log/error_log.h"
#include "log/line_writer.h"
#include "log/program_use.h"

namespace brilliant::log {

// Longer values are cut there, and "..." says so. The target's limit covers all but attacks.
inline constexpr size_t kLoggedTargetBytesMax = 2048;
inline constexpr size_t kLoggedValueBytesMax = 512;
// What escaping makes of the longest values.
inline constexpr size_t kAccessLineBytesMax = size_t{32} << 10;
inline constexpr Milliseconds kAccessLogFlushInterval{1000};

// What happened to one request. The views are read before Append returns and not afterwards.
struct AccessRecord {
  std::string_view client;            // "192.0.2.1", "unix:"
  std::string_view user;              // who authenticated; empty: nobody
  WallTime time;                      // when the answer was complete
  std::string_view method;            // empty: the request line could not be parsed, see raw_request_line
  std::string_view target;            // as received
  int version_minor = 1;              // of HTTP/1
  std::string_view raw_request_line;  // used when method is empty: whatever was received of it
  int status = 0;
  uint64_t content_bytes = 0;  // of the answer's content, actually sent
  std::string_view referer;
  std::string_view user_agent;
  std::string_view host;
  uint64_t duration_us = 0;             // from the request's first byte to the answer's last
  uint64_t connection = 0;              // counts the worker's connections
  uint64_t request_number = 0;          // on its connection, from 1
  const ProgramUse* program = nullptr;  // that answered it; null: none did
};

enum class AccessFormat : uint8_t { kCombined, kJson };

// Makes lines. In both formats nothing that a client sent can forge a line or a field, or drive a terminal: controls,
// DEL, `"`, `\`, C1 controls, malformed UTF-8, and the characters that change the direction of text or separate lines
// are escaped. An empty value is `-` in Combined and "" in JSON.
//
//   Combined  client - user [02/Jan/2026:03:04:05 +0000] "GET /x HTTP/1.1" 200 1024 "referer" "user agent"
//             escapes are \xHH, one a byte; a space in client or user is \x20. Times are UTC.
//   JSON      one object a line, always valid UTF-8: time, client, user, host, method, target, protocol, status, bytes,
//             duration_ms, referer, user_agent, connection, request; instead of method, target and protocol, an
//             unparsable request has request_line. If a program (CGI) answered: program, an object with queue_ms,
//             start_ms if known, first_byte_ms, total_ms, if its end is known cpu_ms, memory_kib, and exit or signal.
//             Escapes are \u00HH or \uHHHH; a malformed byte HH is \u00HH.
class AccessLineFormatter {
 public:
  explicit AccessLineFormatter(AccessFormat format) : format_(format) {}
  // Appends one line with its newline: at most kAccessLineBytesMax, and no allocation if `out` has room for that.
  void Format(const AccessRecord& record, std::string& out);

 private:
  void CacheTime(int64_t second);
  char* Combined(const AccessRecord& record, char* out) const;
  char* Json(const AccessRecord& record, char* out) const;

  const AccessFormat format_;
  int64_t cached_second_ = -1;
  // Of the cached second: "02/Jan/2026:03:04:05 +0000", or "2026-01-02T03:04:05" for JSON.
  std::array<char, 32> time_text_{};
  size_t time_bytes_ = 0;
};

// The same for a single line.
void FormatAccessLine(const AccessRecord& record, AccessFormat format, std::string& out);

class AccessLog {
 public:
  // `fd`: opened with O_APPEND if it is a file; invalid: off. `error_log` hears of failing and lost lines.
  AccessLog(event::EventLoop& loop, UniqueFd fd, AccessFormat format, ErrorLog& error_log);

  [[nodiscard]] bool enabled() const { return writer_.enabled(); }
  // Formats into the buffer: no system call, no allocation in the steady state. Never fails; drops when full.
  void Append(const AccessRecord& record);
  // Hands the buffer to the pool now.
  void Flush() { writer_.Flush(); }
  // A root task: flushes a second after a line came, and again while lines are left. Ends when `scope` is cancelled,
  // after a last Flush. At most one runs.
  [[nodiscard]] event::Task<void> Run(event::CancelScope& scope);
  // Lines from now on go to `fd` (invalid: off), those before it to the old descriptor, in order.
  void Reopen(UniqueFd fd) { writer_.Reopen(std::move(fd)); }
  [[nodiscard]] uint64_t lines_dropped() const { return writer_.lines_dropped(); }

 private:
  event::EventLoop& loop_;
  AccessLineFormatter formatter_;
  LineWriter writer_;
  event::Signal* pending_ = nullptr;  // in Run's frame
};

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_ACCESS_LOG_H_
