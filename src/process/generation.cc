#include "process/generation.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>

#include "process/cgroup_pool.h"

namespace brilliant::process {
namespace {

using net::ControlType;

const char* NameOf(DescriptorTable::Role role) {
  return role == DescriptorTable::Role::kSpawner ? "spawner" : "worker";
}

int64_t MillisecondsBetween(MonotonicTime from, MonotonicTime to) {
  return std::chrono::duration_cast<Milliseconds>(to - from).count();
}

}  // namespace

Generation::Generation(Spec spec, const std::string& executable, const ListenerPool& pool, SupervisorLog& log)
    : spec_(std::move(spec)),
      executable_(executable),
      pool_(pool),
      log_(log),
      slots_(static_cast<size_t>(spec_.workers)),
      next_heartbeat_check_(MonotonicTime::min()) {
  if (config::CgiRules(spec_.config).empty()) return;
  slots_.emplace_back().role = DescriptorTable::Role::kSpawner;
}

Explained<void> Generation::Start(MonotonicTime now) {
  for (int slot = 0; slot < slots() && start_failure_.empty(); ++slot) StartWorkerIn(slot, now);
  if (!start_failure_.empty()) return std::unexpected(start_failure_);
  return {};
}

void Generation::StartWorkerIn(int slot, MonotonicTime now) {
  Slot& place = slots_[static_cast<size_t>(slot)];
  place.respawn_at.reset();
  const bool serves = place.role == DescriptorTable::Role::kWorker;
  const WorkerLaunch launch{
      .executable = executable_,
      .role = place.role,
      .slot = slot,
      .generation = spec_.number,
      .cgroups = serves ? 0 : static_cast<int>(spec_.config.limits.cgi_processes),
      .config_fd = spec_.launch.get(),
      .logs = spec_.logs,
      .identity = spec_.identity,
      .listeners = serves ? pool_.ForSlot(spec_.addresses, slot, spec_.workers) : std::vector<ListenerPool::Lent>()};
  Explained<WorkerProcess> worker = StartWorker(launch, now);
  if (worker) {
    place.worker.emplace(std::move(*worker));
    return;
  }
  const Milliseconds delay = place.policy.AfterDeath(std::nullopt);
  place.respawn_at = now + delay;
  log_.Error("{} slot={} retry_after_ms={}", worker.error(), slot, delay.count());
  NoteStartFailure(worker.error());
}

void Generation::NoteStartFailure(std::string why) {
  if (established_) return;
  ++start_failures_;
  start_failure_ = std::move(why);
}

void Generation::AppendPolled(std::vector<pollfd>& entries) const {
  for (const Slot& place : slots_) {
    if (place.worker && place.worker->control_open) {
      entries.push_back(pollfd{.fd = place.worker->control.fd(), .events = POLLIN, .revents = 0});
    }
  }
}

void Generation::ReadMessages(MonotonicTime now) {
  for (int slot = 0; slot < slots(); ++slot) ReadMessagesOf(slot, now);
}

void Generation::ReadMessagesOf(int slot, MonotonicTime now) {
  Slot& place = slots_[static_cast<size_t>(slot)];
  while (place.worker && place.worker->control_open) {
    WorkerProcess& worker = *place.worker;
    const Result<net::ControlMessage> message = worker.control.TryReceive();
    if (!message) {
      if (message.error().code == ErrorCode::kWouldBlock) return;
      // It has ended, is about to, or cannot be talked to any more: then it has to go.
      worker.control_open = false;
      if (!worker.kill_at) worker.kill_at = now + kStopGrace;
    } else if (message->type == ControlType::kReady && !worker.ready_at) {
      NoteReady(slot, message->text, now);
    } else if (message->type == ControlType::kFailed) {
      worker.failure = message->text;
    }
  }
}

void Generation::NoteReady(int slot, const std::string& words, MonotonicTime now) {
  Slot& place = slots_[static_cast<size_t>(slot)];
  WorkerProcess& worker = *place.worker;
  worker.ready_at = now;
  worker.monitor = HeartbeatMonitor(now);
  place.lent_to.reset();
  const size_t first_end = words.find('\n');
  log_.Notice("{} ready slot={} pid={} generation={} after_ms={}{}{}", NameOf(place.role), slot, worker.pid,
              spec_.number, MillisecondsBetween(worker.started_at, now), words.empty() ? "" : " ",
              std::string_view(words).substr(0, first_end));
  if (first_end != std::string::npos) log_.Warn("{}", std::string_view(words).substr(first_end + 1));
  IntroduceEachOther(slot);
  established_ = established_ || std::ranges::all_of(slots_, [](const Slot& other) {
                   return other.worker && other.worker->ready_at.has_value();
                 });
  LendListeners();
}

void Generation::Reap(MonotonicTime now) {
  for (int slot = 0; slot < slots(); ++slot) {
    Slot& place = slots_[static_cast<size_t>(slot)];
    if (!place.worker) continue;
    const std::optional<ExitStatus> status = place.worker->child.TryReap();
    if (!status) continue;
    ReadMessagesOf(slot, now);  // its last words
    NoteEnd(slot, *status, now);
  }
  EndSpawnerAfterWorkers(now);
}

void Generation::NoteEnd(int slot, const ExitStatus& status, MonotonicTime now) {
  Slot& place = slots_[static_cast<size_t>(slot)];
  const WorkerProcess worker = std::move(*place.worker);
  place.worker.reset();
  // The spawner can't do it itself: it has given up the right to.
  if (place.role == DescriptorTable::Role::kSpawner) SweepCgroups(FindCgroupHome().folder);
  std::string text = fmt::format("{} ended slot={} pid={} generation={} {}", NameOf(place.role), slot, worker.pid,
                                 spec_.number, status.ToString());
  if (!worker.failure.empty()) text += fmt::format(" reason=\"{}\"", worker.failure);
  if (worker.leaving || leaving_) {
    log_.Write(status.signal == 0 && status.code == 0 ? log::Level::kNotice : log::Level::kWarn, text);
    return;
  }
  std::optional<Milliseconds> served;
  if (worker.ready_at) served = Milliseconds(MillisecondsBetween(*worker.ready_at, now));
  const Milliseconds delay = place.policy.AfterDeath(served);
  log_.Error("{} served_ms={} respawn_after_ms={}", text, served.value_or(Milliseconds(0)).count(), delay.count());
  if (!served) {
    gave_up_ = gave_up_ || !worker.failure.empty();
    NoteStartFailure(worker.failure.empty()
                         ? fmt::format("a {} ended before it was ready: {}", NameOf(place.role), status.ToString())
                         : worker.failure);
  }
  for (Slot& other : slots_) {
    if (other.lent_to == worker.pid) other.lent_to.reset();
  }
  if (delay.count() == 0) {
    StartWorkerIn(slot, now);
  } else {
    place.respawn_at = now + delay;
    LendListeners();
  }
}

// Gives both one end of a channel. If that fails, the worker answers 503 to requests for programs until one of the two
// is replaced.
void Generation::Introduce(WorkerProcess& worker, WorkerProcess& spawner) {
  const Result<std::pair<UniqueFd, UniqueFd>> pair = net::ControlChannel::MakePair();
  if (pair) {
    const int for_spawner[] = {pair->first.get()};
    const int for_worker[] = {pair->second.get()};
    const Result<void> to_spawner = spawner.control.Send(ControlType::kPeer, {}, for_spawner);
    const Result<void> to_worker = worker.control.Send(ControlType::kPeer, {}, for_worker);
    if (to_spawner && to_worker) return;
  }
  log_.Warn("worker and spawner can't be introduced worker_pid={} spawner_pid={}", worker.pid, spawner.pid);
}

void Generation::IntroduceEachOther(int slot) {
  if (slots_.back().role != DescriptorTable::Role::kSpawner) return;
  const auto is_ready = [](const Slot& place) { return place.worker && place.worker->ready_at.has_value(); };
  Slot& spawner = slots_.back();
  if (!is_ready(spawner)) return;
  for (Slot& place : slots_) {
    const bool concerned =
        &spawner == &slots_[static_cast<size_t>(slot)] || &place == &slots_[static_cast<size_t>(slot)];
    if (concerned && &place != &spawner && is_ready(place)) Introduce(*place.worker, *spawner.worker);
  }
}

// A draining worker may still need it, so it is the last to go.
void Generation::EndSpawnerAfterWorkers(MonotonicTime now) {
  Slot& last = slots_.back();
  if (!leaving_ || last.role != DescriptorTable::Role::kSpawner || !last.worker || last.worker->leaving) return;
  const auto is_empty_worker = [](const Slot& place) {
    return place.role == DescriptorTable::Role::kSpawner || !place.worker;
  };
  if (std::ranges::all_of(slots_, is_empty_worker)) Tell(slots() - 1, ControlType::kStop, kStopGrace, now);
}

// Clients that the kernel put into the queue of a slot in a crash loop are served by the next worker that is alive. It
// keeps accepting from there when the slot has recovered: two workers at one queue do no harm.
void Generation::LendListeners() {
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    Slot& place = slots_[slot];
    if (!place.respawn_at || place.lent_to || place.role != DescriptorTable::Role::kWorker) continue;
    for (size_t step = 1; step < slots_.size() && !place.lent_to; ++step) {
      std::optional<WorkerProcess>& helper = slots_[(slot + step) % slots_.size()].worker;
      const bool serves = slots_[(slot + step) % slots_.size()].role == DescriptorTable::Role::kWorker;
      if (!serves || !helper || !helper->ready_at || !helper->control_open || helper->leaving) continue;
      for (const ListenerPool::Lent& listener : pool_.ForSlot(spec_.addresses, static_cast<int>(slot), spec_.workers)) {
        const int borrowed[] = {listener.fd};
        const Result<void> sent = helper->control.Send(ControlType::kListener, listener.name, borrowed);
        if (!sent) log_.Warn("cannot lend a listener pid={} reason=\"{}\"", helper->pid, sent.error().context);
      }
      place.lent_to = helper->pid;
      log_.Notice("listeners lent slot={} to_pid={}", slot, helper->pid);
    }
  }
}

