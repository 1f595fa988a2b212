// The spawner and its keepers as real processes, with real scripts: what they leave behind, what they may not do, and
// what is said about it. The tests play the supervisor and a worker.
#include "process/spawner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "base/descriptor_pipe.h"
#include "config/loader.h"
#include "net/descriptor_passing.h"
#include "process/keeper.h"
#include "process/process_tree.h"

namespace brilliant::process {
namespace {

using cgi::ScriptReport;
using cgi::StartFault;
using ::testing::HasSubstr;

constexpr int kPatienceMs = 30'000;  // of real time, for a process to do what it will do

// One script as its worker has it.
struct Script {
  UniqueFd lifeline;
  UniqueFd output;
  UniqueFd errors;
  UniqueFd input;

  void WaitReadable(int fd) const {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    ASSERT_GT(poll(&entry, 1, kPatienceMs), 0) << "nothing came";
  }
  std::string ReadAll(const UniqueFd& from) const {
    std::string text;
    char buffer[4096];
    while (true) {
      WaitReadable(from.get());
      const ssize_t count = read(from.get(), buffer, sizeof buffer);
      if (count <= 0) return text;
      text.append(buffer, static_cast<size_t>(count));
    }
  }
  std::string ReadLine() const {
    std::string line;
    char c = 0;
    while (true) {
      WaitReadable(output.get());
      if (read(output.get(), &c, 1) <= 0 || c == '\n') return line;
      line += c;
    }
  }
  // Nothing: the lifeline has ended.
  std::optional<ScriptReport> NextReport() const {
    char bytes[cgi::kReportBytes];
    WaitReadable(lifeline.get());
    const ssize_t count = recv(lifeline.get(), bytes, sizeof bytes, MSG_WAITALL);
    if (count != static_cast<ssize_t>(sizeof bytes)) return std::nullopt;
    return *cgi::DecodeReport({bytes, sizeof bytes});
  }
};

cgi::SpawnOrder OrderFor(const std::string& script) {
  cgi::SpawnOrder order;
  order.script = script;
  return order;
}

class SpawnerTest : public ::testing::Test {
 protected:
  SpawnerTest() {
    char name[] = "/tmp/brilliant-spawner-XXXXXX";
    folder_ = mkdtemp(name);
    std::filesystem::create_directory(folder_ + "/up");
  }
  ~SpawnerTest() override {
    control_.reset();
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    SweepCgroups(FindCgroupHome().folder);
    std::filesystem::remove_all(folder_);
  }

  // `cgroups`: how many leaves it gets, if this machine lets us make any.
  void Start(const std::string& top = "", const std::string& rule = "", size_t cgroups = 0) {
    const std::string path = folder_ + "/test.conf";
    std::ofstream(path) << top << "\nserver {\nlisten 1\ncgi .sh {\nroot " << folder_ << "\n"
                        << rule << "\n}\nlocation /up { root " << folder_ << "/up\nmethods PUT GET }\n}\n";
    config::LoadResult loaded = config::LoadFile(path, "", [](std::string_view) { return std::nullopt; });
    ASSERT_TRUE(loaded.config);
    auto pair = *net::ControlChannel::MakePair();
    pid_ = fork();
    if (pid_ == 0) {
      pair.first.Reset();
      _exit(RunSpawner(SpawnerSetup{.config = std::move(*loaded.config),
                                    .control = std::move(pair.second),
                                    .may_be_root = true,
                                    .cgroups = CgroupPool(FindCgroupHome(), cgroups)}));
    }
    pair.second.Reset();
    control_.emplace(std::move(pair.first));
    const Result<net::ControlMessage> ready = control_->Receive(Milliseconds(kPatienceMs));
    ASSERT_TRUE(ready && ready->type == net::ControlType::kReady);
    ready_text_ = ready->text;
    auto worker = *net::ControlChannel::MakePair();
    const int lent[] = {worker.first.get()};
    ASSERT_TRUE(control_->Send(net::ControlType::kPeer, {}, lent));
    worker_.emplace(std::move(worker.second));
  }

  void Write(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    std::ofstream(folder_ + "/" + name) << text;
    chmod((folder_ + "/" + name).c_str(), mode);
  }

