// The file that tells other programs the supervisor's pid. Owned by the supervisor; removed with the object.
#ifndef BRILLIANT_PROCESS_PID_FILE_H_
#define BRILLIANT_PROCESS_PID_FILE_H_

#include <string>
#include <utility>

#include "process/explained.h"

namespace brilliant::process {

class PidFile {
 public:
  PidFile() = default;
  PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PidFile& operator=(PidFile&& other) noexcept;
  ~PidFile() { Remove(); }

  // Writes our pid and a newline so that a reader sees the whole of it or the file that was there before.
  [[nodiscard]] static Explained<PidFile> Write(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  // Only if it still holds our pid.
  void Remove();
  std::string path_;
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_PID_FILE_H_
