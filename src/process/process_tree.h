// Everything that descends from the calling process: found by who is whose parent, so that what a script has moved to
// another group or session is found too. For keepers (process/keeper.h), which are subreapers: whatever a script
// started stays below its keeper, however often it forked. Where the system can't say, only the script's own process
// group is reached.
#ifndef BRILLIANT_PROCESS_PROCESS_TREE_H_
#define BRILLIANT_PROCESS_PROCESS_TREE_H_

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace brilliant::process {

// One process as /proc/PID/stat has it.
struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';         // 'Z': it has ended and waits to be reaped, 'T': stopped
  uint64_t started_at = 0;  // ticks since the machine started: tells a pid's owner from its next
};

// `stat`: the file's text. A `pid` of 0: it is malformed.
[[nodiscard]] ProcessEntry ParseProcessStat(std::string_view stat);

// The living descendants of `ancestor`, parents before their children. Empty where the system can't say.
[[nodiscard]] std::vector<ProcessEntry> Descendants(pid_t ancestor);
// Pure: chosen from `all`.
[[nodiscard]] std::vector<ProcessEntry> DescendantsIn(const std::vector<ProcessEntry>& all, pid_t ancestor);

// Makes the calling process the one that orphans below it fall to. False where the system has no such thing.
bool BecomeSubreaper();

// To all descendants of this process and, for systems without Descendants(), to the process group of `leader`.
void SignalDescendants(int signal, pid_t leader);

// Stops them, so that they can't fork any more, then kills them: in several rounds, because a process may fork between
// the look and the signal. The caller reaps.
void KillDescendants(pid_t leader);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_PROCESS_TREE_H_