  [[nodiscard]] Script Run(const cgi::SpawnOrder& order, bool with_input = false) {
    auto lifeline = *net::ControlChannel::MakePair();
    DescriptorPipe output = *MakeDescriptorPipe();
    DescriptorPipe errors = *MakeDescriptorPipe();
    DescriptorPipe input = *MakeDescriptorPipe();
    std::vector<int> lent = {lifeline.second.get(), output.writer.get(), errors.writer.get()};
    if (with_input) lent.push_back(input.reader.get());
    EXPECT_TRUE(worker_->Send(net::ControlType::kRun, std::to_string(order.rule), lent));
    const std::string bytes = *cgi::EncodeOrder(order);
    EXPECT_EQ(send(lifeline.first.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    return Script{.lifeline = std::move(lifeline.first),
                  .output = std::move(output.reader),
                  .errors = std::move(errors.reader),
                  .input = std::move(input.writer)};
  }
  [[nodiscard]] Script Run(const std::string& script, bool with_input = false) {
    return Run(OrderFor(script), with_input);
  }

  // Over the lifeline of a script whose keeper is free.
  void RunAgain(Script& script, const cgi::SpawnOrder& order, bool with_input) {
    DescriptorPipe output = *MakeDescriptorPipe();
    DescriptorPipe errors = *MakeDescriptorPipe();
    DescriptorPipe input = *MakeDescriptorPipe();
    std::vector<int> lent = {output.writer.get(), errors.writer.get()};
    if (with_input) lent.push_back(input.reader.get());
    ASSERT_TRUE(net::SendDescriptors(script.lifeline.get(), std::span(&cgi::kAgain, 1), lent));
    const std::string bytes = *cgi::EncodeOrder(order);
    ASSERT_EQ(send(script.lifeline.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    script.output = std::move(output.reader);
    script.errors = std::move(errors.reader);
    script.input = std::move(input.writer);
  }

  StartFault FaultOf(const std::string& script) {
    const std::optional<ScriptReport> report = Run(script).NextReport();
    return report && report->kind == ScriptReport::Kind::kFailed ? report->fault : StartFault::kNone;
  }

  // Waits until that process is gone.
  static void ExpectGone(const std::string& pid) {
    ASSERT_FALSE(pid.empty());
    for (int waited_ms = 0; std::filesystem::exists("/proc/" + pid); ++waited_ms) {
      ASSERT_LT(waited_ms, kPatienceMs) << "process " << pid << " is still there";
      poll(nullptr, 0, 1);
    }
  }

  // Runs in a cgroup of the spawner's, and says so.
  [[nodiscard]] bool HasCgroups() const { return !ready_text_.starts_with("cgroups=0 "); }
  [[nodiscard]] std::string GroupFolder() const {
    return FindCgroupHome().folder + "/" + std::string(kCgroupPrefix) + std::to_string(pid_);
  }

  std::string folder_;
  std::string ready_text_;
  pid_t pid_ = -1;
  std::optional<net::ControlChannel> control_;
  std::optional<net::ControlChannel> worker_;
};

TEST_F(SpawnerTest, RunsAScriptAndReportsItsEnd) {
  Write("hello.sh", "#!/bin/sh\necho out\necho err >&2\nexit 3\n");
  Start();
  const Script script = Run("hello.sh");
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kStarted);
  EXPECT_EQ(script.ReadAll(script.output), "out\n");
  EXPECT_EQ(script.ReadAll(script.errors), "err\n");
  const std::optional<ScriptReport> end = script.NextReport();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, ScriptReport::Kind::kEnded);
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_GT(end->memory_kib, 0U);
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kFree);
  EXPECT_FALSE(script.NextReport()) << "nobody has given the keeper anything else";
}

TEST_F(SpawnerTest, AKeeperThatIsFreeTakesAnotherOrder) {
  Write("who.sh", "#!/bin/sh\necho $PPID\ncat\n");
  Start();
  Script script = Run("who.sh");
  const std::string keeper = script.ReadAll(script.output);
  for (int i = 0; i < 3; ++i) {
    while (script.NextReport()->kind != ScriptReport::Kind::kFree) {
    }
    RunAgain(script, OrderFor("who.sh"), true);
    ASSERT_EQ(write(script.input.get(), "in", 2), 2);
    script.input.Reset();
    EXPECT_EQ(script.ReadAll(script.output), keeper + "in");
  }
}

TEST_F(SpawnerTest, AKeeperStaysForSoManyOrders) {
  Write("hello.sh", "#!/bin/sh\n");
  Start();
  Script script = Run("hello.sh");
  for (int orders = 1; orders < kOrdersMax; ++orders) {
    std::optional<ScriptReport> report;
    do {
      report = script.NextReport();
      ASSERT_TRUE(report) << orders;
    } while (report->kind != ScriptReport::Kind::kFree);
    RunAgain(script, OrderFor("hello.sh"), false);
  }
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kStarted);
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kEnded);
  EXPECT_FALSE(script.NextReport());
}

TEST_F(SpawnerTest, AKeeperIsFreeWhenNothingIsLeft) {
  Write("leaves.sh", "#!/bin/sh\nmkfifo wait\n(read line <wait) >/dev/null 2>&1 &\n");
  Start();
  const Script script = Run("leaves.sh");
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kStarted);
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kEnded);
  pollfd entry{.fd = script.lifeline.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&entry, 1, 0), 0);
  std::ofstream(folder_ + "/wait") << "go\n";
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kFree);
}

