// A child process that runs a program with exactly the descriptors it is meant to have. Owned by whoever started it,
// who also reaps it: until then its pid cannot come to mean another process, so that signals never go astray.
#ifndef BRILLIANT_PROCESS_CHILD_H_
#define BRILLIANT_PROCESS_CHILD_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace brilliant::process {

struct ChildProgram {
  std::string executable;                // a path
  std::vector<std::string> arguments;    // argv, the name included
  std::vector<std::string> environment;  // "NAME=value"
  std::vector<int> descriptors;          // borrowed; inherited under the same numbers, beside 0 to 2
};

struct ExitStatus {
  int code = 0;    // of exit(), if signal == 0
  int signal = 0;  // that ended it
  bool core = false;
  // "exit=1", "signal=SIGSEGV", "signal=SIGABRT core=yes".
  [[nodiscard]] std::string ToString() const;
};

// "SIGSEGV"; "signal 99" for a number without a name here.
[[nodiscard]] std::string SignalName(int signal);

class Child {
 public:
  Child() = default;
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  // Returns once the program runs, or with the errno of fork or exec. Standard input and output are /dev/null, standard
  // error is ours. The terminal's and the operator's signals (INT, QUIT, TERM, HUP, USR1, USR2, WINCH) are ignored:
  // they are for the supervisor, which passes on what they mean.
  [[nodiscard]] static Result<Child> Start(const ChildProgram& program);

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running() const { return pid_ > 0; }
  // Reaps it if it has ended, once; never waits. To be called after SIGCHLD.
  [[nodiscard]] std::optional<ExitStatus> TryReap();
  // Nothing if it has been reaped.
  void Signal(int signal) const;
  // Somebody stopped it (SIGSTOP, a debugger). False where the system does not say.
  [[nodiscard]] bool IsStopped() const;

 private:
  pid_t pid_ = -1;
};

// Reads a status of waitpid().
[[nodiscard]] ExitStatus DecodeStatus(int status);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_CHILD_H_
