// One open log: a file, pipe, terminal or socket, and how whole lines get into it. Used by one job at a time on the
// offload pool (log/line_writer.h), which may block there; only Retire is called on the loop's thread.
#ifndef BRILLIANT_LOG_LOG_FILE_H_
#define BRILLIANT_LOG_LOG_FILE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "base/unique_fd.h"

namespace brilliant::log {

class LogFile {
 public:
  explicit LogFile(UniqueFd fd);

  // Writes `lines` from `written` on and moves that behind what need not be written again. Returns 0 when all is
  // written, else errno; EAGAIN: the reader has not made room until `deadline`.
  int Write(std::string_view lines, size_t& written, std::chrono::steady_clock::time_point deadline);

  // Lines go elsewhere from now on: what can't be written here is not tried again.
  void Retire() { retired_ = true; }
  [[nodiscard]] bool retired() const { return retired_; }

 private:
  int WritePiece(std::string_view piece, size_t& written);
  int WaitUntilWritable(std::chrono::steady_clock::time_point deadline) const;
  void Restart(std::string_view lines, size_t& written);

  const UniqueFd fd_;
  const bool regular_;
  bool mid_line_ = false;  // it ends with a part of a line that will be written again
  std::atomic<bool> retired_ = false;
};

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_LOG_FILE_H_