TEST_F(SpawnerTest, AKeeperTakesAnotherOrderOfItsOwnRuleOnly) {
  Write("hello.sh", "#!/bin/sh\necho hello\n");
  Start();
  Script script = Run("hello.sh");
  while (script.NextReport()->kind != ScriptReport::Kind::kFree) {
  }
  cgi::SpawnOrder order = OrderFor("hello.sh");
  order.rule = 1;
  RunAgain(script, order, false);
  const std::optional<ScriptReport> report = script.NextReport();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->kind, ScriptReport::Kind::kFailed);
  EXPECT_EQ(report->fault, StartFault::kBadOrder);
  EXPECT_FALSE(script.NextReport());
}

TEST_F(SpawnerTest, WherePlacesAreShortAKeeperDoesNotStay) {
  Write("hello.sh", "#!/bin/sh\necho hello\n");
  for (const auto& [top, rule] : {std::pair("cgi_processes 3", ""), std::pair("", "cgi_processes_max 3")}) {
    Start(top, rule);
    const Script script = Run("hello.sh");
    EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kStarted);
    EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kEnded);
    EXPECT_FALSE(script.NextReport());
  }
}

TEST_F(SpawnerTest, ReportsTheSignalThatEndedAScript) {
  Write("die.sh", "#!/bin/sh\nkill -SEGV $$\n");
  Start();
  const Script script = Run("die.sh");
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kStarted);
  EXPECT_EQ(script.NextReport()->signal, SIGSEGV);
}

// RFC 3875 sections 4.2 and 7.2: content on standard input; the script's folder is the working directory.
TEST_F(SpawnerTest, GivesInputAndTheScriptsFolder) {
  std::filesystem::create_directory(folder_ + "/app");
  Write("app/cat.sh", "#!/bin/sh\npwd\ncat\n");
  Start();
  Script script = Run("app/cat.sh", true);
  EXPECT_EQ(script.ReadLine(), folder_ + "/app");
  ASSERT_EQ(write(script.input.get(), "abc", 3), 3);
  script.input.Reset();
  EXPECT_EQ(script.ReadAll(script.output), "abc");
}

TEST_F(SpawnerTest, WithoutInputThereIsNone) {
  Write("cat.sh", "#!/bin/sh\ncat\necho end\n");
  Start();
  EXPECT_EQ(Run("cat.sh").ReadLine(), "end");
}

