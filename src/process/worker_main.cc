#include "process/worker_main.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>

#include "base/platform.h"
#include "net/control_channel.h"
#include "process/cgroup_pool.h"
#include "process/descriptor_table.h"
#include "process/explained.h"
#include "process/launch_config.h"
#include "process/privileges.h"
#include "process/scheduling.h"
#include "process/shared_memory.h"
#include "process/spawner.h"

#if BRILLIANT_LINUX
#include <sys/prctl.h>
#endif

namespace brilliant::process {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int SocketOption(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

// Whether the descriptors are what the table says: a variable set by accident must not make us close or serve anything.
bool IsPlausible(const DescriptorTable& table) {
  if (table.supervisor != getppid()) return false;
  std::set<int> distinct;
  for (const int fd : table.Descriptors()) {
    if (fcntl(fd, F_GETFD) < 0 || !distinct.insert(fd).second) return false;
  }
  if (SocketOption(table.control, SO_TYPE) != SOCK_STREAM) return false;
  for (const DescriptorTable::Listener& listener : table.listeners) {
    if (SocketOption(listener.fd, SO_ACCEPTCONN) <= 0) return false;
  }
  return true;
}

UniqueFd Claim(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return UniqueFd(fd);
}

struct Claimed {
  server::WorkerSetup setup;
  UniqueFd config;
  UniqueFd page;
};

Claimed ClaimAll(const DescriptorTable& table) {
  Claimed claimed;
  claimed.config = Claim(table.config);
  claimed.page = Claim(table.page);
  server::WorkerSetup& setup = claimed.setup;
  setup.slot = table.slot;
  setup.generation = table.generation;
  setup.control = Claim(table.control);
  setup.access_log = Claim(table.access_log);
  setup.error_log = Claim(table.error_log);
  for (const DescriptorTable::Listener& listener : table.listeners) {
    setup.listeners.push_back(server::ListenerHandle{
        .fd = Claim(listener.fd), .name = listener.name, .unix_socket = listener.name.starts_with("unix:")});
  }
  return claimed;
}

Explained<config::Config> LoadOwnConfig(int fd) {
  const Result<std::string> bytes = ReadSealed(fd);
  if (!bytes) return std::unexpected(fmt::format("cannot read the configuration: {}", bytes.error().context));
  Result<config::Config> config = DecodeLaunch(*bytes);
  if (!config)
    return std::unexpected("the supervisor's configuration does not load in the worker: is it another version?");
  return std::move(*config);
}

// Tells the supervisor, which writes it to the log, and ends.
int Fail(UniqueFd control, const std::string& reason) {
  net::ControlChannel channel(std::move(control));
  // If it is gone there is nobody left to tell.
  [[maybe_unused]] const Result<void> sent = channel.Send(net::ControlType::kFailed, reason);
  return kExitFailed;
}

}  // namespace

int RunAsWorker(std::string_view text, WorkerEntry entry) {
  const Result<DescriptorTable> table = DescriptorTable::Decode(text);
  if (!table || !IsPlausible(*table)) {
    fmt::print(stderr,
               "brilliantserver: {0} is set in the environment, but no running BrilliantServer started this process: "
               "unset {0} and try again\n",
               kTableVariable);
    return kExitUsage;
  }
  unsetenv(kTableVariable);
#if BRILLIANT_LINUX
  prctl(PR_SET_NAME, "brilliantserver");  // exec through /proc/self/exe left "exe"
#endif
  Claimed claimed = ClaimAll(*table);
  CgroupPool cgroups;
  if (table->cgroups > 0) {
    const CgroupHome home = FindCgroupHome();
    SweepCgroups(home.folder);
    cgroups = CgroupPool(home, static_cast<size_t>(table->cgroups));
  }
  if (const Explained<void> dropped = DropPrivileges(table->identity); !dropped) {
    return Fail(std::move(claimed.setup.control), dropped.error());
  }
  Explained<config::Config> config = LoadOwnConfig(claimed.config.get());
  if (!config) return Fail(std::move(claimed.setup.control), config.error());
  claimed.config.Reset();
  const Result<SharedPage> page = SharedPage::Open(std::move(claimed.page));
  if (!page) return Fail(std::move(claimed.setup.control), "cannot map the page shared with the supervisor");
  if (table->role == DescriptorTable::Role::kSpawner) {
    // Only `user root` makes root somebody to become; a server that root started becomes somebody else otherwise.
    const bool may_be_root = table->identity && table->identity->uid == 0;
    return RunSpawner(SpawnerSetup{.config = std::move(*config),
                                   .control = std::move(claimed.setup.control),
                                   .may_be_root = may_be_root,
                                   .cgroups = std::move(cgroups),
                                   .heartbeat = &page->heartbeat()});
  }
  claimed.setup.config = std::move(*config);
  claimed.setup.heartbeat = &page->heartbeat();
  return entry(std::move(claimed.setup));
}

}  // namespace brilliant::process
