// The beginning of a worker process: takes what the supervisor gave it out of the environment, becomes the user it is
// to be, loads its configuration, and only then hands over to the server. Called by main, once.
#ifndef BRILLIANT_PROCESS_WORKER_MAIN_H_
#define BRILLIANT_PROCESS_WORKER_MAIN_H_

#include <string_view>

#include "server/worker.h"

namespace brilliant::process {

// server::RunWorker; another function in tests.
using WorkerEntry = int (*)(server::WorkerSetup);

// `table` is the value of kTableVariable. Returns the process's exit status. A table that no supervisor wrote is one
// clear line on standard error and status 2.
int RunAsWorker(std::string_view table, WorkerEntry entry);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_WORKER_MAIN_H_
