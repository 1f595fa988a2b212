#include "server/worker.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "event/event_loop.h"
#include "net/control_channel.h"
#include "server/acceptor.h"
#include "server/connection.h"
#include "server/router.h"
#include "server/worker_context.h"

namespace brilliant::server {
namespace {

// Threads of the offload pool: enough that one stuck disk operation does not stop the others.
constexpr int kOffloadThreads = 4;
constexpr Milliseconds kHeartbeatPeriod{500};
// Descriptors that are not client sockets: listeners, logs, the file store's, the pool's work in flight.
constexpr uint64_t kDescriptorsReserved = 512;

log::AccessFormat AccessFormat(config::AccessLog::Format format) {
  return format == config::AccessLog::Format::kJson ? log::AccessFormat::kJson : log::AccessFormat::kCombined;
}

uint64_t ConnectionsMax(uint64_t configured) {
  rlimit limit{};
  uint64_t descriptors = 1024;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) descriptors = limit.rlim_cur;
  const uint64_t possible =
      descriptors > 2 * kDescriptorsReserved ? descriptors - kDescriptorsReserved : descriptors / 2;
  return configured == 0 ? possible : std::min(configured, possible);
}

class Worker {
 public:
  Worker(WorkerSetup setup, std::unique_ptr<event::Poller> poller);

  [[nodiscard]] Result<void> Start();
  void ReportFailure(const Error& error);
  int Run();

 private:
  // Root tasks beside the connections.
  event::Task<void> ObeySupervisor();
  event::Task<void> Beat();
  event::Task<void> EndWhenDrained();

  Result<void> Accept(ListenerHandle listener);
  void Obey(net::ControlMessage message);
  void ReopenLogs(net::ControlMessage& message);
  void Drain();
  void StopAccepting();

  WorkerSetup setup_;
  SystemTimeSource time_;
  event::EventLoop loop_;
  log::ErrorLog error_log_;
  log::AccessLog access_log_;
  files::FileStore files_;
  Router router_;
  WorkerContext context_;
  const uint64_t connections_max_;

