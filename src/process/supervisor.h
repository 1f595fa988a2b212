// The supervisor: binds, starts workers, watches them, and carries out what signals ask for. It reads no byte that a
// client sent. Made and run by main, in the process that the user started; single-threaded, one poll() loop.
//
//   INT, TERM stop fast (a second one: at once)   QUIT  drain, then stop    HUP   reload the configuration
//   USR1      reopen the log files                 WINCH drain the workers  USR2  (reserved)
#ifndef BRILLIANT_PROCESS_SUPERVISOR_H_
#define BRILLIANT_PROCESS_SUPERVISOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/loader.h"
#include "process/explained.h"
#include "process/generation.h"
#include "process/launch_config.h"
#include "process/listener_pool.h"
#include "process/pid_file.h"
#include "process/signals.h"
#include "process/supervisor_log.h"

namespace brilliant::process {

// Draining generations at one time; further reloads wait, and several that wait become one.
inline constexpr size_t kOldGenerationsMax = 4;
// Of the first generation: after so many workers that did not get ready, the server gives up.
inline constexpr int kStartFailuresMax = 3;

struct SupervisorOptions {
  std::function<config::LoadResult()> load;  // reads the configuration anew
  Overrides overrides;
  std::optional<std::string> quick_folder;  // quick mode: what is served
  std::string executable;                   // of the workers: this program
  bool quiet = false;                       // only warnings and errors on standard error
  // Called once, when all workers of the first generation are ready.
  std::function<void(const std::vector<config::Listen>& listens)> announce;
};

class Supervisor {
 public:
  explicit Supervisor(SupervisorOptions options);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Everything up to the first workers. `loaded` has a config. After an error nothing is left behind.
  [[nodiscard]] Explained<void> Start(config::LoadResult loaded);

  // Until told to stop. The process's exit status.
  int Run();

 private:
  // A generation ready to be started, and the addresses that were taken for it.
  struct Prepared {
    std::unique_ptr<Generation> generation;
    std::vector<std::string> added;
  };

  [[nodiscard]] Explained<Prepared> Prepare(config::LoadResult loaded, bool at_start);
  [[nodiscard]] Explained<void> CheckMachine(const config::Config& config, const std::optional<Identity>& identity,
                                             bool at_start);

  void WaitForEvents();
  void HandleSignal(int signal);
  void Reload();
  void Commit();
  void AbortReload(const std::string& reason);
  void FollowGenerations();
  void ReopenLogs();
  void StopFast();
  void DrainAll();
  [[nodiscard]] std::vector<Generation*> Generations() const;
  [[nodiscard]] MonotonicTime Now() const { return time_.Monotonic(); }
  void UseLogOf(const Generation& generation);
  void UsePidFile(const std::string& path);

  SupervisorOptions options_;
  SystemTimeSource time_;
  SupervisorLog log_;
  ListenerPool pool_;
  std::optional<SignalPipe> signals_;
  PidFile pid_file_;
  int generations_made_ = 0;
  std::unique_ptr<Generation> current_;
  std::unique_ptr<Generation> next_;              // of a reload, not ready yet
  std::vector<std::string> next_added_;           // addresses taken for it
  std::vector<std::unique_ptr<Generation>> old_;  // draining
  bool reload_wanted_ = false;
  bool announced_ = false;
  enum class State : uint8_t { kServing, kDraining, kStopping } state_ = State::kServing;
  int exit_status_ = 0;
};

// Makes every descriptor above 2 that this process inherited close-on-exec, and opens those of 0 to 2 that are closed.
// To be called first thing in the supervisor's process.
void TameInheritedDescriptors();

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SUPERVISOR_H_
