#include "process/spawner.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include "base/platform.h"
#include "base/strings.h"
#include "process/keeper.h"
#include "process/process_tree.h"
#include "process/scheduling.h"

#if BRILLIANT_LINUX
#include <sys/prctl.h>
#endif

namespace brilliant::process {
namespace {

using net::ControlType;

constexpr int kHandledSignals[] = {SIGCHLD};

pollfd ForReading(int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; }

// Nobody waits for the script any more: its worker has closed the lifeline.
bool IsAbandoned(int lifeline) {
  pollfd entry{.fd = lifeline, .events = 0, .revents = 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

uint64_t FilesMax() {
  rlimit files{};
  return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
}

}  // namespace

size_t QueueLimit(uint64_t wanted, uint64_t files_max, uint64_t kept) {
  // Workers, the log, what is open for a moment.
  constexpr uint64_t kOwn = 64;
  constexpr uint64_t kJob = 4;
  const uint64_t left = files_max > kept + kOwn ? files_max - kept - kOwn : 0;
  return std::min(wanted, left / kJob);
}

Spawner::Spawner(SpawnerSetup setup, SignalPipe signals)
    : config_(std::move(setup.config)),
      rules_(config_, setup.may_be_root),
      queue_max_(QueueLimit(config_.limits.cgi_queue, FilesMax(),
                            config_.limits.cgi_processes + setup.cgroups.size() * kLeafDescriptors)),
      supervisor_(std::move(setup.control)),
      signals_(std::move(signals)),
      cgroups_(std::move(setup.cgroups)),
      heartbeat_(setup.heartbeat),
      running_of_rule_(rules_.size()) {}

int Spawner::Run() {
  // What a keeper that was killed leaves behind falls to us: see ReapKeepers.
  BecomeSubreaper();
  if (!supervisor_.Send(ControlType::kReady, ReadyText())) return 1;
  while (ObeySupervisor() == Outcome::kServe) {
    ReapKeepers();
    ReadKeepers();
    ReadJobs();
    // The system had no room for them. Which jobs they belonged to can't be known any more; the supervisor starts
    // another spawner, and what runs goes on.
    if (descriptors_lost_) return 1;
    AssignJobs();
    WaitForEvents();
    if (heartbeat_ != nullptr) heartbeat_->fetch_add(1, std::memory_order_relaxed);
  }
  EndKeepers();
  return 0;
}

std::string Spawner::ReadyText() const {
  const char* limits = cgroups_.limits_processes() && cgroups_.limits_memory() ? "processes,memory"
                       : cgroups_.limits_processes()                           ? "processes"
                       : cgroups_.limits_memory()                              ? "memory"
                                                                               : "none";
  std::string text = fmt::format("cgroups={} cgroup_limits={}", cgroups_.size(), limits);
  const bool processes_unbound = rules_.NeedsProcessLimit() && !cgroups_.limits_processes();
  const bool memory_unbound = rules_.NeedsMemoryLimit() && !cgroups_.limits_memory();
  if (!processes_unbound && !memory_unbound) return text;
  return text + fmt::format(
                    "\n{} no effect: there is no cgroup (version 2) whose controllers the server may use; "
                    "docs/cgi.md says how to give it one",
                    processes_unbound && memory_unbound ? "cgi_script_processes_max and cgi_script_memory_max have"
                    : processes_unbound                 ? "cgi_script_processes_max has"
                                                        : "cgi_script_memory_max has");
}

// Their workers have gone, so that each ends what its script has left and then itself.
void Spawner::EndKeepers() {
  keepers_.clear();
  const MonotonicTime deadline = SystemTimeSource().Monotonic() + kKeepersGrace;
  while (true) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG);
    if (ended < 0) break;
    if (ended > 0) continue;
    const auto left = std::chrono::ceil<Milliseconds>(deadline - SystemTimeSource().Monotonic()).count();
    if (left <= 0) break;
    std::array entries = {ForReading(signals_.fd())};
    [[maybe_unused]] const int ready = poll(entries.data(), entries.size(), static_cast<int>(left));
    static_cast<void>(signals_.Take());
  }
  cgroups_.KillAll();
}

void Spawner::WaitForEvents() {
  std::vector<pollfd> entries = {ForReading(supervisor_.fd()), ForReading(signals_.fd())};
  for (const WorkerPeer& worker : workers_) entries.push_back(ForReading(worker.channel.fd()));
  for (const KeeperProcess& keeper : keepers_) entries.push_back(ForReading(keeper.channel.fd()));
  const int count =
      poll(entries.data(), static_cast<nfds_t>(entries.size()), static_cast<int>(kSpawnerHeartbeat.count()));
  auto entry = entries.begin();
  const auto is_ready = [count, &entry] { return count < 0 || (entry++)->revents != 0; };
  control_ready_ = is_ready();
  signals_ready_ = is_ready();
  for (WorkerPeer& worker : workers_) worker.ready = is_ready();
  for (KeeperProcess& keeper : keepers_) keeper.ready = is_ready();
}

Spawner::Outcome Spawner::ObeySupervisor() {
  if (!control_ready_) return Outcome::kServe;
  while (true) {
    Result<net::ControlMessage> message = supervisor_.TryReceive();
    if (!message) return message.error().code == ErrorCode::kWouldBlock ? Outcome::kServe : Outcome::kStop;
    if (message->type == ControlType::kStop || message->type == ControlType::kDrain) return Outcome::kStop;
    if (message->type == ControlType::kPeer && message->descriptors.size() == 1) {
      workers_.push_back({.channel = net::ControlChannel(std::move(message->descriptors.front()))});
    }
  }
}

void Spawner::ReadJobs() {
  std::erase_if(workers_, [this](WorkerPeer& worker) {
    while (worker.ready) {
      Result<net::ControlMessage> message = worker.channel.TryReceive();
      // A worker that has ended, or that does not keep the protocol, has no jobs any more.
      if (!message) {
        descriptors_lost_ = descriptors_lost_ || message.error().code == ErrorCode::kTooLarge;
        return message.error().code != ErrorCode::kWouldBlock;
      }
      TakeJob(std::move(*message));
    }
    return false;
  });
}

void Spawner::TakeJob(net::ControlMessage message) {
  const std::optional<uint64_t> rule = ParseDecimal(message.text);
  const bool complete = message.type == ControlType::kRun && message.descriptors.size() > Keeper::kErrors;
  if (!complete || !rule || *rule >= rules_.size()) return;
  std::erase_if(queue_, [](const Job& waiting) { return IsAbandoned(waiting.descriptors[Keeper::kLifeline].get()); });
  queue_.push_back(Job{.rule = static_cast<uint32_t>(*rule), .descriptors = std::move(message.descriptors)});
  AssignJobs();
  if (!queue_.empty()) queue_.back().has_waited = true;
  if (queue_.size() <= queue_max_) return;
  Refuse(queue_.back(), cgi::StartFault::kBusy, 0);
  queue_.pop_back();
}

bool Spawner::HasPlaceFor(uint32_t rule) const {
  const uint64_t own = rules_.ProcessesMax(rule);
  return running_ < config_.limits.cgi_processes && (own == 0 || running_of_rule_[rule] < own);
}

// A keeper may only stay with a worker where others hardly miss it.
bool Spawner::HasPlacesToSpare(uint32_t rule) const {
  constexpr uint64_t kSpare = 4;
  const uint64_t own = rules_.ProcessesMax(rule);
  return (running_ + 1) * kSpare <= config_.limits.cgi_processes &&
         (own == 0 || (running_of_rule_[rule] + 1) * kSpare <= own);
}

void Spawner::AssignJobs() {
  // A rule at its own limit doesn't hold up the others.
  for (auto job = queue_.begin(); job != queue_.end() && running_ < config_.limits.cgi_processes;) {
    const bool abandoned = job->has_waited && IsAbandoned(job->descriptors[Keeper::kLifeline].get());
    if (!abandoned && !HasPlaceFor(job->rule)) {
      ++job;
      continue;
    }
    if (!abandoned && !Assign(*job)) return;
    job = queue_.erase(job);
  }
}

// False: there is no keeper for it now.
bool Spawner::Assign(Job& job) {
  KeeperProcess* keeper = FindIdle();
  if (keeper == nullptr) keeper = ForkKeeper();
  if (keeper == nullptr) {
    // While others run, one of their keepers comes free; else there is nothing to wait for.
    if (running_ > 0) return false;
    const int system_errno = errno;
    Refuse(job, cgi::FaultOfShortage(system_errno), system_errno);
    return true;
  }
  if (std::exchange(job.has_waited, false)) {
    const uint64_t now_us = MicrosecondsOf(SystemTimeSource().Monotonic());
    Tell(job, {.kind = cgi::ScriptReport::Kind::kAssigned, .at_us = now_us});
  }
  std::vector<int> borrowed;
  for (const UniqueFd& descriptor : job.descriptors) borrowed.push_back(descriptor.get());
  const std::string text = Keeper::JobText(job.rule, HasPlacesToSpare(job.rule));
  if (!keeper->channel.Send(ControlType::kRun, text, borrowed)) return false;  // it has died: reaped soon
  keeper->rule = job.rule;
  ++running_;
  ++running_of_rule_[job.rule];
  return true;
}

Spawner::KeeperProcess* Spawner::FindIdle() {
  const auto idle = std::ranges::find_if(keepers_, [](const KeeperProcess& keeper) { return !keeper.rule; });
  return idle == keepers_.end() ? nullptr : &*idle;
}

Spawner::KeeperProcess* Spawner::ForkKeeper() {
  Result<std::pair<UniqueFd, UniqueFd>> pair = net::ControlChannel::MakePair();
  if (!pair) return nullptr;
  CgroupLeaf* const cgroup = cgroups_.Take();
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    pair->first.Reset();  // else the keeper would never see our end
    BecomeKeeper(std::move(pair->second), cgroup);
  }
  const int fork_errno = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    cgroups_.GiveBack(cgroup);
    errno = fork_errno;
    return nullptr;
  }
  return &keepers_.emplace_back(
      KeeperProcess{.pid = pid, .channel = net::ControlChannel(std::move(pair->first)), .rule = {}, .cgroup = cgroup});
}