  net::ControlChannel control_;
  event::CancelScope service_scope_{nullptr};
  event::Waitable control_readable_;
  event::Signal never_;
  event::TaskList service_tasks_;
  std::deque<Acceptor> acceptors_;
};

Worker::Worker(WorkerSetup setup, std::unique_ptr<event::Poller> poller)
    : setup_(std::move(setup)),
      loop_(std::move(poller), time_, kOffloadThreads),
      error_log_(loop_, std::move(setup_.error_log), ToLevel(setup_.config.error_log.level)),
      access_log_(loop_, std::move(setup_.access_log), AccessFormat(setup_.config.access_log.format), error_log_),
      files_(loop_, setup_.config.limits.file_cache_bytes),
      router_(setup_.config, error_log_),
      context_(loop_, setup_.config, files_, access_log_, error_log_),
      connections_max_(ConnectionsMax(setup_.config.limits.worker_connections)),
      control_(std::move(setup_.control)),
      control_readable_(loop_, service_scope_, control_.fd(), event::Waitable::Kind::kPrivate),
      never_(loop_, service_scope_) {}

Result<void> Worker::Start() {
  RETURN_IF_ERROR(control_readable_.Register());
  for (ListenerHandle& listener : setup_.listeners) RETURN_IF_ERROR(Accept(std::move(listener)));
  setup_.listeners.clear();
  loop_.Spawn(ObeySupervisor(), service_tasks_);
  loop_.Spawn(Beat(), service_tasks_);
  loop_.Spawn(access_log_.Run(service_scope_), service_tasks_);
  return control_.Send(net::ControlType::kReady);
}

void Worker::ReportFailure(const Error& error) {
  const char* reason = error.system_errno != 0 ? std::strerror(error.system_errno) : ErrorCodeName(error.code);
  static_cast<void>(control_.Send(net::ControlType::kFailed, fmt::format("{}: {}", error.context, reason)));
}

int Worker::Run() {
  loop_.Run();
  // Everything that waits is resumed once more and ends; then nothing refers to what is destroyed.
  service_scope_.Cancel(ErrorCode::kCancelled);
  while (!service_tasks_.empty() || !context_.connection_tasks.empty()) loop_.Turn(false);
  return 0;
}

Result<void> Worker::Accept(ListenerHandle listener) {
  const ListenerHosts* hosts = router_.ForListener(listener.name);
  // An address that this configuration does not have: its queue belongs to an older generation.
  if (hosts == nullptr) return {};
  Acceptor& acceptor = acceptors_.emplace_back(context_, std::move(listener), *hosts, connections_max_);
  RETURN_IF_ERROR(acceptor.Register());
  loop_.Spawn(acceptor.Run(), service_tasks_);
  return {};
}

event::Task<void> Worker::ObeySupervisor() {
  while (true) {
    Result<net::ControlMessage> message = control_.TryReceive();
    if (message) {
      Obey(std::move(*message));
      continue;
    }
    if (message.error().code != ErrorCode::kWouldBlock) break;
    control_readable_.ReadWouldBlock();
    const Result<void> readable = co_await loop_.Wait(control_readable_, event::Interest::kRead);
    if (!readable) co_return;
  }
  error_log_.Write(log::Level::kWarn, "the supervisor is gone: finishing the requests, then ending");
  Drain();
}

void Worker::Obey(net::ControlMessage message) {
  switch (message.type) {
    case net::ControlType::kDrain:
      Drain();
      break;
    case net::ControlType::kStop:
      StopAccepting();
      context_.scope.Cancel(ErrorCode::kCancelled);
      loop_.Stop();
      break;
    case net::ControlType::kPeer:
      if (!message.descriptors.empty()) context_.spawner.Connect(std::move(message.descriptors.front()));
      break;
    case net::ControlType::kLogs:
      ReopenLogs(message);
      break;
    case net::ControlType::kListener: {
      if (message.descriptors.empty() || context_.draining) break;
      const bool unix_socket = message.text.starts_with("unix:");
      ListenerHandle listener{
          .fd = std::move(message.descriptors.front()), .name = message.text, .unix_socket = unix_socket};
      if (!Accept(std::move(listener))) error_log_.Write(log::Level::kError, "a lent listener could not be used");
      break;
    }
    default:
      break;
  }
}

void Worker::ReopenLogs(net::ControlMessage& message) {
  size_t next = 0;
  const auto take = [&message, &next] {
    return next < message.descriptors.size() ? std::move(message.descriptors[next++]) : UniqueFd();
  };
  if (message.text.find("access") != std::string::npos) access_log_.Reopen(take());
  if (message.text.find("error") != std::string::npos) error_log_.Reopen(take());
}

event::Task<void> Worker::Beat() {
  event::Timer timer;
  event::TimerClass& period = loop_.TimerClassFor(kHeartbeatPeriod);
  while (!service_scope_.reason()) {
    if (setup_.heartbeat != nullptr) setup_.heartbeat->fetch_add(1, std::memory_order_relaxed);
    error_log_.Flush();
    files_.CloseIdle();
    context_.counters.access_lines_dropped.Set(access_log_.lines_dropped());
    context_.counters.error_lines_dropped.Set(error_log_.lines_dropped());
    timer.Start(period);
    [[maybe_unused]] const Result<void> slept = co_await never_.Wait(&timer);
  }
}

void Worker::Drain() {
  if (context_.draining) return;
  StopAccepting();
  context_.draining = true;
  for (Connection* connection = context_.idle_connections.front(); connection != nullptr;
       connection = context_.idle_connections.Next(*connection)) {
    connection->timer.Start(context_.drain_idle);
  }
  loop_.Spawn(EndWhenDrained(), service_tasks_);
}

event::Task<void> Worker::EndWhenDrained() {
  event::Timer deadline;
  deadline.Start(loop_.TimerClassFor(setup_.config.limits.shutdown_timeout));
  while (context_.connection_count > 0) {
    const Result<void> ended = co_await context_.connection_ended.Wait(&deadline);
    if (!ended) break;
  }
  if (context_.connection_count > 0) {
    error_log_.Write(log::Level::kWarn,
                     fmt::format("worker_shutdown_timeout is over: cutting connections={}", context_.connection_count));
  }
  context_.scope.Cancel(ErrorCode::kCancelled);
  loop_.Stop();
}

void Worker::StopAccepting() {
  for (Acceptor& acceptor : acceptors_) acceptor.Stop();
}

}  // namespace

log::Level ToLevel(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::kDebug:
      return log::Level::kDebug;
    case config::LogLevel::kInfo:
      return log::Level::kInfo;
    case config::LogLevel::kNotice:
      return log::Level::kNotice;
    case config::LogLevel::kWarn:
      return log::Level::kWarn;
    case config::LogLevel::kError:
      return log::Level::kError;
  }
  return log::Level::kNotice;
}

int RunWorker(WorkerSetup setup) {
  // A peer that is gone, or a log at the limit of file sizes, is an error of the call that meets it.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  Result<std::unique_ptr<event::Poller>> poller = event::MakePoller();
  if (!poller) {
    net::ControlChannel control(std::move(setup.control));
    static_cast<void>(control.Send(net::ControlType::kFailed, poller.error().context));
    return 1;
  }
  const auto worker = std::make_unique<Worker>(std::move(setup), std::move(*poller));
  const Result<void> started = worker->Start();
  if (!started) {
    worker->ReportFailure(started.error());
    return 1;
  }
  return worker->Run();
}

}  // namespace brilliant::server
