#include "process/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <utility>

#include "base/platform.h"
#include "config/diagnostic.h"
#include "process/machine_check.h"
#include "process/privileges.h"
#include "process/shared_memory.h"
#include "server/worker.h"

namespace brilliant::process {
namespace {

constexpr int kHandledSignals[] = {SIGCHLD, SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH};

bool IsIgnored(int signal) {
  struct sigaction action{};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

std::string Count(size_t number, const char* thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

// What is in `names` and not in `others`.
std::vector<std::string> Without(const std::vector<std::string>& names, const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  for (const std::string& name : names) {
    if (std::ranges::find(others, name) == others.end()) rest.push_back(name);
  }
  return rest;
}

}  // namespace

Supervisor::Supervisor(SupervisorOptions options)
    : options_(std::move(options)), log_(options_.quiet ? log::Level::kWarn : log::Level::kNotice) {}

Explained<void> Supervisor::CheckMachine(const config::Config& config, const std::optional<Identity>& identity,
                                         bool at_start) {
  const bool as_errors = at_start && options_.quick_folder.has_value();
  MachineFindings findings = CheckMachineAs(config, identity, as_errors);
  if (findings.count == 0) return {};
  while (findings.rendered.ends_with('\n')) findings.rendered.pop_back();
  if (as_errors) return std::unexpected(std::move(findings.rendered));
  if (at_start) {
    fmt::print(stderr, "{}\n", findings.rendered);
  } else {
    log_.Write(log::Level::kWarn, findings.rendered);
  }
  return {};
}

Explained<Supervisor::Prepared> Supervisor::Prepare(config::LoadResult loaded, bool at_start) {
  config::Config& config = *loaded.config;
  Apply(options_.overrides, config);
  Explained<IdentityChoice> identity = ChooseIdentity(config, options_.quick_folder);
  if (!identity) return std::unexpected(identity.error());
  if (!identity->warning.empty()) log_.Write(log::Level::kWarn, identity->warning);
  if (Explained<void> checked = CheckMachine(config, identity->become, at_start); !checked) {
    return std::unexpected(checked.error());
  }
  Explained<LogFiles> logs = OpenLogs(config);
  if (!logs) return std::unexpected(logs.error());

  const int workers = CountWorkers(config);
  std::vector<config::Listen> listens = CollectListens(config);
  Explained<std::vector<std::string>> added = pool_.Add(listens, workers);
  if (!added) return std::unexpected(added.error());
  if (options_.quick_folder || !options_.overrides.listens.empty()) {
    // Ports may have been chosen just now. From here on they are fixed, for the workers and for every reload.
    options_.overrides.listens = listens;
    for (config::Listen& listen : options_.overrides.listens) listen.automatic = false;
    Apply(options_.overrides, config);
  }
  Result<UniqueFd> launch = SealBytes(EncodeLaunch(options_.overrides, loaded.sources));
  if (!launch) {
    pool_.Remove(*added);
    return std::unexpected(fmt::format("cannot hand the configuration to the workers: {}", launch.error().context));
  }
  Generation::Spec spec{.number = ++generations_made_,
                        .config = std::move(config),
                        .launch = std::move(*launch),
                        .logs = std::move(*logs),
                        .identity = std::move(identity->become),
                        .addresses = NamesOf(listens),
                        .workers = workers};
  return Prepared{.generation = std::make_unique<Generation>(std::move(spec), options_.executable, pool_, log_),
                  .added = std::move(*added)};
}

Explained<void> Supervisor::Start(config::LoadResult loaded) {
  std::vector<int> signals(std::begin(kHandledSignals), std::end(kHandledSignals));
  // Under nohup, the end of the terminal is not the end of the server.
  if (options_.quick_folder && IsIgnored(SIGHUP)) std::erase(signals, SIGHUP);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a log at the limit of file sizes (ulimit -f) is a full disk, not an end
  Result<SignalPipe> pipe = SignalPipe::Open(signals);
  if (!pipe) return std::unexpected("cannot set up the handling of signals");
  signals_.emplace(std::move(*pipe));
  const unsigned long files = RaiseFileLimit();

  Explained<Prepared> prepared = Prepare(std::move(loaded), true);
  if (!prepared) return std::unexpected(prepared.error());
  current_ = std::move(prepared->generation);
  const Generation::Spec& spec = current_->spec();
  if (!spec.config.pid_file.empty()) {
    Explained<PidFile> file = PidFile::Write(spec.config.pid_file);
    if (!file) return std::unexpected(file.error());
    pid_file_ = std::move(*file);
  }
  UseLogOf(*current_);
  log_.Notice("starting pid={} workers={} files_max={} user={} listening on {}", getpid(), spec.workers, files,
              spec.identity ? spec.identity->name : "unchanged", fmt::join(spec.addresses, ", "));
  Explained<void> started = current_->Start(Now());
  if (!started) current_->Kill();
  return started;
}

void Supervisor::UseLogOf(const Generation& generation) {
  const int fd = generation.spec().logs.error.get();
  log::Level least = server::ToLevel(generation.spec().config.error_log.level);
  if (options_.quiet && fd < 0) least = std::max(least, log::Level::kWarn);
  log_.Redirect(UniqueFd(fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3)), least);
}

void Supervisor::UsePidFile(const std::string& path) {
  if (path == pid_file_.path()) return;
  pid_file_ = PidFile();
  if (path.empty()) return;
  Explained<PidFile> file = PidFile::Write(path);
  if (file) {
    pid_file_ = std::move(*file);
  } else {
    log_.Error("{}", file.error());
  }
}

std::vector<Generation*> Supervisor::Generations() const {
  std::vector<Generation*> all;
  for (const std::unique_ptr<Generation>& generation : old_) all.push_back(generation.get());
  for (Generation* generation : {current_.get(), next_.get()}) {
    if (generation != nullptr) all.push_back(generation);
  }
  return all;
}

int Supervisor::Run() {
  for (;;) {
    FollowGenerations();
    const bool empty = std::ranges::all_of(Generations(), &Generation::empty);
    if (state_ != State::kServing && empty) break;
    WaitForEvents();
    for (const int signal : signals_->Take()) HandleSignal(signal);
    const MonotonicTime now = Now();
    for (Generation* generation : Generations()) {
      generation->ReadMessages(now);
      generation->Reap(now);
      generation->RunTimers(now);
    }
  }
  pool_.RemoveAll();
  log_.Notice("stopped pid={}", getpid());
  return exit_status_;
}

void Supervisor::WaitForEvents() {
  std::vector<pollfd> entries = {pollfd{.fd = signals_->fd(), .events = POLLIN, .revents = 0}};
  MonotonicTime next = MonotonicTime::max();
  for (const Generation* generation : Generations()) {
    generation->AppendPolled(entries);
    next = std::min(next, generation->NextTimer());
  }
  int timeout_ms = -1;
  if (next != MonotonicTime::max()) {
    // Never -1, and far below what overflows: a timer in the past is due now, one far away is asked for again.
    const auto left =
        std::clamp<std::chrono::nanoseconds>(next - Now(), std::chrono::nanoseconds(0), std::chrono::hours(1));
    timeout_ms = static_cast<int>(std::chrono::ceil<Milliseconds>(left).count());
  }
  // Whatever is ready is found by trying: every source is non-blocking, and they are few.
  if (poll(entries.data(), static_cast<nfds_t>(entries.size()), timeout_ms) < 0 && errno != EINTR) {
    log_.Error("poll failed errno={}", errno);
  }
}

void Supervisor::HandleSignal(int signal) {
  if (signal != SIGCHLD) log_.Notice("signal {} received", SignalName(signal));
  switch (signal) {
    case SIGINT:
    case SIGTERM:
      StopFast();
      break;
    case SIGQUIT:
      DrainAll();
      break;
    case SIGHUP:
      if (options_.quick_folder) {
        StopFast();  // the terminal is gone, and there is no file to read again
      } else {
        Reload();
      }
      break;
    case SIGUSR1:
      ReopenLogs();
      break;
    case SIGUSR2:
      log_.Notice("this version cannot replace its program while it runs: restart it to upgrade");
      break;
    case SIGWINCH:
      // Terminals send this whenever their window changes: only a server without one takes it for an order.
      if (state_ == State::kServing && isatty(STDERR_FILENO) == 0) current_->Drain(Now());
      break;
    default:
      break;
  }
}

void Supervisor::StopFast() {
  const bool again = state_ == State::kStopping;
  state_ = State::kStopping;
  reload_wanted_ = false;
  for (Generation* generation : Generations()) {
    if (again) {
      generation->Kill();
    } else {
      generation->Stop(Now());
    }
  }
}

void Supervisor::DrainAll() {
  if (state_ != State::kServing) return;
  state_ = State::kDraining;
  reload_wanted_ = false;
  pool_.RemoveAll();  // the workers still hold the queues and serve what is in them
  if (next_) next_->Stop(Now());
  current_->Drain(Now());
}

void Supervisor::ReopenLogs() {
  for (Generation* generation : Generations()) {
    if (const Explained<void> reopened = generation->ReopenLogs(); !reopened) {
      log_.Error("{}: the log files stay as they were", reopened.error());
      return;
    }
  }
  UseLogOf(*current_);
  log_.Notice("log files reopened");
}

void Supervisor::Reload() {
  if (state_ != State::kServing) return;
  if (next_ || old_.size() >= kOldGenerationsMax) {
    if (!std::exchange(reload_wanted_, true)) log_.Notice("reload waits for the one before it");
    return;
  }
  reload_wanted_ = false;
  config::LoadResult loaded = options_.load();
  if (!loaded.diagnostics.empty()) {
    log_.Write(loaded.config ? log::Level::kWarn : log::Level::kError, config::Render(loaded.diagnostics));
  }
  if (!loaded.config) {
    const auto errors = std::ranges::count(loaded.diagnostics, config::Severity::kError, &config::Diagnostic::severity);
    AbortReload(Count(static_cast<size_t>(errors), "error"));
    return;
  }
  Explained<Prepared> prepared = Prepare(std::move(loaded), false);
  if (!prepared) {
    AbortReload(prepared.error());
    return;
  }
  next_ = std::move(prepared->generation);
  next_added_ = std::move(prepared->added);
  log_.Notice("reloading generation={} workers={}", next_->spec().number, next_->spec().workers);
  if (const Explained<void> started = next_->Start(Now()); !started) AbortReload(started.error());
}

void Supervisor::AbortReload(const std::string& reason) {
  log_.Error("reload refused, the running configuration stays: {}", reason);
  if (!next_) return;
  next_->Stop(Now());
  pool_.Remove(std::exchange(next_added_, {}));
  old_.push_back(std::move(next_));
}

void Supervisor::Commit() {
  const std::vector<std::string> removed = Without(current_->spec().addresses, next_->spec().addresses);
  pool_.Remove(removed);  // first, so that the draining workers find the queues complete
  current_->Drain(Now());
  old_.push_back(std::move(current_));
  current_ = std::move(next_);
  next_added_.clear();
  UseLogOf(*current_);
  UsePidFile(current_->spec().config.pid_file);
  log_.Notice("reloaded generation={} listening on {}", current_->spec().number,
              fmt::join(current_->spec().addresses, ", "));
}

void Supervisor::FollowGenerations() {
  if (state_ == State::kServing && !current_->established() &&
      (current_->gave_up() || current_->start_failures() >= kStartFailuresMax)) {
    log_.Error("the server could not start: {}", current_->start_failure());
    exit_status_ = 1;
    StopFast();
  }
  if (state_ == State::kServing && current_->established() && !std::exchange(announced_, true) && options_.announce) {
    options_.announce(CollectListens(current_->spec().config));
  }
  if (state_ == State::kServing && next_) {
    if (next_->start_failures() > 0) {
      AbortReload(next_->start_failure());
    } else if (next_->established()) {
      Commit();
    }
  }
  std::erase_if(old_, [](const std::unique_ptr<Generation>& generation) { return generation->empty(); });
  if (reload_wanted_ && !next_ && old_.size() < kOldGenerationsMax) Reload();
}

void TameInheritedDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // open() takes the lowest free number, which is this one.
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) [[maybe_unused]]
      const int opened = open("/dev/null", O_RDWR);
  }
#if BRILLIANT_LINUX
  if (close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0) return;
#endif
  constexpr long kDescriptorsMax = 65536;
  const long limit = std::clamp(sysconf(_SC_OPEN_MAX), 256L, kDescriptorsMax);
  for (int fd = STDERR_FILENO + 1; fd < limit; ++fd) {
    if (const int flags = fcntl(fd, F_GETFD); flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  }
}

}  // namespace brilliant::process
