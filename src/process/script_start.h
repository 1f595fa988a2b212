// Starts a CGI program: a new process in a group of its own, with exactly three descriptors and an environment built
// from nothing. Called by a keeper (process/keeper.h), in whose small process this is cheap. Blocks until the program
// runs, or could not be started.
#ifndef BRILLIANT_PROCESS_SCRIPT_START_H_
#define BRILLIANT_PROCESS_SCRIPT_START_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "process/cgroup_pool.h"

namespace brilliant::process {

// What the system enforces on a program and everything it starts; 0: as the server itself.
struct ScriptLimits {
  uint64_t memory_bytes = 0;       // of address space, each process
  uint64_t processor_seconds = 0;  // each process
  uint64_t processes = 0;          // of the user in all, while the script wants one more
};

struct ScriptStart {
  std::string program;                 // absolute path of what is executed: the script or its interpreter
  std::string script;                  // absolute path of the script; the program itself for `cgi PROGRAM`
  std::string folder;                  // the working directory, RFC 3875 section 7.2
  std::vector<std::string> arguments;  // argv, the name included
  std::string environment;             // "NAME=value\0" for each variable
  bool has_interpreter = false;        // one of the configuration: `program` is not the script
  ScriptLimits limits;
  CgroupLimits cgroup_limits;  // of the program with all it starts; where there are cgroups
};

// Borrowed.
struct ScriptStreams {
  int input = -1;
  int output = -1;
  int errors = -1;
};

// Open files a program may have unless it asks for more: those that close all they might have inherited would try each
// number up to the server's own limit.
inline constexpr uint64_t kScriptFilesMax = 1024;

// For the process that starts programs, once, before the first: what each of them inherits. No signal is caught or
// ignored, open files are limited, and there are no core dumps.
void PrepareToStartScripts();

// The new process; signals that are caught here must not come for it: those that may are blocked. Errors:
// `system_errno` of the step that failed, `context` "exec", "chdir", "fork" or another step's name.
[[nodiscard]] Result<pid_t> StartScript(const ScriptStart& start, const ScriptStreams& streams);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SCRIPT_START_H_
