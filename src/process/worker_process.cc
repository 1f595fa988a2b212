#include "process/worker_process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "process/descriptor_table.h"

extern char** environ;

namespace brilliant::process {
namespace {

std::unexpected<std::string> StartFailure(const Error& error) {
  return std::unexpected(
      fmt::format("cannot start a worker: {}: {}", error.context,
                  error.system_errno != 0 ? std::strerror(error.system_errno) : ErrorCodeName(error.code)));
}

std::vector<std::string> EnvironmentWith(const std::string& table) {
  const std::string prefix = fmt::format("{}=", kTableVariable);
  std::vector<std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with(prefix)) environment.emplace_back(*entry);
  }
  environment.push_back(prefix + table);
  return environment;
}

}  // namespace

Explained<WorkerProcess> StartWorker(const WorkerLaunch& launch, MonotonicTime now) {
  Result<std::pair<UniqueFd, UniqueFd>> pair = net::ControlChannel::MakePair();
  if (!pair) return StartFailure(pair.error());
  Result<SharedPage> page = SharedPage::Create();
  if (!page) return StartFailure(page.error());

  DescriptorTable table;
  table.role = launch.role;
  table.supervisor = getpid();
  table.slot = launch.slot;
  table.generation = launch.generation;
  table.cgroups = launch.cgroups;
  table.config = launch.config_fd;
  table.control = pair->second.get();
  table.page = page->fd();
  table.access_log = launch.logs.access.get();
  table.error_log = launch.logs.error.get();
  table.identity = launch.identity;
  for (const ListenerPool::Lent& listener : launch.listeners) {
    table.listeners.push_back({.fd = listener.fd, .name = listener.name});
  }
  ChildProgram program;
  program.executable = launch.executable;
  // The name that ps shows.
  const std::string what =
      launch.role == DescriptorTable::Role::kSpawner ? "spawner" : fmt::format("worker {}", launch.slot);
  program.arguments = {fmt::format("brilliantserver: {} (generation {})", what, launch.generation)};
  program.environment = EnvironmentWith(table.Encode());
  program.descriptors = table.Descriptors();
  Result<Child> child = Child::Start(program);
  if (!child) return StartFailure(child.error());
  const pid_t pid = child->pid();
  return WorkerProcess{.child = std::move(*child),
                       .pid = pid,
                       .control = net::ControlChannel(std::move(pair->first)),
                       .page = std::move(*page),
                       .started_at = now,
                       .monitor = HeartbeatMonitor(now),
                       .ready_at = {},
                       .kill_at = {},
                       .failure = {}};
}

}  // namespace brilliant::process