TEST_F(SpawnerTest, BuildsTheEnvironmentFromNothing) {
  setenv("LD_DEBUG_SECRET", "1", 1);
  Write("env.sh", "#!/bin/sh\n/usr/bin/env | grep -v -e '^PWD=' -e '^_=' -e '^SHLVL=' -e '^OLDPWD=' | sort\n");
  Start("", "cgi_env APP on");
  std::string variables;
  for (const char* variable : {"HTTP_HOST=x", "QUERY_STRING=", "LD_PRELOAD=/evil.so", "BASH_ENV=/evil", "PATH=/evil"}) {
    variables.append(variable).push_back('\0');
  }
  cgi::SpawnOrder order = OrderFor("env.sh");
  order.environment = variables;
  const Script script = Run(order);
  EXPECT_EQ(script.ReadAll(script.output), "APP=on\nHTTP_HOST=x\nPATH=/usr/local/bin:/usr/bin:/bin\nQUERY_STRING=\n");
  unsetenv("LD_DEBUG_SECRET");
}

TEST_F(SpawnerTest, GivesNoDescriptorBesideTheThree) {
  Write("fds.sh", "#!/bin/sh\nexec /bin/ls /proc/self/fd\n");
  Start();
  // The fourth is that of the folder which ls reads.
  EXPECT_EQ(Run("fds.sh").ReadAll(Run("fds.sh").output), "0\n1\n2\n3\n");
}

TEST_F(SpawnerTest, AKeeperHoldsNoMoreDescriptorsThanItNeeds) {
  Write("list.sh", "#!/bin/sh\nls /proc/$PPID/fd\n");
  Start("cgi_processes 64", "", 64);
  const Script script = Run("list.sh");
  std::istringstream numbers(script.ReadAll(script.output));
  int count = 0;
  for (int number = 0; numbers >> number; ++count) {
    const bool inherited = fcntl(number, F_GETFD) >= 0;  // by this test, from whoever has started it
    EXPECT_TRUE(number < 30 || inherited) << number << ": each program would get a table of so many, to be closed";
  }
  EXPECT_GT(count, 3);
}

// systemd signals all processes of a service that it stops.
TEST_F(SpawnerTest, AKeeperOutlivesSignalsThatAreNotForIt) {
  Write("signals.sh", "#!/bin/sh\nfor s in TERM HUP INT QUIT USR1; do kill -$s $PPID; done\necho alive\n");
  Start();
  const Script script = Run("signals.sh");
  EXPECT_EQ(script.ReadAll(script.output), "alive\n");
  EXPECT_EQ(script.NextReport()->kind, cgi::ScriptReport::Kind::kStarted);
  EXPECT_EQ(script.NextReport()->kind, cgi::ScriptReport::Kind::kEnded);
}

