// The workers of one configuration and, if it has programs to run, their spawner: starts one per slot, replaces those
// that die or hang, and in the end drains or stops all of them. Owned by the supervisor, which calls it from its loop;
// a reload makes another one. Never waits.
#ifndef BRILLIANT_PROCESS_GENERATION_H_
#define BRILLIANT_PROCESS_GENERATION_H_

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "process/listener_pool.h"
#include "process/log_files.h"
#include "process/respawn_policy.h"
#include "process/supervisor_log.h"
#include "process/worker_process.h"

namespace brilliant::process {

// How long a worker may take to say READY.
inline constexpr Milliseconds kReadyTimeout{30'000};
// How long a worker may take to end after it was stopped, aborted or after its drain was over, before it is killed.
inline constexpr Milliseconds kStopGrace{5'000};

class Generation {
 public:
  struct Spec {
    int number = 1;
    config::Config config;
    UniqueFd launch;  // the bytes of EncodeLaunch
    LogFiles logs;
    std::optional<Identity> identity;
    std::vector<std::string> addresses;
    int workers = 1;
  };

  // Borrows the rest; they outlive it.
  Generation(Spec spec, const std::string& executable, const ListenerPool& pool, SupervisorLog& log);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  // Starts the worker of every slot.
  [[nodiscard]] Explained<void> Start(MonotonicTime now);

  // For the loop: what to poll, then what became of it.
  void AppendPolled(std::vector<pollfd>& entries) const;
  void ReadMessages(MonotonicTime now);
  void Reap(MonotonicTime now);
  void RunTimers(MonotonicTime now);
  // When RunTimers has something to do at the latest; MonotonicTime::max(): never.
  [[nodiscard]] MonotonicTime NextTimer() const;

  // From now on no worker is replaced. Drain lets requests finish, until the configured time is over; Stop does not;
  // Kill is at once.
  void Drain(MonotonicTime now);
  void Stop(MonotonicTime now);
  void Kill();

  // Opens the log files anew and hands them to the workers. After an error the old ones stay in use.
  [[nodiscard]] Explained<void> ReopenLogs();

  [[nodiscard]] const Spec& spec() const { return spec_; }
  // Every slot's worker has said READY, at some time.
  [[nodiscard]] bool established() const { return established_; }
  // No worker is left.
  [[nodiscard]] bool empty() const;
  // Why a worker could not start, while the generation was not established; `failures` counts.
  [[nodiscard]] const std::string& start_failure() const { return start_failure_; }
  [[nodiscard]] int start_failures() const { return start_failures_; }
  // A worker gave up by itself: trying again would be in vain.
  [[nodiscard]] bool gave_up() const { return gave_up_; }

 private:
  // A worker's place or, the last one, the spawner's.
  struct Slot {
    DescriptorTable::Role role = DescriptorTable::Role::kWorker;
    std::optional<WorkerProcess> worker;
    RespawnPolicy policy;
    std::optional<MonotonicTime> respawn_at;
    std::optional<pid_t> lent_to;  // whose worker accepts from this slot's listeners meanwhile
  };

  void StartWorkerIn(int slot, MonotonicTime now);
  void ReadMessagesOf(int slot, MonotonicTime now);
  void NoteReady(int slot, const std::string& words, MonotonicTime now);
  void NoteEnd(int slot, const ExitStatus& status, MonotonicTime now);
  void NoteStartFailure(std::string why);
  void CheckHeartbeat(int slot, MonotonicTime now);
  void LendListeners();
  void Introduce(WorkerProcess& worker, WorkerProcess& spawner);
  void IntroduceEachOther(int slot);
  void EndSpawnerAfterWorkers(MonotonicTime now);
  [[nodiscard]] int slots() const { return static_cast<int>(slots_.size()); }
  void Tell(int slot, net::ControlType type, Milliseconds patience, MonotonicTime now);

  Spec spec_;
  const std::string& executable_;
  const ListenerPool& pool_;
  SupervisorLog& log_;
  std::vector<Slot> slots_;
  bool leaving_ = false;
  bool established_ = false;
  std::string start_failure_;
  int start_failures_ = 0;
  bool gave_up_ = false;
  MonotonicTime next_heartbeat_check_;
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_GENERATION_H_