void Generation::RunTimers(MonotonicTime now) {
  const bool check_heartbeats = now >= next_heartbeat_check_;
  if (check_heartbeats) next_heartbeat_check_ = now + HeartbeatMonitor::kInterval;
  for (int slot = 0; slot < slots(); ++slot) {
    Slot& place = slots_[static_cast<size_t>(slot)];
    if (place.respawn_at && now >= *place.respawn_at) StartWorkerIn(slot, now);
    if (!place.worker) continue;
    WorkerProcess& worker = *place.worker;
    if (!worker.ready_at && !worker.kill_at && now >= worker.started_at + kReadyTimeout) {
      log_.Error("worker not ready in time slot={} pid={} timeout_ms={}", slot, worker.pid, kReadyTimeout.count());
      worker.kill_at = now;
    }
    if (worker.kill_at && now >= *worker.kill_at) {
      log_.Warn("worker killed slot={} pid={} generation={}", slot, worker.pid, spec_.number);
      worker.child.Signal(SIGKILL);
      worker.kill_at = MonotonicTime::max();
    }
    if (check_heartbeats) CheckHeartbeat(slot, now);
  }
}

void Generation::CheckHeartbeat(int slot, MonotonicTime now) {
  WorkerProcess& worker = *slots_[static_cast<size_t>(slot)].worker;
  if (!worker.ready_at || worker.kill_at) return;
  if (!worker.monitor.IsHung(worker.page.heartbeat().load(std::memory_order_relaxed), now)) return;
  if (worker.child.IsStopped()) {
    worker.monitor.Forgive();
    if (!std::exchange(worker.stop_reported, true)) {
      log_.Warn("worker is stopped by a signal or debugger slot={} pid={}: its clients wait", slot, worker.pid);
    }
    return;
  }
  log_.Error("worker hangs slot={} pid={} silent_ms={}: aborted", slot, worker.pid,
             Milliseconds(2 * HeartbeatMonitor::kPeriod).count());
  worker.child.Signal(SIGABRT);
  worker.kill_at = now + kStopGrace;
}

