// Why a script could not be started: each cause has its own status, and a line that says what is wrong and what to do
// about it, for the log and, with `cgi_debug on`, for the error page. Pure.
#ifndef BRILLIANT_CGI_START_FAULT_H_
#define BRILLIANT_CGI_START_FAULT_H_

#include <cstdint>
#include <string_view>

namespace brilliant::cgi {

enum class StartFault : uint8_t {
  kNone,
  kBusy,                      // all places are taken, and so is the queue
  kBadOrder,                  // the worker asked for what no rule allows
  kNotFound,                  // there is no such file
  kOutsideRoot,               // it lies outside of the rule's root, by a symbolic link
  kUploadFolder,              // it lies where requests may write: nothing there is ever run
  kNotRegular,                // a folder, a socket, a device
  kNotPermitted,              // a folder above it, or the file system (noexec), forbids it
  kNotExecutable,             // the execute bit is missing
  kNotReadable,               // a script that its interpreter could not read
  kNoShebang,                 // text without "#!", or an empty file
  kCarriageReturn,            // "#!/bin/sh\r": saved with Windows line ends
  kInterpreterMissing,        // what "#!" or `interpreter` names does not exist
  kInterpreterNotExecutable,  // it exists, but may not be run
  kWrongArchitecture,         // a program for another processor
  kMissingLoader,             // a program whose dynamic loader does not exist
  kTextBusy,                  // somebody has it open for writing
  kTooLarge,                  // environment and arguments above the system's limit
  kProcessLimit,              // the system or the user has no process left
  kFileLimit,                 // the system or the process has no descriptor left
  kMemory,                    // no memory
  kOutOfMemory,               // it was started, and ended because of cgi_script_memory_max
  kFolder,                    // its folder can't be entered
  kRoot,                      // it would run as root, and the configuration does not say so
  kSystem,                    // anything else: see errno
};
inline constexpr StartFault kLastStartFault = StartFault::kSystem;

struct FaultText {
  int status = 500;
  std::string_view cause;
  std::string_view remedy;
};
[[nodiscard]] FaultText DescribeFault(StartFault fault);

// For a step that needs something of the system and did not get it.
[[nodiscard]] StartFault FaultOfShortage(int system_errno);

// What exec() saw of a script.
struct ExecFailure {
  int system_errno = 0;
  std::string_view head;         // the first bytes of the script, as far as they could be read
  bool readable = true;          // they could
  bool executable = true;        // some execute bit is set
  bool has_interpreter = false;  // the configuration names one: `head` decides nothing
  // What "#!" or the configuration names exists; only looked at when `system_errno` is ENOENT or EACCES.
  bool interpreter_exists = false;
};
[[nodiscard]] StartFault DiagnoseExec(const ExecFailure& failure);

// The interpreter that a script names in its first line, without its argument; empty if there is none. A carriage
// return at its end is part of it, as it is for the kernel.
[[nodiscard]] std::string_view ShebangInterpreter(std::string_view head);
// Bytes of a script to look at: what the kernel reads of a "#!" line.
inline constexpr size_t kScriptHeadBytes = 256;

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_START_FAULT_H_
