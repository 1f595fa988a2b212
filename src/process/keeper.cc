#include "process/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "process/process_tree.h"

namespace brilliant::process {
namespace {

using cgi::ScriptReport;

MonotonicTime Now() { return SystemTimeSource().Monotonic(); }

// Until one of the descriptors is readable (or its other end gone), or the deadline. False: the deadline.
bool WaitReadable(std::span<pollfd> entries, MonotonicTime deadline) {
  while (true) {
    int timeout_ms = -1;
    if (deadline != MonotonicTime::max()) {
      const auto left = std::chrono::ceil<Milliseconds>(deadline - Now()).count();
      if (left <= 0) return false;
      timeout_ms = static_cast<int>(left);
    }
    const int ready = poll(entries.data(), static_cast<nfds_t>(entries.size()), timeout_ms);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

pollfd ForReading(int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; }

uint64_t Microseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec);
}

void SetBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

}  // namespace

int Keeper::Run() {
  BecomeSubreaper();
  while (true) {
    Result<net::ControlMessage> message = spawner_.TryReceive();
    if (message) {
      Serve(std::move(message->descriptors));
      if (!spawner_.Send(net::ControlType::kKeeperIdle)) return 0;
      continue;
    }
    if (message.error().code != ErrorCode::kWouldBlock) return 0;
    std::array entries = {ForReading(spawner_.fd())};
    WaitReadable(entries, MonotonicTime::max());
  }
}

void Keeper::Serve(std::vector<UniqueFd> descriptors) {
  if (descriptors.size() <= kErrors) return;
  lifeline_ = std::move(descriptors[kLifeline]);
  const std::expected<pid_t, ScriptReport> script = Start(descriptors);
  descriptors.clear();  // only the script holds its streams now, so that their ends can be seen
  if (script) {
    Report(ScriptReport{.kind = ScriptReport::Kind::kStarted});
    Watch(*script);
  } else if (script.error().kind == ScriptReport::Kind::kFailed) {
    Report(script.error());
  }
  lifeline_.Reset();
}

std::expected<pid_t, ScriptReport> Keeper::Start(const std::vector<UniqueFd>& descriptors) {
  ScriptReport failure{.kind = ScriptReport::Kind::kFailed, .fault = cgi::StartFault::kBadOrder};
  const Result<cgi::SpawnOrder> order = ReadOrder();
  if (!order) return std::unexpected(failure);
  const std::expected<ScriptStart, cgi::StartFault> start = rules_.Prepare(*order);
  if (!start) {
    failure.fault = start.error();
    return std::unexpected(failure);
  }
  const ScriptStreams streams{.input = descriptors.size() > kInput ? descriptors[kInput].get() : -1,
                              .output = descriptors[kOutput].get(),
                              .errors = descriptors[kErrors].get()};
  // Programs expect streams that wait.
  for (const UniqueFd& descriptor : descriptors) SetBlocking(descriptor.get());
  if (cgroup_ != nullptr) {
    cgroup_->SetLimits(start->cgroup_limits);
    memory_kills_ = cgroup_->OutOfMemoryKills();
  }
  const Result<pid_t> pid = StartScript(*start, streams, changed_signals_);
  if (pid) return *pid;
  failure.fault = ScriptRules::Diagnose(*start, pid.error());
  failure.system_errno = pid.error().system_errno;
  return std::unexpected(failure);
}

Result<cgi::SpawnOrder> Keeper::ReadOrder() const {
  const MonotonicTime deadline = Now() + kOrderTimeout;
  std::string bytes;
  size_t wanted = cgi::kOrderLengthBytes;
  while (bytes.size() < wanted) {
    std::array<char, 16'384> buffer;
    const size_t room = std::min(buffer.size(), wanted - bytes.size());
    const ssize_t count = recv(lifeline_.get(), buffer.data(), room, MSG_DONTWAIT);
    if (count == 0) return Failure(ErrorCode::kClosed, "lifeline");
    if (count < 0 && errno != EAGAIN && errno != EINTR) return SystemFailure("lifeline");
    if (count < 0) {
      std::array entries = {ForReading(lifeline_.get())};
      if (!WaitReadable(entries, deadline)) return Failure(ErrorCode::kDeadline, "order");
      continue;
    }
    bytes.append(buffer.data(), static_cast<size_t>(count));
    if (bytes.size() == cgi::kOrderLengthBytes) {
      ASSIGN_OR_RETURN(wanted, cgi::OrderBytes(bytes));
    }
  }
  return cgi::DecodeOrder(bytes);
}

void Keeper::Watch(pid_t script) {
  while (Reap(script)) {
    std::array entries = {ForReading(lifeline_.get()), ForReading(signals_.fd())};
    WaitReadable(entries, MonotonicTime::max());
    static_cast<void>(signals_.Take());
    if (entries[0].revents == 0) continue;
    // Nothing is ever sent but the end.
    EndAll(script);
    return;
  }
}

bool Keeper::Reap(pid_t script) {
  while (true) {
    int status = 0;
    rusage usage{};
    const pid_t ended = wait4(-1, &status, WNOHANG, &usage);
    if (ended == script) Report(ReportOfEnd(status, usage));
    if (ended == 0) return true;
    if (ended < 0 && errno != EINTR) return false;
  }
}

ScriptReport Keeper::ReportOfEnd(int status, const rusage& usage) const {
  ScriptReport report{.kind = ScriptReport::Kind::kEnded};
  if (WIFSIGNALED(status)) {
    report.signal = WTERMSIG(status);
  } else {
    report.exit_code = WEXITSTATUS(status);
  }
  report.user_us = Microseconds(usage.ru_utime);
  report.system_us = Microseconds(usage.ru_stime);
  report.memory_kib = static_cast<uint64_t>(usage.ru_maxrss);
  // It may have been a child of the script that was killed, of which the script then died.
  const bool failed = report.signal != 0 || report.exit_code != 0;
  if (failed && cgroup_ != nullptr && cgroup_->OutOfMemoryKills() != memory_kills_) {
    report.fault = cgi::StartFault::kOutOfMemory;
  }
  return report;
}

void Keeper::EndAll(pid_t script) {
  SignalDescendants(SIGTERM, script);
  SignalDescendants(SIGCONT, script);  // what is stopped can't end
  MonotonicTime deadline = Now() + kTermGrace;
  while (Reap(script)) {
    std::array entries = {ForReading(signals_.fd())};
    if (WaitReadable(entries, deadline)) {
      static_cast<void>(signals_.Take());
    } else {
      // Ends this process as well; the spawner makes another one.
      if (cgroup_ != nullptr) cgroup_->Kill();
      KillDescendants(script);
      deadline = Now() + kKillRound;
    }
  }
}

void Keeper::Report(const ScriptReport& report) const {
  const std::array<char, cgi::kReportBytes> bytes = cgi::EncodeReport(report);
  // Three short reports always fit into the socket; a worker that is gone needs none.
  [[maybe_unused]] const ssize_t sent = send(lifeline_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace brilliant::process