void Spawner::BecomeKeeper(UniqueFd channel, CgroupLeaf* cgroup) {
  // What is the spawner's must not stay open here: others would not see its end.
  workers_.clear();
  keepers_.clear();
  queue_.clear();
  supervisor_ = net::ControlChannel(UniqueFd());
  cgroups_.LeaveOthers(cgroup);
  channel.TakeLowestNumber();
#if BRILLIANT_LINUX
  prctl(PR_SET_NAME, "cgi keeper");
#endif
  PrepareToStartScripts();
  Result<SignalPipe> signals = SignalPipe::Open(kHandledSignals);
  if (!signals) _exit(1);
  signals_ = std::move(*signals);
  // Whoever stops a service may signal all of its processes; a keeper ends after what it keeps.
  sigset_t others;
  sigfillset(&others);
  for (const int signal : kHandledSignals) sigdelset(&others, signal);
  sigprocmask(SIG_SETMASK, &others, nullptr);
  if (cgroup != nullptr && !cgroup->Enter()) cgroup = nullptr;
  Keeper keeper(net::ControlChannel(std::move(channel)), rules_, std::move(signals_), cgroup);
  _exit(keeper.Run());
}

void Spawner::ReadKeepers() {
  size_t idle = 0;
  std::erase_if(keepers_, [this, &idle](KeeperProcess& keeper) {
    bool gone = false;
    if (keeper.ready) {
      // It says one thing at a time: that it is idle.
      const Result<net::ControlMessage> message = keeper.channel.TryReceive();
      gone = !message && message.error().code != ErrorCode::kWouldBlock;
      if (keeper.rule && (gone || message)) {
        --running_;
        --running_of_rule_[*keeper.rule];
        keeper.rule.reset();
      }
    }
    // Closing its channel is what ends it.
    if (!gone && (keeper.rule || ++idle <= kIdleKeepersMax)) return false;
    cgroups_.GiveBack(keeper.cgroup);
    return true;
  });
}

