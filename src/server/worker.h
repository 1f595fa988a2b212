// The worker: one process, one event loop, all connections of its listeners. The supervisor starts it with everything
// it needs already open and bound; from then on the two speak over the control channel (net/control_channel.h) only.
//
// RunWorker is called once, by main, after privileges have been dropped.
#ifndef BRILLIANT_SERVER_WORKER_H_
#define BRILLIANT_SERVER_WORKER_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "config/config.h"
#include "log/error_line.h"

namespace brilliant::server {

struct ListenerHandle {
  UniqueFd fd;       // listening, non-blocking, close-on-exec
  std::string name;  // config::ListenAddress::ToString() of its address: "127.0.0.1:8080", "unix:/run/x.sock"
  bool unix_socket = false;
};

struct WorkerSetup {
  config::Config config;
  int slot = 0;        // 0 to workers-1: the place in the pool, the same for a successor
  int generation = 0;  // counts reloads, from 1
  std::vector<ListenerHandle> listeners;
  UniqueFd control;  // stream socket to the supervisor; its end of input (the supervisor is gone) means: drain and end
  UniqueFd access_log;  // invalid: off
  UniqueFd error_log;   // invalid: standard error
  // In memory shared with the supervisor; counted up by the worker's loop at least once a second. Nobody else writes
  // it.
  std::atomic<uint64_t>* heartbeat = nullptr;
};

// Sends kReady once it accepts connections, serves until told to stop, and returns the process's exit status: 0 after
// kStop, kDrain or the supervisor's end, 1 after it could not start (having sent kFailed with the reason).
int RunWorker(WorkerSetup setup);

// The configuration's word for a level, as the logs have it: for workers and the supervisor.
[[nodiscard]] log::Level ToLevel(config::LogLevel level);

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_WORKER_H_
