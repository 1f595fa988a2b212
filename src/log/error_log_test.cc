#include "log/error_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "event/fake_poller.h"

namespace brilliant::log {
namespace {

// A pipe whose ends are closed on exec; `flags` O_NONBLOCK or 0.
void MakePipe(int (&ends)[2], int flags) {
  ASSERT_EQ(pipe(ends), 0);
  for (const int fd : ends) {
    ASSERT_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    ASSERT_EQ(fcntl(fd, F_SETFL, flags | fcntl(fd, F_GETFL)), 0);
  }
}

class ErrorLogTest : public ::testing::Test {
 protected:
  ErrorLogTest() : loop_(std::make_unique<event::FakePoller>(), time_, 0) {
    log_ = std::make_unique<ErrorLog>(loop_, OpenPipe(reader_), Level::kInfo);
  }

  static UniqueFd OpenPipe(UniqueFd& reader) {
    int ends[2];
    MakePipe(ends, O_NONBLOCK);
    reader.Reset(ends[0]);
    return UniqueFd(ends[1]);
  }
  static std::string ReadAll(const UniqueFd& fd) {
    std::string all;
    char bytes[65536];
    for (ssize_t got = 0; (got = read(fd.get(), bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<size_t>(got));
    return all;
  }
  std::string Lines() {
    for (int i = 0; i < 3; ++i) loop_.Turn(false);
    return ReadAll(reader_);
  }
  void Seconds(int count) {
    for (int i = 0; i < count; ++i) {
      time_.Advance(std::chrono::seconds(1));
      loop_.Turn(false);
      log_->Flush();
    }
  }
  static long LineCount(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

  FakeTimeSource time_;
  event::EventLoop loop_;
  UniqueFd reader_;
  std::unique_ptr<ErrorLog> log_;
};

TEST_F(ErrorLogTest, ALineIsWrittenAtOnce) {
  log_->Write(Level::kNotice, "worker ready slot=1");
  EXPECT_EQ(ReadAll(reader_), "2026-01-02T03:04:05.000Z notice: worker ready slot=1\n");
}

TEST_F(ErrorLogTest, LowerLevelsAreLeftOut) {
  RateLimit site;
  log_->Write(Level::kDebug, "a");
  EXPECT_FALSE(log_->Report(site, Level::kDebug, "b {}", 1));
  log_->Write(Level::kInfo, "c");
  EXPECT_TRUE(log_->Report(site, Level::kError, "d {}", 2));
  EXPECT_EQ(Lines(), "2026-01-02T03:04:05.000Z info: c\n2026-01-02T03:04:05.000Z error: d 2\n");
}

TEST_F(ErrorLogTest, ControlCharactersAreEscaped) {
  RateLimit site;
  log_->Report(site, Level::kInfo, "target=\"{}\"", "/\x1b[2J\n2026 fake");
  EXPECT_EQ(Lines(), "2026-01-02T03:04:05.000Z info: target=\"/\\x1b[2J\\x0a2026 fake\"\n");
}

TEST_F(ErrorLogTest, LongReportsAreCut) {
  RateLimit site;
  log_->Report(site, Level::kInfo, "{}", std::string(100'000, 'x'));
  const std::string line = Lines();
  EXPECT_LT(line.size(), kReportBytesMax + 64);
  EXPECT_TRUE(line.ends_with("xx\n"));
}

TEST_F(ErrorLogTest, LinesOfOneTurnStayInOrder) {
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    log_->Write(Level::kInfo, std::to_string(i));
    expected += "2026-01-02T03:04:05.000Z info: " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(Lines(), expected);
}

TEST_F(ErrorLogTest, ASiteThatRepeatsIsCutOffAndItsRestCounted) {
  RateLimit site;
  for (uint32_t i = 0; i < kReportsPerWindowMax; ++i) EXPECT_TRUE(log_->Report(site, Level::kWarn, "failed n={}", i));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(log_->Report(site, Level::kWarn, "failed n={}", i));
  EXPECT_EQ(LineCount(Lines()), static_cast<long>(kReportsPerWindowMax));
  Seconds(9);
  EXPECT_EQ(Lines(), "") << "its window is not over";
  Seconds(1);
  EXPECT_EQ(Lines(), "2026-01-02T03:04:15.000Z warn: suppressed similar lines: count=1000 format=\"failed n={}\"\n");
  Seconds(20);
  EXPECT_EQ(Lines(), "") << "the count is reported once";
  EXPECT_TRUE(log_->Report(site, Level::kWarn, "failed n={}", 1));
}

TEST_F(ErrorLogTest, TheCountComesBeforeTheNextReportOfItsSite) {
  RateLimit site;
  for (uint32_t i = 0; i < kReportsPerWindowMax + 5; ++i) log_->Report(site, Level::kWarn, "failed");
  Lines();
  time_.Advance(kReportWindow);
  loop_.Turn(false);
  log_->Report(site, Level::kError, "again");
  EXPECT_EQ(Lines(),
            "2026-01-02T03:04:15.000Z warn: suppressed similar lines: count=5 format=\"failed\"\n"
            "2026-01-02T03:04:15.000Z error: again\n");
}

TEST_F(ErrorLogTest, SitesDoNotShareTheirLimit) {
  RateLimit noisy;
  RateLimit quiet;
  for (int i = 0; i < 100; ++i) log_->Report(noisy, Level::kWarn, "noise");
  EXPECT_TRUE(log_->Report(quiet, Level::kWarn, "quiet"));
}

TEST_F(ErrorLogTest, ASiteMayGoBeforeItsCountIsReported) {
  {
    RateLimit site;
    for (int i = 0; i < 100; ++i) log_->Report(site, Level::kWarn, "failed");
  }
  Seconds(11);
  EXPECT_EQ(Lines().find("suppressed"), std::string::npos);
}

TEST_F(ErrorLogTest, TheEndReportsWhatWasSuppressed) {
  RateLimit site;
  for (int i = 0; i < 100; ++i) log_->Report(site, Level::kWarn, "failed");
  log_.reset();
  EXPECT_NE(ReadAll(reader_).find("suppressed similar lines: count=90"), std::string::npos);
}

TEST_F(ErrorLogTest, WhatTheReaderDoesNotTakeWaitsThenIsDroppedAndCounted) {
  const std::string text(1000, 'x');
  int written = 0;
  while (log_->lines_dropped() < 50) {
    log_->Write(Level::kInfo, text);
    loop_.Turn(false);
    ++written;
    ASSERT_LT(written, 10'000) << "the queue has no bound";
  }
  std::string lines;
  for (int i = 0; i < 5; ++i) {
    lines += Lines();
    Seconds(1);
  }
  lines += Lines();
  EXPECT_EQ(LineCount(lines), written - 50 + 1);
  EXPECT_NE(lines.find("warn: lines were dropped: log=\"error log\" count=50\n"), std::string::npos);
}

TEST_F(ErrorLogTest, AfterReopeningEarlierLinesStandInTheOldFileAndLaterOnesInTheNew) {
  log_->Write(Level::kInfo, "1");
  log_->Write(Level::kInfo, "2");
  UniqueFd later;
  log_->Reopen(OpenPipe(later));
  log_->Write(Level::kInfo, "3");
  EXPECT_EQ(Lines(), "2026-01-02T03:04:05.000Z info: 1\n2026-01-02T03:04:05.000Z info: 2\n");
  EXPECT_EQ(ReadAll(later), "2026-01-02T03:04:05.000Z info: 3\n");
}

TEST(ErrorLogThreadsTest, AllLinesArriveInOrder) {
  std::string path = ::testing::TempDir() + "error_log_test.XXXXXX";
  const UniqueFd file(mkstemp(path.data()));
  ASSERT_TRUE(file.valid());
  std::string expected;
  {
    FakeTimeSource time;
    event::EventLoop loop(std::make_unique<event::FakePoller>(), time, 2);
    ErrorLog log(loop, UniqueFd(dup(file.get())), Level::kInfo);
    for (int i = 0; i < 2000; ++i) {  // fewer than have room, however slow the file is
      log.Write(Level::kInfo, std::to_string(i));
      expected += "2026-01-02T03:04:05.000Z info: " + std::to_string(i) + "\n";
      if (i % 10 == 0) loop.Turn(false);
    }
    EXPECT_EQ(log.lines_dropped(), 0U);
  }
  std::string lines(expected.size() + 1, '\0');
  const ssize_t got = pread(file.get(), lines.data(), lines.size(), 0);
  EXPECT_EQ(lines.substr(0, static_cast<size_t>(std::max<ssize_t>(got, 0))), expected);
  unlink(path.c_str());
}

TEST(ErrorLogThreadsTest, AReaderThatNeverReadsHoldsNeitherTheLoopNorItsEnd) {
  int ends[2];
  MakePipe(ends, 0);
  const UniqueFd reader(ends[0]);
  FakeTimeSource time;
  event::EventLoop loop(std::make_unique<event::FakePoller>(), time, 1);
  ErrorLog log(loop, UniqueFd(ends[1]), Level::kInfo);
  const std::string text(2000, 'x');
  while (log.lines_dropped() == 0) {
    log.Write(Level::kInfo, text);
    loop.Turn(false);
  }
  log.Flush();
}

TEST(ErrorLogStandardErrorTest, ItsFlagsAndTheDescriptorItselfAreLeftAlone) {
  const int flags = fcntl(STDERR_FILENO, F_GETFL);
  {
    FakeTimeSource time;
    event::EventLoop loop(std::make_unique<event::FakePoller>(), time, 0);
    const ErrorLog log(loop, UniqueFd(), Level::kError);
  }
  EXPECT_EQ(fcntl(STDERR_FILENO, F_GETFL), flags);
}

TEST(ErrorLogStandardErrorTest, LinesGoThereWithoutADescriptor) {
  int ends[2];
  MakePipe(ends, O_NONBLOCK);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  const UniqueFd before(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  ASSERT_EQ(dup2(writer.get(), STDERR_FILENO), STDERR_FILENO);
  {
    FakeTimeSource time;
    event::EventLoop loop(std::make_unique<event::FakePoller>(), time, 0);
    ErrorLog log(loop, UniqueFd(), Level::kError);
    log.Write(Level::kError, "hello");
  }
  ASSERT_EQ(dup2(before.get(), STDERR_FILENO), STDERR_FILENO);
  char bytes[100];
  const ssize_t got = read(reader.get(), bytes, sizeof bytes);
  EXPECT_EQ(std::string(bytes, static_cast<size_t>(std::max<ssize_t>(got, 0))),
            "2026-01-02T03:04:05.000Z error: hello\n");
}

}  // namespace
}  // namespace brilliant::log
