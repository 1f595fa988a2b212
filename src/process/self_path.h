// Where the running program is, so that the supervisor can start its workers from the same file.
#ifndef BRILLIANT_PROCESS_SELF_PATH_H_
#define BRILLIANT_PROCESS_SELF_PATH_H_

#include <string>

#include "process/explained.h"

namespace brilliant::process {

// A path to execute. On Linux it means the running file itself, even after another one took its place on the disk.
[[nodiscard]] Explained<std::string> SelfPath(const char* argv0);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SELF_PATH_H_
