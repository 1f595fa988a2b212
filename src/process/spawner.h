// The spawner: the process that runs CGI programs for the workers of one generation, so that no worker ever forks, and
// a worker can ask for nothing but what a rule of the configuration allows. It holds no listener and no client's
// socket. It receives jobs (a rule's number and the descriptors of one script), keeps to the limits, and hands each job
// to a keeper (process/keeper.h), which it forks when none is idle. It never looks into a job.
//
// Started by the supervisor like a worker; single-threaded, one poll() loop.
#ifndef BRILLIANT_PROCESS_SPAWNER_H_
#define BRILLIANT_PROCESS_SPAWNER_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "config/config.h"
#include "net/control_channel.h"
#include "process/cgroup_pool.h"
#include "process/script_rules.h"
#include "process/signals.h"

namespace brilliant::process {

// Keepers that wait for work; more than that end.
inline constexpr size_t kIdleKeepersMax = 32;
// How often it shows that it is alive.
inline constexpr Milliseconds kSpawnerHeartbeat{500};
// How long keepers may take to end when it has been told to stop; then they are killed, where there are cgroups.
inline constexpr Milliseconds kKeepersGrace{2'000};

struct SpawnerSetup {
  config::Config config;
  UniqueFd control;  // to the supervisor; its end means: end
  bool may_be_root = false;
  CgroupPool cgroups = {};
  std::atomic<uint64_t>* heartbeat = nullptr;
};

class Spawner {
 public:
  Spawner(SpawnerSetup setup, SignalPipe signals);
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  // Until the supervisor says stop, or is gone. The process's exit status.
  int Run();

 private:
  // `ready`: may have something to read.
  struct WorkerPeer {
    net::ControlChannel channel;
    bool ready = true;
  };
  struct KeeperProcess {
    pid_t pid = 0;
    net::ControlChannel channel;
    bool ready = false;
    std::optional<uint32_t> rule;  // of the script it keeps; absent: idle
    CgroupLeaf* cgroup = nullptr;  // that it lives in
  };
  struct Job {
    uint32_t rule = 0;
    std::vector<UniqueFd> descriptors;
    bool has_waited = false;
  };
  enum class Outcome : uint8_t { kServe, kStop };

  void WaitForEvents();
  [[nodiscard]] Outcome ObeySupervisor();
  void ReadJobs();
  void TakeJob(net::ControlMessage message);
  void ReadKeepers();
  void ReapKeepers();
  void AssignJobs();
  [[nodiscard]] bool Assign(Job& job);
  [[nodiscard]] KeeperProcess* FindIdle();
  [[nodiscard]] KeeperProcess* ForkKeeper();
  [[noreturn]] void BecomeKeeper(UniqueFd channel, CgroupLeaf* cgroup);
  [[nodiscard]] std::string ReadyText() const;
  void EndKeepers();
  static void Refuse(const Job& job, cgi::StartFault fault, int system_errno);
  static void Tell(const Job& job, const cgi::ScriptReport& report);
  [[nodiscard]] bool HasPlaceFor(uint32_t rule) const;
  [[nodiscard]] bool HasPlacesToSpare(uint32_t rule) const;

  const config::Config config_;
  const ScriptRules rules_;
  const size_t queue_max_;
  net::ControlChannel supervisor_;
  SignalPipe signals_;
  CgroupPool cgroups_;
  std::atomic<uint64_t>* const heartbeat_;
  std::list<WorkerPeer> workers_;
  std::list<KeeperProcess> keepers_;
  std::deque<Job> queue_;
  std::vector<uint64_t> running_of_rule_;
  uint64_t running_ = 0;
  bool control_ready_ = true;
  bool signals_ready_ = true;
  bool descriptors_lost_ = false;
};

// How many jobs may wait: `wanted`, or fewer if the descriptors that this process may have are not enough. `kept`: how
// many it needs for other things.
[[nodiscard]] size_t QueueLimit(uint64_t wanted, uint64_t files_max, uint64_t kept);

// The spawner's whole life, after privileges have been dropped.
int RunSpawner(SpawnerSetup setup);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SPAWNER_H_
