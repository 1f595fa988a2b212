// The keeper of a script: a small process that starts one program at a time, watches it and, when its lifeline ends,
// ends it and everything it has left behind. It is the subreaper of what it starts, so nothing can slip away by forking
// twice or by leaving its session. The spawner (process/spawner.h) forks keepers and gives them work; when one has
// nothing below it any more it says so and waits for the next. If the spawner has places enough, the keeper first stays
// with the worker for a moment: the next job then comes without a detour (cgi::kKeeperStays).
//
// Runs in a process of its own, single-threaded; may block.
#ifndef BRILLIANT_PROCESS_KEEPER_H_
#define BRILLIANT_PROCESS_KEEPER_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "cgi/spawn_protocol.h"
#include "net/control_channel.h"
#include "process/cgroup_pool.h"
#include "process/script_rules.h"
#include "process/signals.h"

namespace brilliant::process {

// How long a worker may take to say what is to be run.
inline constexpr Milliseconds kOrderTimeout{10'000};
// Between SIGTERM and SIGKILL.
inline constexpr Milliseconds kTermGrace{500};
// The start of a program that ends sooner is told together with its end: its worker then wakes once.
inline constexpr Milliseconds kStartedDelay{100};
// Between two rounds of killing, if the one before has missed something.
inline constexpr Milliseconds kKillRound{50};

// From one worker, one after the other; then others that wait for a place have their turn.
inline constexpr int kOrdersMax = 100;

class Keeper {
 public:
  // After PrepareToStartScripts. `rules` and `cgroup` outlive it. `signals` notes SIGCHLD. `cgroup`: what this process
  // lives in, all alone; null: it has none of its own.
  Keeper(net::ControlChannel spawner, const ScriptRules& rules, SignalPipe signals, CgroupLeaf* cgroup)
      : spawner_(std::move(spawner)), rules_(rules), signals_(std::move(signals)), cgroup_(cgroup) {}

  // Serves until the spawner is gone. The process's exit status.
  int Run();

  // The descriptors of one job, in this order; the last may be missing: no input. The program's three wait, as programs
  // expect.
  enum Stream : size_t { kLifeline, kOutput, kErrors, kInput };
  // A job's text: its rule, and whether the keeper may stay with the worker.
  static std::string JobText(uint32_t rule, bool may_stay);

 private:
  void Serve(net::ControlMessage job);
  // One program, from its order to the end of all it has started.
  void RunOne(std::vector<UniqueFd> descriptors);
  // Tells the worker that this keeper is free, and waits for what it says to that. Empty: nothing.
  [[nodiscard]] std::vector<UniqueFd> AwaitAnother();
  [[nodiscard]] Result<cgi::SpawnOrder> ReadOrder() const;
  [[nodiscard]] std::expected<pid_t, cgi::ScriptReport> Start(const std::vector<UniqueFd>& descriptors);
  void Watch(pid_t script);
  // False: no child is left, and the worker is still to be told of what has ended.
  bool Reap(pid_t script);
  [[nodiscard]] cgi::ScriptReport ReportOfEnd(int status, const rusage& usage) const;
  void EndAll(pid_t script);
  // For the worker; SendNotes sends what has been noted.
  void Note(const cgi::ScriptReport& report);
  void SendNotes();

  net::ControlChannel spawner_;
  const ScriptRules& rules_;
  SignalPipe signals_;
  CgroupLeaf* const cgroup_;
  uint64_t memory_kills_ = 0;  // of the group, before this script
  uint32_t rule_ = 0;
  bool may_stay_ = false;
  int orders_ = 0;  // since the spawner has given it the first
  UniqueFd empty_input_;
  UniqueFd lifeline_;
  std::string notes_;
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_KEEPER_H_