MonotonicTime Generation::NextTimer() const {
  MonotonicTime next = MonotonicTime::max();
  for (const Slot& place : slots_) {
    if (place.respawn_at) next = std::min(next, *place.respawn_at);
    if (!place.worker) continue;
    if (place.worker->kill_at) next = std::min(next, *place.worker->kill_at);
    if (!place.worker->ready_at) next = std::min(next, place.worker->started_at + kReadyTimeout);
    if (place.worker->ready_at && !place.worker->kill_at) next = std::min(next, next_heartbeat_check_);
  }
  return next;
}

void Generation::Tell(int slot, ControlType type, Milliseconds patience, MonotonicTime now) {
  Slot& place = slots_[static_cast<size_t>(slot)];
  place.respawn_at.reset();
  if (!place.worker) return;
  WorkerProcess& worker = *place.worker;
  worker.leaving = true;
  worker.kill_at = std::min(worker.kill_at.value_or(MonotonicTime::max()), now + patience);
  if (!worker.control_open) return;
  if (const Result<void> sent = worker.control.Send(type); !sent && sent.error().code != ErrorCode::kClosed) {
    log_.Warn("worker does not listen slot={} pid={}", slot, worker.pid);
    worker.kill_at = now;
  }
}

void Generation::Drain(MonotonicTime now) {
  leaving_ = true;
  for (int slot = 0; slot < spec_.workers; ++slot) {
    Tell(slot, ControlType::kDrain, spec_.config.limits.shutdown_timeout + kStopGrace, now);
  }
  EndSpawnerAfterWorkers(now);
}

