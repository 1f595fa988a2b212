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
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "net/descriptor_passing.h"
#include "process/process_tree.h"

namespace brilliant::process {
namespace {

using cgi::ScriptReport;

// In a job's text.
constexpr std::string_view kStay = " stay";

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

}  // namespace

int Keeper::Run() {
  BecomeSubreaper();
  empty_input_ = UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!empty_input_.valid()) return 1;
  while (true) {
    std::array entries = {ForReading(spawner_.fd())};
    WaitReadable(entries, MonotonicTime::max());
    Result<net::ControlMessage> message = spawner_.TryReceive();
    if (message) {
      Serve(std::move(*message));
      if (!spawner_.Send(net::ControlType::kKeeperIdle)) return 0;
    } else if (message.error().code != ErrorCode::kWouldBlock) {
      return 0;
    }
  }
}

std::string Keeper::JobText(uint32_t rule, bool may_stay) {
  return std::to_string(rule) + std::string(may_stay ? kStay : std::string_view());
}

void Keeper::Serve(net::ControlMessage job) {
  may_stay_ = job.text.ends_with(kStay);
  const std::optional<uint64_t> rule =
      ParseDecimal(job.text.substr(0, job.text.size() - (may_stay_ ? kStay.size() : 0)));
  if (!rule || job.descriptors.size() <= kErrors) return;
  rule_ = static_cast<uint32_t>(*rule);
  orders_ = 0;
  lifeline_ = std::move(job.descriptors[kLifeline]);
  std::vector<UniqueFd> descriptors = std::move(job.descriptors);
  do {
    RunOne(std::move(descriptors));
    descriptors = AwaitAnother();
  } while (descriptors.size() > kErrors);
  lifeline_.Reset();
}

void Keeper::RunOne(std::vector<UniqueFd> descriptors) {
  const std::expected<pid_t, ScriptReport> script = Start(descriptors);
  descriptors.clear();  // only the script holds its streams now, so that their ends can be seen
  if (script) {
    Note(ScriptReport{.kind = ScriptReport::Kind::kStarted, .at_us = MicrosecondsOf(Now())});
    Watch(*script);
  } else {
    may_stay_ = false;
    Note(script.error());
  }
}

std::vector<UniqueFd> Keeper::AwaitAnother() {
  may_stay_ = may_stay_ && ++orders_ < kOrdersMax;
  if (may_stay_) Note(ScriptReport{.kind = ScriptReport::Kind::kFree, .at_us = MicrosecondsOf(Now())});
  SendNotes();
  std::vector<UniqueFd> descriptors;
  if (!may_stay_) return descriptors;
  // From the spawner comes nothing but its end. Whatever ends this, what the worker has sent just in time is taken.
  std::array entries = {ForReading(lifeline_.get()), ForReading(spawner_.fd())};
  WaitReadable(entries, Now() + cgi::kKeeperStays);
  char again = 0;
  std::deque<UniqueFd> lent;
  const Result<size_t> count = net::ReceiveDescriptors(lifeline_.get(), std::span(&again, 1), lent);
  if (!count || *count == 0 || again != cgi::kAgain) return descriptors;
  descriptors.emplace_back();  // the lifeline stays
  for (UniqueFd& descriptor : lent) descriptors.push_back(std::move(descriptor));
  return descriptors;
}

std::expected<pid_t, ScriptReport> Keeper::Start(const std::vector<UniqueFd>& descriptors) {
  ScriptReport failure{.kind = ScriptReport::Kind::kFailed, .fault = cgi::StartFault::kBadOrder};
  const Result<cgi::SpawnOrder> order = ReadOrder();
  if (!order || order->rule != rule_) return std::unexpected(failure);
  const std::expected<ScriptStart, cgi::StartFault> start = rules_.Prepare(*order);
  if (!start) {
    failure.fault = start.error();
    return std::unexpected(failure);
  }
  const ScriptStreams streams{.input = descriptors.size() > kInput ? descriptors[kInput].get() : empty_input_.get(),
                              .output = descriptors[kOutput].get(),
                              .errors = descriptors[kErrors].get()};
  if (cgroup_ != nullptr) {
    cgroup_->SetLimits(start->cgroup_limits);
    memory_kills_ = cgroup_->OutOfMemoryKills();
  }
  const Result<pid_t> pid = StartScript(*start, streams);
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
    const ssize_t count = recv(lifeline_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0) return Failure(ErrorCode::kClosed, "lifeline");
    if (count < 0 && errno != EAGAIN && errno != EINTR) return SystemFailure("lifeline");
    if (count < 0) {
      std::array entries = {ForReading(lifeline_.get())};
      if (!WaitReadable(entries, deadline)) return Failure(ErrorCode::kDeadline, "order");
      continue;
    }
    bytes.append(buffer.data(), static_cast<size_t>(count));
    if (bytes.size() >= cgi::kOrderLengthBytes) {
      ASSIGN_OR_RETURN(wanted, cgi::OrderBytes(bytes));
    }
  }
  return cgi::DecodeOrder(bytes);
}

void Keeper::Watch(pid_t script) {
  MonotonicTime deadline = Now() + kStartedDelay;
  while (true) {
    std::array entries = {ForReading(lifeline_.get()), ForReading(signals_.fd())};
    if (!WaitReadable(entries, deadline)) {
      SendNotes();
      deadline = MonotonicTime::max();
    } else if (entries[0].revents != 0) {
      EndAll(script);  // nothing is ever sent but the end
      may_stay_ = false;
      return;
    } else {
      static_cast<void>(signals_.Take());
      if (!Reap(script)) return;
    }
  }
}

bool Keeper::Reap(pid_t script) {
  bool has_ended = false;
  while (true) {
    int status = 0;
    rusage usage{};
    const pid_t ended = wait4(-1, &status, WNOHANG, &usage);
    if (ended == script) {
      Note(ReportOfEnd(status, usage));
      has_ended = true;
    }
    if (ended == 0) {
      if (has_ended) SendNotes();
      return true;
    }
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

void Keeper::Note(const ScriptReport& report) {
  const std::array<char, cgi::kReportBytes> bytes = cgi::EncodeReport(report);
  notes_.append(bytes.data(), bytes.size());
}

void Keeper::SendNotes() {
  if (notes_.empty()) return;
  // A few short reports always fit into the socket; a worker that is gone needs none.
  [[maybe_unused]] const ssize_t sent =
      send(lifeline_.get(), notes_.data(), notes_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  notes_.clear();
}

}  // namespace brilliant::process