void Spawner::ReapKeepers() {
  if (!signals_ready_) return;
  static_cast<void>(signals_.Take());
  bool crashed = false;
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended <= 0) break;
    crashed = crashed || WIFSIGNALED(status);
  }
  if (!crashed) return;
  // A keeper was killed. Its script died with it (PR_SET_PDEATHSIG), but what that had started is ours now: every child
  // that is no keeper.
  for (const ProcessEntry& entry : Descendants(getpid())) {
    const bool is_keeper =
        std::ranges::any_of(keepers_, [&entry](const KeeperProcess& keeper) { return keeper.pid == entry.pid; });
    if (entry.parent == getpid() && !is_keeper) kill(entry.pid, SIGKILL);
  }
}

void Spawner::Refuse(const Job& job, cgi::StartFault fault, int system_errno) {
  Tell(job, {.kind = cgi::ScriptReport::Kind::kFailed, .fault = fault, .system_errno = system_errno});
}

void Spawner::Tell(const Job& job, const cgi::ScriptReport& report) {
  const std::array<char, cgi::kReportBytes> bytes = cgi::EncodeReport(report);
  [[maybe_unused]] const ssize_t sent =
      send(job.descriptors[Keeper::kLifeline].get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

int RunSpawner(SpawnerSetup setup) {
  std::signal(SIGPIPE, SIG_IGN);
  SetProgramsApart(static_cast<int>(setup.config.limits.cgi_nice));
  Result<SignalPipe> signals = SignalPipe::Open(kHandledSignals);
  if (!signals) return 1;
  Spawner spawner(std::move(setup), std::move(*signals));
  return spawner.Run();
}

}  // namespace brilliant::process