TEST_F(SpawnerTest, GivesDefaultSignalsAndAGroupOfItsOwnInTheSpawnersSession) {
  Write("signals.sh", "#!/bin/sh\nexec grep -E '^(SigBlk|SigIgn)' /proc/self/status\n");
  Write("session.sh", "#!/bin/sh\nexec cut -d' ' -f1,5,6 /proc/self/stat\n");
  Start();
  const Script signals = Run("signals.sh");
  std::string text = signals.ReadAll(signals.output);
  // 32 and 33 are the C library's own: nobody can set them, and some parents leave them ignored.
  if (const size_t own = text.find("0000000180000000"); own != std::string::npos) text.replace(own, 16, 16, '0');
  EXPECT_EQ(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  const Script session = Run("session.sh");
  const std::string ids = session.ReadLine();
  const std::string pid = ids.substr(0, ids.find(' '));
  EXPECT_EQ(ids, pid + " " + pid + " " + std::to_string(pid_));
}

TEST_F(SpawnerTest, ProgramsStandBackByCgiNice) {
  Write("nice.sh", "#!/bin/sh\nnice\n[ ! -r /proc/self/autogroup ] || cat /proc/self/autogroup\n");
  Start("cgi_nice 7");
  const Script script = Run("nice.sh");
  const std::string text = script.ReadAll(script.output);
  EXPECT_TRUE(text.starts_with("7\n")) << text;
  EXPECT_TRUE(text == "7\n" || text.ends_with(" nice 7\n")) << text;
}

TEST_F(SpawnerTest, PassesArgumentsAfterTheName) {
  Write("arguments.sh", "#!/bin/sh\necho \"$0\" \"$#\" \"$2\"\n");
  Start();
  cgi::SpawnOrder order = OrderFor("arguments.sh");
  order.arguments = {"a", "b c"};
  const Script script = Run(order);
  EXPECT_EQ(script.ReadLine(), folder_ + "/arguments.sh 2 b c");
}

TEST_F(SpawnerTest, EndsAScriptWhoseWorkerIsDone) {
  Write("wait.sh", "#!/bin/sh\necho $$\nexec sleep 1000\n");
  Start();
  Script script = Run("wait.sh");
  const std::string pid = script.ReadLine();
  script.lifeline.Reset();
  ExpectGone(pid);
}

TEST_F(SpawnerTest, EndsAScriptThatIgnoresTerm) {
  Write("stubborn.sh", "#!/bin/sh\ntrap '' TERM HUP INT\necho $$\nwhile :; do sleep 1000; done\n");
  Start();
  Script script = Run("stubborn.sh");
  const std::string pid = script.ReadLine();
  script.lifeline.Reset();
  ExpectGone(pid);
}

TEST_F(SpawnerTest, EndsWhatForkedTwiceAndLeftTheSession) {
  Write("daemon.sh",
        "#!/bin/sh\n(setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1000; done' &) &\nwait\nsleep 1000\n");
  Start();
  Script script = Run("daemon.sh");
  const std::string pid = script.ReadLine();
  script.lifeline.Reset();
  ExpectGone(pid);
}

// Nobody may stay behind when the script itself has ended in order.
TEST_F(SpawnerTest, EndsWhatAnEndedScriptLeftBehind) {
  Write("leave.sh", "#!/bin/sh\nsetsid sleep 1000 </dev/null >/dev/null 2>&1 &\necho $!\n");
  Start();
  Script script = Run("leave.sh");
  const std::string pid = script.ReadLine();
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kStarted);
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kEnded);
  script.lifeline.Reset();
  ExpectGone(pid);
}

TEST_F(SpawnerTest, EndsAForkBombOfBoundedSize) {
  if (getuid() == 0) GTEST_SKIP() << "root has no limit of processes: tests/end_to_end does this as another user";
  Write("bomb.sh", "#!/bin/sh\necho $$\nwhile :; do sh -c 'sleep 1000 & sleep 1000 &' ; done\n");
  Start("", "cgi_user_processes_max 200");
  Script script = Run("bomb.sh");
  const std::string pid = script.ReadLine();
  script.lifeline.Reset();
  ExpectGone(pid);
}

TEST_F(SpawnerTest, KeepersAreUsedAgain) {
  Write("keeper.sh", "#!/bin/sh\necho $PPID\n");
  // One place: the second script has to wait until the first one's keeper is idle.
  Start("cgi_processes 1");
  const Script first = Run("keeper.sh");
  const Script second = Run("keeper.sh");
  EXPECT_EQ(first.ReadLine(), second.ReadLine());
}

TEST_F(SpawnerTest, QueuesBeyondItsPlacesAndRefusesBeyondItsQueue) {
  Write("wait.sh", "#!/bin/sh\necho $$\nread line\n");
  Start("cgi_processes 1\ncgi_queue 1");
  Script running = Run("wait.sh", true);
  EXPECT_NE(running.ReadLine(), "");
  Script queued = Run("wait.sh", true);
  const Script refused = Run("wait.sh", true);
  const std::optional<ScriptReport> report = refused.NextReport();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->fault, StartFault::kBusy);
  running.input.Reset();
  EXPECT_NE(queued.ReadLine(), "");
  EXPECT_EQ(queued.NextReport()->kind, ScriptReport::Kind::kAssigned) << "who has waited hears when it is over";
  EXPECT_EQ(queued.NextReport()->kind, ScriptReport::Kind::kStarted);
  EXPECT_EQ(running.NextReport()->kind, ScriptReport::Kind::kStarted) << "who has not waited hears nothing of it";
}

// Each job that waits has four descriptors of the spawner's.
TEST(SpawnerLimitsTest, TheQueueIsNoLongerThanDescriptorsLast) {
  EXPECT_EQ(QueueLimit(256, 1'048'576, 384), 256U);
  EXPECT_EQ(QueueLimit(256, 1024, 384), 144U);
  EXPECT_EQ(QueueLimit(256, 256, 384), 0U);
  EXPECT_EQ(QueueLimit(0, 1'048'576, 384), 0U);
}

