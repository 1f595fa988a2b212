// What the supervisor leaves on the machine or hands to a worker: sealed memory, pid file, logs, children.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/platform.h"
#include "process/child.h"
#include "process/log_files.h"
#include "process/pid_file.h"
#include "process/privileges.h"
#include "process/shared_memory.h"
#include "process/signals.h"
#include "process/supervisor_log.h"

namespace brilliant::process {
namespace {

using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/brilliant-process-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string File(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(SealedBytesTest, BytesComeBackWhateverTheOffset) {
  const std::string bytes(100'000, 'x');
  const Result<UniqueFd> fd = SealBytes(bytes);
  ASSERT_TRUE(fd);
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(ReadSealed(fd->get()), bytes);
  lseek(fd->get(), 5, SEEK_SET);
  EXPECT_EQ(ReadSealed(fd->get()), bytes);
  EXPECT_EQ(ReadSealed(SealBytes("")->get()), "");
}

TEST(SealedBytesTest, ThereIsALimit) {
  EXPECT_EQ(SealBytes(std::string(kSealedBytesMax + 1, 'x')).error().code, ErrorCode::kTooLarge);
}

#if BRILLIANT_LINUX
TEST(SealedBytesTest, NobodyCanChangeThem) {
  const Result<UniqueFd> fd = SealBytes("abc");
  ASSERT_TRUE(fd);
  EXPECT_EQ(pwrite(fd->get(), "x", 1, 0), -1);
  EXPECT_EQ(ftruncate(fd->get(), 0), -1);
  EXPECT_EQ(ftruncate(fd->get(), 10), -1);
}

TEST(SharedPageTest, AWorkerCannotTakeThePageAway) {
  const Result<SharedPage> page = SharedPage::Create();
  ASSERT_TRUE(page);
  EXPECT_EQ(ftruncate(page->fd(), 0), -1);
}
#endif

TEST(SharedPageTest, BothSidesSeeTheCounter) {
  const Result<SharedPage> ours = SharedPage::Create();
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->heartbeat().load(), 0u);
  const Result<SharedPage> theirs = SharedPage::Open(UniqueFd(dup(ours->fd())));
  ASSERT_TRUE(theirs);
  theirs->heartbeat().fetch_add(3);
  EXPECT_EQ(ours->heartbeat().load(), 3u);
}

TEST(SharedPageTest, AnotherFileIsNoPage) {
  Result<UniqueFd> fd = SealBytes("abc");
  ASSERT_TRUE(fd);
  EXPECT_EQ(SharedPage::Open(std::move(*fd)).error().code, ErrorCode::kInvalid);
}

TEST(PidFileTest, HoldsThePidUntilTheEnd) {
  const Folder folder;
  const std::string path = folder.File("pid");
  {
    const Explained<PidFile> file = PidFile::Write(path);
    ASSERT_TRUE(file);
    EXPECT_EQ(Contents(path), fmt::format("{}\n", getpid()));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PidFileTest, ReplacesAnOldOneButNeverRemovesAnothers) {
  const Folder folder;
  const std::string path = folder.File("pid");
  std::ofstream(path) << "1\n";
  {
    const Explained<PidFile> file = PidFile::Write(path);
    ASSERT_TRUE(file);
    std::ofstream(path) << "1\n";
  }
  EXPECT_EQ(Contents(path), "1\n");
}

TEST(PidFileTest, AMissingFolderIsExplained) {
  const Explained<PidFile> file = PidFile::Write("/nowhere/at/all/pid");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error(), HasSubstr("/nowhere/at/all/pid: its folder does not exist"));
}

TEST(LogFilesTest, FilesAreAppendedToAndCloseOnExec) {
  const Folder folder;
  std::ofstream(folder.File("access")) << "old\n";
  config::Config config;
  config.access_log.target = config::AccessLog::Target::kFile;
  config.access_log.path = folder.File("access");
  config.error_log.path = folder.File("error");
  const Explained<LogFiles> logs = OpenLogs(config);
  ASSERT_TRUE(logs);
  EXPECT_NE(fcntl(logs->access.get(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_EQ(write(logs->access.get(), "new\n", 4), 4);
  EXPECT_EQ(Contents(folder.File("access")), "old\nnew\n");
  EXPECT_TRUE(std::filesystem::exists(folder.File("error")));
}

TEST(LogFilesTest, OffAndStandardErrorNeedNoDescriptor) {
  config::Config config;
  config.access_log.target = config::AccessLog::Target::kOff;
  const Explained<LogFiles> logs = OpenLogs(config);
  ASSERT_TRUE(logs);
  EXPECT_FALSE(logs->access.valid());
  EXPECT_FALSE(logs->error.valid());
}

TEST(LogFilesTest, ErrorsNameTheDirectiveAndTheRemedy) {
  config::Config config;
  config.error_log.path = "/nowhere/at/all/error.log";
  const Explained<LogFiles> logs = OpenLogs(config);
  ASSERT_FALSE(logs);
  EXPECT_EQ(logs.error(), "cannot open error_log /nowhere/at/all/error.log: its folder does not exist: create it");
}

TEST(LogFilesTest, RootFollowsNoLink) {
  if (geteuid() != 0) GTEST_SKIP() << "for root";
  const Folder folder;
  std::filesystem::create_symlink(folder.File("elsewhere"), folder.File("error"));
  config::Config config;
  config.error_log.path = folder.File("error");
  const Explained<LogFiles> logs = OpenLogs(config);
  ASSERT_FALSE(logs);
  EXPECT_THAT(logs.error(), HasSubstr("symbolic link"));
  EXPECT_FALSE(std::filesystem::exists(folder.File("elsewhere")));
}

TEST(SupervisorLogTest, LinesBelowTheLevelAreLeftOutAndTextWithSeveralLinesIsSeveral) {
  const Folder folder;
  SupervisorLog log(log::Level::kDebug);
  log.Redirect(UniqueFd(open(folder.File("log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), log::Level::kWarn);
  log.Notice("left out");
  log.Warn("one={}", 1);
  log.Write(log::Level::kError, "two\nthree\n");
  EXPECT_THAT(Contents(folder.File("log")),
              ::testing::MatchesRegex(".*Z warn: one=1\n.*Z error: two\n.*Z error: three\n"));
}

TEST(SupervisorLogTest, AFullPipeCostsLinesAndSaysSoLater) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd reader(ends[0]);
  SupervisorLog log(log::Level::kDebug);
  log.Redirect(UniqueFd(ends[1]), log::Level::kDebug);
  const std::string text(1'000, 'x');
  for (int i = 0; i < 10'000; ++i) log.Write(log::Level::kNotice, text);  // far more than a pipe holds
  fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  std::string sink(1 << 21, '\0');
  while (read(reader.get(), sink.data(), sink.size()) > 0) {
  }
  log.Notice("again");
  const ssize_t length = read(reader.get(), sink.data(), sink.size());
  ASSERT_GT(length, 0);
  EXPECT_THAT(sink.substr(0, static_cast<size_t>(length)),
              ::testing::AllOf(HasSubstr("lines lost count="), HasSubstr("again")));
}

TEST(SignalPipeTest, SignalsAreTakenOnceEach) {
  const int signals[] = {SIGUSR1, SIGWINCH};
  Result<SignalPipe> pipe = SignalPipe::Open(signals);
  ASSERT_TRUE(pipe);
  EXPECT_TRUE(pipe->Take().empty());
  for (int i = 0; i < 3; ++i) raise(SIGUSR1);
  raise(SIGWINCH);
  pollfd entry{.fd = pipe->fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&entry, 1, 0), 1);
  std::vector<int> expected = {SIGUSR1, SIGWINCH};
  std::ranges::sort(expected);
  EXPECT_EQ(pipe->Take(), expected);
  EXPECT_TRUE(pipe->Take().empty());
}

ExitStatus WaitFor(Child& child) {
  for (;;) {
    if (const std::optional<ExitStatus> status = child.TryReap()) return *status;
    poll(nullptr, 0, 1);
  }
}

ChildProgram Shell(const std::string& script) {
  return ChildProgram{
      .executable = "/bin/sh", .arguments = {"sh", "-c", script}, .environment = {"WORD=x"}, .descriptors = {}};
}

TEST(ChildTest, ItsEndIsReportedOnce) {
  Result<Child> child = Child::Start(Shell("exit 7"));
  ASSERT_TRUE(child);
  EXPECT_EQ(WaitFor(*child).ToString(), "exit=7");
  EXPECT_FALSE(child->running());
  EXPECT_FALSE(child->TryReap());
  child->Signal(SIGKILL);  // nobody's any more: must not reach another process
}

TEST(ChildTest, ASignalThatEndsItHasAName) {
  Result<Child> child = Child::Start(Shell("kill -KILL $$"));
  ASSERT_TRUE(child);
  EXPECT_EQ(WaitFor(*child).ToString(), "signal=SIGKILL");
}

TEST(ChildTest, AProgramThatCannotRunIsAnError) {
  ChildProgram program = Shell("");
  program.executable = "/nowhere/at/all";
  const Result<Child> child = Child::Start(program);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, ErrorCode::kNotFound);
  EXPECT_STREQ(child.error().context, "exec");
}

TEST(ChildTest, SignalsForTheSupervisorDoNotEndIt) {
  Result<Child> child = Child::Start(Shell("for s in INT QUIT TERM HUP USR1 USR2 WINCH; do kill -$s $$; done; exit 3"));
  ASSERT_TRUE(child);
  EXPECT_EQ(WaitFor(*child).ToString(), "exit=3");
}

TEST(ChildTest, ItInheritsWhatItWasGivenAndNothingElse) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  ChildProgram program =
      Shell(fmt::format("(test -e /dev/fd/{} && echo leak; echo $WORD) >&{}", reader.get(), writer.get()));
  program.descriptors = {writer.get()};
  Result<Child> child = Child::Start(program);
  ASSERT_TRUE(child);
  EXPECT_EQ(WaitFor(*child).ToString(), "exit=0");
  EXPECT_NE(fcntl(writer.get(), F_GETFD) & FD_CLOEXEC, 0);
  char text[16] = "";
  ASSERT_EQ(read(reader.get(), text, sizeof text - 1), 2);
  EXPECT_STREQ(text, "x\n");
}

#if BRILLIANT_LINUX
TEST(ChildTest, AStoppedProcessIsRecognised) {
  Result<Child> child = Child::Start(Shell("while :; do :; done"));
  ASSERT_TRUE(child);
  EXPECT_FALSE(child->IsStopped());
  child->Signal(SIGSTOP);
  while (!child->IsStopped()) poll(nullptr, 0, 1);
  child->Signal(SIGKILL);
  EXPECT_EQ(WaitFor(*child).ToString(), "signal=SIGKILL");
}
#endif

TEST(PrivilegesTest, AnUnknownUserOrGroupIsExplained) {
  if (geteuid() != 0) GTEST_SKIP() << "for root";
  config::Config config;
  config.user = "no-such-user";
  EXPECT_EQ(ChooseIdentity(config, std::nullopt).error(),
            "user no-such-user does not exist on this machine: create it or name another one with user");
  config.user = "nobody";
  config.group = "no-such-group";
  EXPECT_THAT(ChooseIdentity(config, std::nullopt).error(), HasSubstr("group no-such-group does not exist"));
}

TEST(PrivilegesTest, RootNeverStaysRootUnasked) {
  if (geteuid() != 0) GTEST_SKIP() << "for root";
  config::Config config;
  const Explained<IdentityChoice> choice = ChooseIdentity(config, std::nullopt);
  ASSERT_TRUE(choice && choice->become);
  EXPECT_NE(choice->become->uid, 0u);
  config.user = "root";
  EXPECT_EQ(ChooseIdentity(config, std::nullopt)->become->uid, 0u);
}

TEST(PrivilegesTest, QuickModeRunsAsTheFoldersOwnerButNeverAsRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "for root";
  const Folder folder;
  const std::string path = folder.File("served");
  std::filesystem::create_directory(path);
  const config::Config config;
  EXPECT_EQ(ChooseIdentity(config, path)->become->name, "nobody");
  ASSERT_EQ(chown(path.c_str(), 54'321, 54'322), 0);
  const Explained<IdentityChoice> choice = ChooseIdentity(config, path);
  EXPECT_EQ(choice->become, (Identity{.uid = 54'321, .gid = 54'322, .groups = {54'322}, .name = "#54321"}));
  EXPECT_FALSE(ChooseIdentity(config, folder.File("missing")));
}

TEST(PrivilegesTest, DroppedPrivilegesAreGoneForGood) {
  if (geteuid() != 0) GTEST_SKIP() << "for root";
  // In a process of its own; the statuses name the step that went wrong.
  const auto drop = [] {
    const Identity identity{.uid = 54'321, .gid = 54'322, .groups = {54'322, 54'323}, .name = "test"};
    if (!DropPrivileges(identity)) _exit(1);
    gid_t groups[8];
    if (getgroups(8, groups) != 2) _exit(2);
    if (getuid() != 54'321 || getegid() != 54'322) _exit(3);
    if (setuid(0) == 0 || setgid(0) == 0) _exit(4);
    if (DropPrivileges(Identity{})) _exit(5);  // nobody becomes root from here
    _exit(0);
  };
  EXPECT_EXIT(drop(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace brilliant::process
