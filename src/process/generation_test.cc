// Workers that do what workers should not. They are real processes; the time they are judged by is the test's own.
#include "process/generation.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "config/quick.h"
#include "process/fake_worker.h"
#include "process/launch_config.h"
#include "process/self_path.h"
#include "process/supervisor.h"

namespace brilliant::process {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// This program: see fake_worker.h.
std::string OwnPath() {
  const Explained<std::string> path = SelfPath(::testing::internal::GetArgvs().front().c_str());
  EXPECT_TRUE(path) << path.error();
  return path.value_or("");
}

constexpr int kPatienceMs = 30'000;  // of real time, for a process to start or to end

class GenerationTest : public ::testing::Test {
 protected:
  GenerationTest() : log_(log::Level::kDebug) {
    char name[] = "/tmp/brilliant-generation-XXXXXX";
    folder_ = mkdtemp(name);
    log_.Redirect(UniqueFd(open(LogPath().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
                  log::Level::kDebug);
    executable_ = OwnPath();
  }
  ~GenerationTest() override {
    if (generation_) {
      generation_->Kill();
      Until([this] { return generation_->empty(); });
    }
    unsetenv(kFakeWorkerVariable);
    std::filesystem::remove_all(folder_);
  }

  // A generation of `workers` that behave like `kind` (fake_worker.h), started.
  void Start(const char* kind, int workers) {
    setenv(kFakeWorkerVariable, kind, 1);
    std::vector<config::Listen> listens(1);
    listens[0].address.host = "127.0.0.1";
    const Explained<std::vector<std::string>> added = pool_.Add(listens, workers);
    ASSERT_TRUE(added) << added.error();
    const config::SourceBundle sources = config::QuickBundle({.folder = folder_});
    Generation::Spec spec;
    spec.config = *config::LoadBundle(sources).config;
    spec.launch = *SealBytes(EncodeLaunch(Overrides{}, sources));
    spec.addresses = *added;
    spec.workers = workers;
    generation_ = std::make_unique<Generation>(std::move(spec), executable_, pool_, log_);
    ASSERT_TRUE(generation_->Start(Now()));
  }

  // Lets the workers act until `condition` holds, while the test's clock stands still.
  void Until(const std::function<bool()>& condition) {
    for (int waited_ms = 0; !condition(); ++waited_ms) {
      ASSERT_LT(waited_ms, kPatienceMs) << Log();
      std::vector<pollfd> entries;
      generation_->AppendPolled(entries);
      poll(nullptr, 0, 1);
      generation_->ReadMessages(Now());
      generation_->Reap(Now());
    }
  }

  void Advance(std::chrono::nanoseconds by) {
    time_.Advance(by);
    generation_->RunTimers(Now());
  }

  [[nodiscard]] MonotonicTime Now() const { return time_.Monotonic(); }
  [[nodiscard]] std::string LogPath() const { return folder_ + "/log"; }
  [[nodiscard]] std::string Log() const {
    std::ifstream file(LogPath());
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  [[nodiscard]] bool LogHas(const char* text) const { return Log().find(text) != std::string::npos; }
  // The pid that the log gives for the worker of `slot`, when it became ready.
  [[nodiscard]] pid_t PidOf(int slot) const {
    const std::string mark = fmt::format("worker ready slot={} pid=", slot);
    const std::string log = Log();
    return static_cast<pid_t>(std::stol(log.substr(log.rfind(mark) + mark.size())));
  }

  FakeTimeSource time_;
  std::string folder_;
  std::string executable_;
  SupervisorLog log_;
  ListenerPool pool_;
  std::unique_ptr<Generation> generation_;
};

TEST_F(GenerationTest, IsEstablishedWhenAllAreReadyAndEmptyWhenAllHaveDrained) {
  Start("serve", 3);
  EXPECT_FALSE(generation_->established());
  Until([this] { return generation_->established(); });
  EXPECT_EQ(generation_->start_failures(), 0);
  generation_->Drain(Now());
  Until([this] { return generation_->empty(); });
  EXPECT_THAT(Log(), HasSubstr("notice: worker ended slot=2"));
  EXPECT_THAT(Log(), Not(HasSubstr("error:")));
}

TEST_F(GenerationTest, AWorkerThatEndsBeforeItIsReadyIsReplacedAfterAWait) {
  Start("crash", 1);
  Until([this] { return generation_->start_failures() == 1; });
  EXPECT_THAT(generation_->start_failure(), HasSubstr("ended before it was ready: signal=SIGKILL"));
  EXPECT_FALSE(generation_->gave_up());
  EXPECT_EQ(generation_->NextTimer(), Now() + RespawnPolicy::kFirstDelay);
  Advance(RespawnPolicy::kFirstDelay - Milliseconds(1));
  EXPECT_TRUE(generation_->empty());
  Advance(Milliseconds(1));
  EXPECT_FALSE(generation_->empty());
  Until([this] { return generation_->start_failures() == 2; });
  EXPECT_EQ(generation_->NextTimer(), Now() + 2 * RespawnPolicy::kFirstDelay);
}

TEST_F(GenerationTest, AWorkerThatLivedIsReplacedAtOnce) {
  Start("serve", 1);
  Until([this] { return generation_->established(); });
  const pid_t first = PidOf(0);
  Advance(RespawnPolicy::kShortLife);
  kill(first, SIGKILL);
  Until([this, first] { return PidOf(0) != first; });
  EXPECT_THAT(Log(), HasSubstr("signal=SIGKILL served_ms=1000 respawn_after_ms=0"));
}

TEST_F(GenerationTest, AWorkersOwnWordsAreReported) {
  Start("fail", 1);
  Until([this] { return generation_->gave_up(); });
  EXPECT_EQ(generation_->start_failure(), "no luck");
  EXPECT_THAT(Log(), HasSubstr("exit=1 reason=\"no luck\""));
}

TEST_F(GenerationTest, AWorkerThatIsNeverReadyIsKilled) {
  Start("mute", 1);
  Advance(kReadyTimeout - Milliseconds(1));
  EXPECT_FALSE(LogHas("killed"));
  Advance(Milliseconds(1));
  Until([this] { return LogHas("worker ended slot=0"); });
  EXPECT_THAT(Log(), HasSubstr("worker not ready in time slot=0"));
  EXPECT_THAT(Log(), HasSubstr("signal=SIGKILL"));
}

TEST_F(GenerationTest, AWorkerThatDoesNotBeatIsAbortedAndReplaced) {
  Start("silent", 1);
  Until([this] { return generation_->established(); });
  const pid_t first = PidOf(0);
  for (Milliseconds passed(0); passed < 2 * HeartbeatMonitor::kPeriod + HeartbeatMonitor::kInterval;
       passed += HeartbeatMonitor::kInterval) {
    Advance(HeartbeatMonitor::kInterval);
  }
  Until([this, first] { return PidOf(0) != first; });
  EXPECT_THAT(Log(), HasSubstr("worker hangs slot=0"));
  EXPECT_THAT(Log(), HasSubstr("signal=SIGABRT"));
}

#if BRILLIANT_LINUX
TEST_F(GenerationTest, AWorkerInADebuggerIsLeftAlone) {
  Start("silent", 1);
  Until([this] { return generation_->established(); });
  kill(PidOf(0), SIGSTOP);
  for (int i = 0; i < 100 && !LogHas("worker is stopped"); ++i) {
    poll(nullptr, 0, 1);  // the signal takes effect when it takes effect
    Advance(HeartbeatMonitor::kInterval);
  }
  for (int i = 0; i < 100; ++i) Advance(HeartbeatMonitor::kInterval);
  EXPECT_THAT(Log(), HasSubstr("worker is stopped by a signal or debugger slot=0"));
  EXPECT_THAT(Log(), Not(HasSubstr("hangs")));
  kill(PidOf(0), SIGCONT);
}
#endif

TEST_F(GenerationTest, AWorkerThatBreaksTheProtocolHasToGo) {
  Start("babble", 1);
  std::vector<pollfd> entries;
  Until([this, &entries] {
    entries.clear();
    generation_->AppendPolled(entries);
    return entries.empty();
  });
  Advance(kStopGrace);
  Until([this] { return LogHas("signal=SIGKILL"); });
}

TEST_F(GenerationTest, AWorkerThatDoesNotStopIsKilledAfterAGrace) {
  Start("deaf", 1);
  Until([this] { return generation_->established(); });
  generation_->Stop(Now());
  Advance(kStopGrace - Milliseconds(1));
  EXPECT_FALSE(LogHas("killed"));
  Advance(Milliseconds(1));
  Until([this] { return generation_->empty(); });
  EXPECT_THAT(Log(), HasSubstr("warn: worker killed slot=0"));
}

TEST_F(GenerationTest, ADrainHasTheConfiguredTime) {
  Start("deaf", 1);
  Until([this] { return generation_->established(); });
  generation_->Drain(Now());
  const Milliseconds whole = generation_->spec().config.limits.shutdown_timeout + kStopGrace;
  Advance(whole - Milliseconds(1));
  EXPECT_FALSE(LogHas("killed"));
  Advance(Milliseconds(1));
  Until([this] { return generation_->empty(); });
}

TEST_F(GenerationTest, TheListenersOfACrashLoopAreLentToTheNextWorker) {
  Start("half", 3);
  Until([this] { return LogHas("listeners lent slot=0 to_pid="); });
  Until([this] { return LogHas("worker ready slot=1") && LogHas("worker ready slot=2"); });
  EXPECT_FALSE(generation_->established());
}

TEST_F(GenerationTest, NobodyIsReplacedWhileLeaving) {
  Start("serve", 2);
  Until([this] { return generation_->established(); });
  const pid_t first = PidOf(0);
  kill(first, SIGSTOP);
  generation_->Stop(Now());
  kill(first, SIGKILL);
  Until([this] { return generation_->empty(); });
  Advance(RespawnPolicy::kLongestDelay);
  EXPECT_TRUE(generation_->empty());
  EXPECT_EQ(generation_->NextTimer(), MonotonicTime::max());
}

// The whole supervisor, in a process of its own because it catches signals.
[[noreturn]] void SuperviseAndExit(const char* kind) {
  setenv(kFakeWorkerVariable, kind, 1);
  SupervisorOptions options;
  config::Listen listen;
  listen.address.host = "127.0.0.1";
  options.overrides.listens.push_back(listen);
  options.overrides.workers = 2;
  options.executable = OwnPath();
  options.load = [] { return config::LoadBundle(config::QuickBundle({.folder = "/usr/share"})); };
  options.announce = [](const std::vector<config::Listen>&) { raise(SIGTERM); };
  Supervisor supervisor(std::move(options));
  if (!supervisor.Start(config::LoadBundle(config::QuickBundle({.folder = "/usr/share"})))) _exit(9);
  _exit(supervisor.Run());
}

TEST(SupervisorTest, EndsInGoodOrder) {
  EXPECT_EXIT(SuperviseAndExit("serve"), ::testing::ExitedWithCode(0), "stopped pid=");
}

TEST(SupervisorTest, AServerWhoseWorkersGiveUpEndsWithTheirReason) {
  EXPECT_EXIT(SuperviseAndExit("fail"), ::testing::ExitedWithCode(1), "error: the server could not start: no luck");
}

TEST(SupervisorTest, AServerWhoseWorkersNeverGetReadyGivesUp) {
  EXPECT_EXIT(SuperviseAndExit("crash"), ::testing::ExitedWithCode(1),
              "the server could not start: a worker ended before it was ready: signal=SIGKILL");
}

}  // namespace
}  // namespace brilliant::process