TEST_F(SpawnerTest, AQueuedJobWhoseWorkerIsGoneIsForgotten) {
  Write("wait.sh", "#!/bin/sh\necho $$\nread line\n");
  Start("cgi_processes 1\ncgi_queue 1");
  Script running = Run("wait.sh", true);
  EXPECT_NE(running.ReadLine(), "");
  Script queued = Run("wait.sh", true);
  queued.lifeline.Reset();
  Script next = Run("wait.sh", true);
  running.input.Reset();
  EXPECT_NE(next.ReadLine(), "");
}

TEST_F(SpawnerTest, ARuleHasALimitOfItsOwn) {
  Write("wait.sh", "#!/bin/sh\necho $$\nread line\n");
  Start("cgi_processes 10\ncgi_queue 0", "cgi_processes_max 1");
  Script running = Run("wait.sh", true);
  EXPECT_NE(running.ReadLine(), "");
  EXPECT_EQ(FaultOf("wait.sh"), StartFault::kBusy);
  running.input.Reset();
}

TEST_F(SpawnerTest, ASpawnerThatEndsLeavesRunningScriptsToTheirWorkers) {
  Write("wait.sh", "#!/bin/sh\necho $$\nread line\necho done\n");
  Start();
  Script script = Run("wait.sh", true);
  const std::string pid = script.ReadLine();
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  ASSERT_EQ(write(script.input.get(), "\n", 1), 1);
  EXPECT_EQ(script.ReadLine(), "done");
  ExpectGone(pid);
}

TEST_F(SpawnerTest, AKilledKeeperTakesItsScriptAlong) {
  Write("wait.sh", "#!/bin/sh\necho $$ $PPID\nexec sleep 1000\n");
  Start();
  Script script = Run("wait.sh");
  const std::string ids = script.ReadLine();
  EXPECT_EQ(script.NextReport()->kind, ScriptReport::Kind::kStarted);
  kill(std::stoi(ids.substr(ids.find(' '))), SIGKILL);
  EXPECT_FALSE(script.NextReport());
  ExpectGone(ids.substr(0, ids.find(' ')));
  Write("hello.sh", "#!/bin/sh\necho hello\n");
  EXPECT_EQ(Run("hello.sh").ReadLine(), "hello");
}

constexpr char kNoCgroups[] = "this machine does not let us make cgroups";

TEST_F(SpawnerTest, AScriptRunsInACgroupOfItsOwn) {
  Write("group.sh", "#!/bin/sh\ngrep ^0:: /proc/self/cgroup\nread line\n");
  Start("", "", 2);
  if (!HasCgroups()) GTEST_SKIP() << kNoCgroups;
  EXPECT_THAT(ready_text_, HasSubstr("cgroups=2 "));
  const Script first = Run("group.sh", true);
  const Script second = Run("group.sh", true);
  const std::string group = first.ReadLine();
  EXPECT_THAT(group, HasSubstr(std::string(kCgroupPrefix) + std::to_string(pid_) + "/"));
  EXPECT_NE(group, second.ReadLine());
  // A third one finds none free, and runs all the same.
  const Script third = Run("group.sh", true);
  EXPECT_THAT(third.ReadLine(), ::testing::Not(HasSubstr(std::string(kCgroupPrefix))));
}

// The keeper goes down with what it could not end otherwise; its place, its leaf and its work go on.
TEST_F(SpawnerTest, ACgroupIsUsedAgainAfterWhatWasInItHasBeenKilled) {
  Write("stubborn.sh",
        "#!/bin/sh\ntrap '' TERM\nsetsid sh -c 'trap \"\" TERM; while :; do sleep 1000; done' &\n"
        "echo $$ $! $PPID\nwhile :; do sleep 1000; done\n");
  Write("group.sh", "#!/bin/sh\ngrep ^0:: /proc/self/cgroup\n");
  Start("cgi_processes 1", "", 1);
  if (!HasCgroups()) GTEST_SKIP() << kNoCgroups;
  Script script = Run("stubborn.sh");
  std::istringstream pids(script.ReadLine());
  script.lifeline.Reset();
  for (std::string pid; pids >> pid;) ExpectGone(pid);
  EXPECT_THAT(Run("group.sh").ReadLine(), HasSubstr(std::string(kCgroupPrefix) + std::to_string(pid_) + "/0"));
}

