// One running worker, or the spawner, as the supervisor sees it: the child process, the channel to it and the page it
// beats in. Owned by its slot in a Generation.
#ifndef BRILLIANT_PROCESS_WORKER_PROCESS_H_
#define BRILLIANT_PROCESS_WORKER_PROCESS_H_

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/control_channel.h"
#include "process/child.h"
#include "process/descriptor_table.h"
#include "process/explained.h"
#include "process/heartbeat_monitor.h"
#include "process/listener_pool.h"
#include "process/log_files.h"
#include "process/privileges.h"
#include "process/shared_memory.h"

namespace brilliant::process {

// What a worker is started with; everything is borrowed for the call.
struct WorkerLaunch {
  const std::string& executable;
  DescriptorTable::Role role = DescriptorTable::Role::kWorker;
  int slot = 0;
  int generation = 0;
  int cgroups = 0;     // DescriptorTable::cgroups
  int config_fd = -1;  // of EncodeLaunch bytes
  const LogFiles& logs;
  const std::optional<Identity>& identity;
  std::vector<ListenerPool::Lent> listeners;
};

struct WorkerProcess {
  Child child;
  pid_t pid = 0;  // the child's, known after it was reaped too
  net::ControlChannel control;
  SharedPage page;
  MonotonicTime started_at;
  HeartbeatMonitor monitor;
  bool control_open = true;    // false: it closed its end, or broke the protocol
  bool leaving = false;        // told to drain or stop: its end is expected
  bool stop_reported = false;  // that somebody stopped (SIGSTOP) it has been logged
  std::optional<MonotonicTime> ready_at;
  std::optional<MonotonicTime> kill_at;  // when it has had its time
  std::string failure;                   // its own words, from kFailed
};

[[nodiscard]] Explained<WorkerProcess> StartWorker(const WorkerLaunch& launch, MonotonicTime now);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_WORKER_PROCESS_H_
