// Gets lines into a file, pipe, terminal or socket without ever holding the loop up; what access log and error log
// share. Lines gather in a buffer; full buffers wait in a bounded queue; one job at a time on the offload pool writes
// them in order. Only whole lines are written at a time: all of a buffer at once to a file (opened with O_APPEND),
// pieces of PIPE_BUF bytes to anything else, which pipes do not mix with what other processes write.
//
// A write that fails is tried again at every Flush, meanwhile buffers wait, and beyond buffers_max of them lines are
// dropped and counted; the error log hears of both. A line that a full disk cut in two is ended and written again.
// A reader that does not read holds a thread of the pool for at most kStallMax per try.
//
// Owned by a log; called on the loop's thread only.
#ifndef BRILLIANT_LOG_LINE_WRITER_H_
#define BRILLIANT_LOG_LINE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "log/rate_limit.h"

namespace brilliant::log {

class ErrorLog;
class LogFile;
class LineQueue;

inline constexpr Milliseconds kStallMax{100};

struct LineWriterOptions {
  const char* name = "";      // for reports: "access log"
  size_t buffer_bytes = 0;    // a buffer that holds so much is full
  size_t line_bytes_max = 0;  // what one line may add to it
  size_t buffers_max = 0;     // that wait or are being written
  // Lines leave at once, if no others are being written. Else: with the next Flush, or when the buffer is full.
  bool prompt = false;
};

class LineWriter {
 public:
  // `fd` invalid: off. `error_log` may be the owner itself.
  LineWriter(event::EventLoop& loop, UniqueFd fd, const LineWriterOptions& options, ErrorLog& error_log);
  // Hands out what is left; the pool writes it before it ends.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  [[nodiscard]] bool enabled() const { return file_ != nullptr; }
  // Where to append one line with its newline, then call EndLine; nullptr: off, or no room (the line counts as
  // dropped).
  [[nodiscard]] std::string* BeginLine();
  void EndLine();

  // Hands the buffer to the pool; if an earlier one is still there: tries that again, and this one after it.
  void Flush();
  // Nothing is in the buffer, waits or is being written.
  [[nodiscard]] bool idle() const;
  void Reopen(UniqueFd fd);
  [[nodiscard]] uint64_t lines_dropped() const;

 private:
  friend class LineQueue;
  bool HandOut();
  void Start();
  void Delivered();

  event::EventLoop& loop_;
  const LineWriterOptions options_;
  ErrorLog& error_log_;
  std::shared_ptr<LogFile> file_;
  std::shared_ptr<LineQueue> queue_;
  std::string buffer_;
  uint64_t lines_dropped_ = 0;  // here; the queue counts its own
  uint64_t lines_reported_ = 0;
  int failure_errno_ = 0;  // of the last write; 0: it worked
  bool flush_wanted_ = false;
  RateLimit failures_;
  RateLimit losses_;
};

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_LINE_WRITER_H_
