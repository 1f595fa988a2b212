#include "process/fake_worker.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

#include "net/control_channel.h"
#include "process/descriptor_table.h"
#include "process/worker_main.h"

namespace brilliant::process {
namespace {

[[noreturn]] void SleepForEver() {
  for (;;) pause();
}

int Serve(server::WorkerSetup& setup, net::ControlChannel& channel, bool beats) {
  for (;;) {
    if (beats) setup.heartbeat->fetch_add(1);
    Result<net::ControlMessage> message = channel.Receive(Milliseconds(10));
    if (!message && message.error().code == ErrorCode::kDeadline) continue;
    if (!message || message->type == net::ControlType::kStop || message->type == net::ControlType::kDrain) return 0;
  }
}

int Misbehave(server::WorkerSetup setup) {
  const char* variable = std::getenv(kFakeWorkerVariable);
  const std::string_view kind = variable == nullptr ? "serve" : variable;
  if (kind == "mute") SleepForEver();
  if (kind == "crash" || (kind == "half" && setup.slot == 0)) raise(SIGKILL);
  if (kind == "babble") {
    [[maybe_unused]] const ssize_t written = write(setup.control.get(), "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    SleepForEver();
  }
  net::ControlChannel channel(std::move(setup.control));
  if (kind == "fail") {
    static_cast<void>(channel.Send(net::ControlType::kFailed, "no luck"));
    return 1;
  }
  static_cast<void>(channel.Send(net::ControlType::kReady));
  if (kind == "deaf") SleepForEver();
  return Serve(setup, channel, kind != "silent");
}

// Before main() of the test framework, which knows nothing of this.
__attribute__((constructor)) void BecomeWorker() {
  if (const char* table = std::getenv(kTableVariable)) _exit(RunAsWorker(table, &Misbehave));
}

}  // namespace
}  // namespace brilliant::process