void Generation::Stop(MonotonicTime now) {
  leaving_ = true;
  for (int slot = 0; slot < spec_.workers; ++slot) Tell(slot, ControlType::kStop, kStopGrace, now);
  EndSpawnerAfterWorkers(now);
}

void Generation::Kill() {
  leaving_ = true;
  for (Slot& place : slots_) {
    place.respawn_at.reset();
    if (place.worker) place.worker->child.Signal(SIGKILL);
  }
}

Explained<void> Generation::ReopenLogs() {
  Explained<LogFiles> logs = OpenLogs(spec_.config);
  if (!logs) return std::unexpected(logs.error());
  spec_.logs = std::move(*logs);
  std::string words;
  std::vector<int> descriptors;
  if (spec_.logs.access.valid()) {
    words = "access";
    descriptors.push_back(spec_.logs.access.get());
  }
  if (spec_.logs.error.valid()) {
    words += words.empty() ? "error" : " error";
    descriptors.push_back(spec_.logs.error.get());
  }
  if (descriptors.empty()) return {};
  for (Slot& place : slots_) {
    const bool has_logs = place.role == DescriptorTable::Role::kWorker;
    if (!has_logs || !place.worker || !place.worker->control_open) continue;
    if (!place.worker->control.Send(ControlType::kLogs, words, descriptors)) {
      log_.Warn("worker keeps its old log files pid={}: it does not listen", place.worker->pid);
    }
  }
  return {};
}

bool Generation::empty() const {
  return std::ranges::none_of(slots_, [](const Slot& place) { return place.worker.has_value(); });
}

}  // namespace brilliant::process