TEST_F(SpawnerTest, ASpawnerThatIsToldToStopLeavesNothingInItsCgroups) {
  Write("stubborn.sh", "#!/bin/sh\ntrap '' TERM\necho $$\nwhile :; do sleep 1000; done\n");
  Start("", "", 2);
  if (!HasCgroups()) GTEST_SKIP() << kNoCgroups;
  Script script = Run("stubborn.sh");
  const std::string pid = script.ReadLine();
  script.lifeline.Reset();
  ASSERT_TRUE(control_->Send(net::ControlType::kStop));
  waitpid(pid_, nullptr, 0);
  const std::string folder = GroupFolder();
  pid_ = -1;
  EXPECT_FALSE(std::filesystem::exists("/proc/" + pid));
  for (int waited_ms = 0; std::filesystem::exists(folder); ++waited_ms) {
    ASSERT_LT(waited_ms, kPatienceMs);
    SweepCgroups(FindCgroupHome().folder);
    poll(nullptr, 0, 1);
  }
}

TEST_F(SpawnerTest, SaysThatALimitHasNoEffectWithoutCgroups) {
  Start("", "cgi_script_processes_max 20");
  EXPECT_THAT(ready_text_,
              ::testing::StartsWith("cgroups=0 cgroup_limits=none\ncgi_script_processes_max has no effect"));
}

TEST_F(SpawnerTest, NamesTheCauseOfAFailedStart) {
  Write("mode.sh", "#!/bin/sh\n", 0644);
  Write("empty.sh", "");
  Write("text.sh", "echo hello\n");
  Write("windows.sh", "#!/bin/sh\r\necho hello\r\n");
  Write("missing.sh", "#!/no/such/interpreter\n");
  Write("folder-interpreter.sh", "#!/tmp\n");
  Write("foreign.sh", std::string("\x7f"
                                  "ELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xf3\x00",
                                  20));
  std::filesystem::create_directory(folder_ + "/folder.sh");
  std::filesystem::create_symlink("/bin/sh", folder_ + "/outside.sh");
  Write("up/upload.sh", "#!/bin/sh\necho evil\n");
  Start();
  EXPECT_EQ(FaultOf("mode.sh"), StartFault::kNotExecutable);
  EXPECT_EQ(FaultOf("empty.sh"), StartFault::kNoShebang);
  EXPECT_EQ(FaultOf("text.sh"), StartFault::kNoShebang);
  EXPECT_EQ(FaultOf("windows.sh"), StartFault::kCarriageReturn);
  EXPECT_EQ(FaultOf("missing.sh"), StartFault::kInterpreterMissing);
  EXPECT_EQ(FaultOf("folder-interpreter.sh"), StartFault::kInterpreterNotExecutable);
  EXPECT_EQ(FaultOf("foreign.sh"), StartFault::kWrongArchitecture);
  EXPECT_EQ(FaultOf("nothing.sh"), StartFault::kNotFound);
  EXPECT_EQ(FaultOf("folder.sh"), StartFault::kNotRegular);
  EXPECT_EQ(FaultOf("outside.sh"), StartFault::kOutsideRoot);
  EXPECT_EQ(FaultOf("up/upload.sh"), StartFault::kUploadFolder);
}

TEST_F(SpawnerTest, RefusesWhatNoRuleAllows) {
  Write("hello.sh", "#!/bin/sh\necho hello\n");
  Write("hello.txt", "#!/bin/sh\necho hello\n");
  Start();
  EXPECT_EQ(FaultOf("hello.txt"), StartFault::kBadOrder);
  EXPECT_EQ(FaultOf("../hello.sh"), StartFault::kNotFound);
  EXPECT_EQ(FaultOf("/bin/hello.sh"), StartFault::kNotFound);
}

}  // namespace
}  // namespace brilliant::process
