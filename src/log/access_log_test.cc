#include "log/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "base/platform.h"
#include "event/fake_heap_operators.h"
#include "event/fake_poller.h"

namespace brilliant::log {
namespace {

constexpr WallTime kTime{.nanoseconds = 1'767'323'045'678'000'000};

AccessRecord Get() {
  return {.client = "192.0.2.1",
          .user = "",
          .time = kTime,
          .method = "GET",
          .target = "/index.html?q=1",
          .version_minor = 1,
          .raw_request_line = "",
          .status = 200,
          .content_bytes = 1024,
          .referer = "http://example.com/",
          .user_agent = "curl/8.0",
          .host = "example.org",
          .duration_us = 1234,
          .connection = 7,
          .request_number = 2};
}

std::string Line(const AccessRecord& record, AccessFormat format) {
  std::string line;
  FormatAccessLine(record, format, line);
  return line;
}
std::string Combined(const AccessRecord& record) { return Line(record, AccessFormat::kCombined); }
std::string Json(const AccessRecord& record) { return Line(record, AccessFormat::kJson); }

// The line of a GET of `target`, from the target on.
std::string CombinedTarget(std::string_view target) {
  AccessRecord record = Get();
  record.target = target;
  const std::string line = Combined(record);
  const size_t start = line.find("GET ") + 4;
  return line.substr(start, line.rfind(" HTTP/1.1") - start);
}
std::string JsonTarget(std::string_view target) {
  AccessRecord record = Get();
  record.target = target;
  const std::string line = Json(record);
  const size_t start = line.find(R"("target":")") + 10;
  return line.substr(start, line.find(R"(","protocol")") - start);
}

TEST(AccessLineTest, CombinedHasTheFieldsEverybodyReads) {
  EXPECT_EQ(Combined(Get()),
            "192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] \"GET /index.html?q=1 HTTP/1.1\" 200 1024 "
            "\"http://example.com/\" \"curl/8.0\"\n");
}

TEST(AccessLineTest, JsonIsOneObjectALine) {
  EXPECT_EQ(Json(Get()),
            R"({"time":"2026-01-02T03:04:05.678Z","client":"192.0.2.1","user":"","host":"example.org","method":"GET",)"
            R"("target":"/index.html?q=1","protocol":"HTTP/1.1","status":200,"bytes":1024,"duration_ms":1.234,)"
            R"("referer":"http://example.com/","user_agent":"curl/8.0","connection":7,"request":2})"
            "\n");
}

TEST(AccessLineTest, JsonSaysWhatAProgramHasTaken) {
  ProgramUse use{.queue_us = 1'500, .start_us = 2'750, .first_byte_us = 10'001, .total_us = 20'000};
  AccessRecord record = Get();
  const std::string combined = Combined(record);
  record.program = &use;
  EXPECT_EQ(Combined(record), combined);
  const std::string times =
      R"("request":2,"program":{"queue_ms":1.500,"start_ms":2.750,"first_byte_ms":10.001,"total_ms":20.000)";
  EXPECT_TRUE(Json(record).ends_with(times + "}}\n")) << Json(record);
  use.end_known = true;
  use.exit_code = 3;
  use.processor_us = 4'056;
  use.memory_kib = 2'048;
  EXPECT_TRUE(Json(record).ends_with(times + R"(,"cpu_ms":4.056,"memory_kib":2048,"exit":3}})" + "\n"));
  use.signal = 9;
  EXPECT_TRUE(Json(record).ends_with(R"("memory_kib":2048,"signal":9}})" + std::string("\n")));
  use.start_us = 0;
  EXPECT_TRUE(Json(record).find(R"("queue_ms":1.500,"first_byte_ms":10.001)") != std::string::npos) << Json(record);
  for (uint64_t* number : {&use.queue_us, &use.start_us, &use.first_byte_us, &use.total_us, &use.processor_us,
                           &use.memory_kib, &record.content_bytes, &record.duration_us})
    *number = UINT64_MAX;
  EXPECT_TRUE(Json(record).ends_with("}}\n"));
}

TEST(AccessLineTest, EmptyValues) {
  const AccessRecord empty;
  EXPECT_EQ(Combined(empty), "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 0 0 \"-\" \"-\"\n");
  EXPECT_EQ(Json(empty),
            R"({"time":"1970-01-01T00:00:00.000Z","client":"","user":"","host":"","request_line":"","status":0,)"
            R"("bytes":0,"duration_ms":0.000,"referer":"","user_agent":"","connection":0,"request":0})"
            "\n");
}

TEST(AccessLineTest, AnUnparsableRequestShowsWhatWasReceived) {
  AccessRecord record = Get();
  record.method = "";
  record.raw_request_line = "\x16\x03\x01 GET";
  EXPECT_NE(Combined(record).find("] \"\\x16\\x03\\x01 GET\" 200"), std::string::npos);
  EXPECT_NE(Json(record).find(R"("request_line":"\u0016\u0003\u0001 GET","status")"), std::string::npos);
}

TEST(AccessLineTest, TheLargestNumbersFit) {
  AccessRecord record = Get();
  record.content_bytes = record.duration_us = record.connection = record.request_number = ~uint64_t{0};
  EXPECT_NE(Combined(record).find(" 200 18446744073709551615 "), std::string::npos);
  const std::string json = Json(record);
  EXPECT_NE(json.find(R"("duration_ms":18446744073709551.615,)"), std::string::npos);
  EXPECT_NE(json.find(R"("request":18446744073709551615})"), std::string::npos);
}

TEST(AccessLineTest, NothingThatAClientSendsCanForgeALineOrDriveATerminal) {
  struct Case {
    std::string_view value;
    std::string_view combined;
    std::string_view json;
  };
  using std::string_view_literals::operator""sv;
  const Case cases[] = {
      {"/a\r\nb", R"(/a\x0d\x0ab)", R"(/a\u000d\u000ab)"},
      {"\0\x1b[2J\x7f"sv, R"(\x00\x1b[2J\x7f)", R"(\u0000\u001b[2J\u007f)"},
      {"\"\\", R"(\x22\x5c)", R"(\u0022\u005c)"},
      {"12345678\"12345678", R"(12345678\x2212345678)", R"(12345678\u002212345678)"},
      {"1234567\x1f", R"(1234567\x1f)", R"(1234567\u001f)"},
      {"\xc2\x9b", R"(\xc2\x9b)", R"(\u009b)"},          // C1: CSI
      {"\xe2\x80\xae", R"(\xe2\x80\xae)", R"(\u202e)"},  // right-to-left override
      {"\xe2\x80\xa8", R"(\xe2\x80\xa8)", R"(\u2028)"},  // line separator
      {"\xe2\x81\xa6", R"(\xe2\x81\xa6)", R"(\u2066)"},  // isolate
      {"\xd8\x9c", R"(\xd8\x9c)", R"(\u061c)"},          // Arabic letter mark
      {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80",
       "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"\xc0\xaf", R"(\xc0\xaf)", R"(\u00c0\u00af)"},                // overlong
      {"\xed\xa0\x80", R"(\xed\xa0\x80)", R"(\u00ed\u00a0\u0080)"},  // surrogate
      {"\xe2\x82", R"(\xe2\x82)", R"(\u00e2\u0082)"},                // cut off
      {"\xff", R"(\xff)", R"(\u00ff)"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(CombinedTarget(c.value), c.combined);
    EXPECT_EQ(JsonTarget(c.value), c.json);
  }
}

TEST(AccessLineTest, EveryByteIsEscapedAtEveryPlaceOfAWord) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t at = 0; at < 9; ++at) {
      std::string value(16, 'a');
      value[at] = static_cast<char>(byte);
      const bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
      EXPECT_EQ(CombinedTarget(value) == value, plain) << byte << " at " << at;
      EXPECT_EQ(JsonTarget(value) == value, plain) << byte << " at " << at;
    }
  }
}

TEST(AccessLineTest, ABlankInTheUsersNameMovesNoField) {
  AccessRecord record = Get();
  record.user = "a b [x] \"GET longer than eight";
  EXPECT_TRUE(Combined(record).starts_with(
      R"(192.0.2.1 - a\x20b\x20[x]\x20\x22GET\x20longer\x20than\x20eight [02/Jan/2026:03:04:05 +0000] "GET )"));
}

TEST(AccessLineTest, LongValuesAreCutAtTheirLimitBetweenCharacters) {
  const std::string longest(kLoggedTargetBytesMax, 'x');
  EXPECT_EQ(CombinedTarget(longest), longest);
  EXPECT_EQ(CombinedTarget(longest + 'x'), longest + "...");
  const std::string before(kLoggedTargetBytesMax - 2, 'x');
  EXPECT_EQ(JsonTarget(before + "\xe2\x82\xac\xe2\x82\xac"), before + "...");
  AccessRecord record = Get();
  const std::string agent(kLoggedValueBytesMax + 1, 'u');
  record.user_agent = agent;
  EXPECT_TRUE(Combined(record).ends_with("u...\"\n"));
}

TEST(AccessLineTest, NoLineIsLongerThanItsLimit) {
  const std::string worst(100'000, '\x01');
  AccessRecord record{.client = worst,
                      .user = worst,
                      .time = kTime,
                      .method = worst,
                      .target = worst,
                      .raw_request_line = worst,
                      .status = 999,
                      .content_bytes = ~uint64_t{0},
                      .referer = worst,
                      .user_agent = worst,
                      .host = worst,
                      .duration_us = ~uint64_t{0},
                      .connection = ~uint64_t{0},
                      .request_number = ~uint64_t{0}};
  EXPECT_LE(Json(record).size(), kAccessLineBytesMax);
  EXPECT_LE(Combined(record).size(), kAccessLineBytesMax);
  record.method = "";
  EXPECT_LE(Json(record).size(), kAccessLineBytesMax);
}

TEST(AccessLineTest, TheTimeIsCachedAndNeverStale) {
  AccessLineFormatter formatter(AccessFormat::kJson);
  AccessRecord record = Get();
  for (const std::string_view expected : {"03:04:05.678Z", "03:04:06.178Z", "03:04:06.678Z", "03:04:07.178Z"}) {
    std::string line;
    formatter.Format(record, line);
    EXPECT_NE(line.find(expected), std::string::npos) << line;
    record.time.nanoseconds += 500'000'000;
  }
}

// ---- the log --------------------------------------------------------------------------------------------------------

// A pipe whose ends are closed on exec; `flags` O_NONBLOCK or 0.
void MakePipe(int (&ends)[2], int flags) {
  ASSERT_EQ(pipe(ends), 0);
  for (const int fd : ends) {
    ASSERT_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    ASSERT_EQ(fcntl(fd, F_SETFL, flags | fcntl(fd, F_GETFL)), 0);
  }
}

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() : poller_(new event::FakePoller), loop_(std::unique_ptr<event::Poller>(poller_), time_, 0) {
    loop_.Turn(false);
  }
  ~AccessLogTest() override {
    log_.reset();
    error_log_.reset();
    std::filesystem::remove(path_);
    std::filesystem::remove(other_path_);
  }

  UniqueFd OpenFile(const std::string& path) {
    return UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }
  UniqueFd OpenErrors() {
    int ends[2];
    MakePipe(ends, O_NONBLOCK);
    errors_.Reset(ends[0]);
    return UniqueFd(ends[1]);
  }
  void Make(UniqueFd fd) {
    error_log_ = std::make_unique<ErrorLog>(loop_, OpenErrors(), Level::kInfo);
    log_ = std::make_unique<AccessLog>(loop_, std::move(fd), AccessFormat::kCombined, *error_log_);
  }
  void Start() { loop_.Spawn(log_->Run(scope_), tasks_); }
  // A second goes by; two turns, because what jobs report is delivered in the turn after.
  void NextSecond() {
    time_.Advance(kAccessLogFlushInterval);
    Turns();
  }
  void Turns() {
    for (int i = 0; i < 3; ++i) loop_.Turn(false);
  }
  void Append(std::string_view target) {
    AccessRecord record = Get();
    record.target = target;
    log_->Append(record);
  }
  // As many lines as make `count` full buffers.
  int AppendBuffers(int count) {
    const std::string target(1900, 'x');
    const int lines = count * 33;
    for (int i = 0; i < lines; ++i) Append("/" + std::to_string(i) + target);
    return lines;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static std::string ReadAll(const UniqueFd& fd) {
    std::string all;
    char bytes[65536];
    for (ssize_t got = 0; (got = read(fd.get(), bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<size_t>(got));
    return all;
  }
  // "/1,/2": what the lines of `text` asked for; "?" for a line that is not one of this log's.
  static std::string Targets(const std::string& text) {
    std::string targets;
    for (size_t start = 0; start < text.size();) {
      const size_t end = text.find('\n', start);
      const std::string line = text.substr(start, end - start);
      const size_t get = line.find("\"GET ");
      const bool whole = line.starts_with("192.0.2.1 - ") && line.ends_with("\"curl/8.0\"") && end != std::string::npos;
      if (!targets.empty()) targets += ',';
      targets += whole ? line.substr(get + 5, line.find(' ', get + 5) - get - 5) : "?";
      start = end == std::string::npos ? text.size() : end + 1;
    }
    return targets;
  }
  static int LineCount(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

  FakeTimeSource time_;
  event::FakePoller* poller_;
  event::EventLoop loop_;
  event::CancelScope scope_{nullptr};
  event::TaskList tasks_;
  UniqueFd errors_;
  std::unique_ptr<ErrorLog> error_log_;
  std::unique_ptr<AccessLog> log_;
  const std::string path_ = ::testing::TempDir() + "access_log_test." + std::to_string(getpid());
  const std::string other_path_ = path_ + ".other";
};

TEST_F(AccessLogTest, WithoutADescriptorItIsOff) {
  Make(UniqueFd());
  Start();
  EXPECT_FALSE(log_->enabled());
  Append("/1");
  Turns();
  EXPECT_EQ(poller_->last_timeout(), Milliseconds(0));
  EXPECT_EQ(log_->lines_dropped(), 0U);
  scope_.Cancel(ErrorCode::kCancelled);
  Turns();
}

TEST_F(AccessLogTest, LinesAreWrittenASecondAfterTheFirst) {
  Make(OpenFile(path_));
  Start();
  Turns();
  Append("/1");
  Append("/2");
  Turns();
  EXPECT_EQ(Read(path_), "");
  NextSecond();
  EXPECT_EQ(Targets(Read(path_)), "/1,/2");
  Append("/3");
  Turns();
  NextSecond();
  EXPECT_EQ(Targets(Read(path_)), "/1,/2,/3");
  scope_.Cancel(ErrorCode::kCancelled);
  Turns();
}

TEST_F(AccessLogTest, AnIdleLogWakesNobody) {
  Make(OpenFile(path_));
  Start();
  Turns();
  Append("/1");
  Turns();
  loop_.Turn(true);
  EXPECT_EQ(poller_->last_timeout(), kAccessLogFlushInterval);
  NextSecond();
  loop_.Turn(true);
  EXPECT_EQ(poller_->last_timeout(), std::nullopt);
  scope_.Cancel(ErrorCode::kCancelled);
  Turns();
}

TEST_F(AccessLogTest, AFullBufferIsWrittenAtOnce) {
  Make(OpenFile(path_));
  const int lines = AppendBuffers(3);
  Append("/1");
  EXPECT_EQ(LineCount(Read(path_)), lines);
}

TEST_F(AccessLogTest, TheEndOfTheTaskFlushes) {
  Make(OpenFile(path_));
  Start();
  Append("/1");
  scope_.Cancel(ErrorCode::kCancelled);
  Turns();
  EXPECT_EQ(Targets(Read(path_)), "/1");
}

TEST_F(AccessLogTest, TheEndOfTheLogFlushes) {
  Make(OpenFile(path_));
  Append("/1");
  log_.reset();
  EXPECT_EQ(Targets(Read(path_)), "/1");
}

TEST_F(AccessLogTest, FlushHandsOutNow) {
  Make(OpenFile(path_));
  Append("/1");
  log_->Flush();
  EXPECT_EQ(Targets(Read(path_)), "/1");
}

TEST_F(AccessLogTest, AfterReopeningEarlierLinesStandInTheOldFileAndLaterOnesInTheNew) {
  Make(OpenFile(path_));
  Append("/1");
  log_->Reopen(OpenFile(other_path_));
  Append("/2");
  log_->Flush();
  EXPECT_EQ(Targets(Read(path_)), "/1");
  EXPECT_EQ(Targets(Read(other_path_)), "/2");
}

TEST_F(AccessLogTest, ReopeningClosesTheOldDescriptor) {
  int ends[2];
  MakePipe(ends, 0);
  const UniqueFd reader(ends[0]);
  Make(UniqueFd(ends[1]));
  log_->Reopen(UniqueFd());
  char byte = 0;
  EXPECT_EQ(read(reader.get(), &byte, 1), 0);
  EXPECT_FALSE(log_->enabled());
}

#if BRILLIANT_LINUX  // others have no device that is always full, and no socket that keeps writes apart
TEST_F(AccessLogTest, AFullDeviceKeepsLinesUntilThereIsRoomThenCountsWhatWasLost) {
  Make(UniqueFd(open("/dev/full", O_WRONLY | O_CLOEXEC)));
  Start();
  Turns();
  const int lines = AppendBuffers(20);
  const auto dropped = static_cast<int>(log_->lines_dropped());
  EXPECT_GT(dropped, 2 * 33);
  EXPECT_LT(dropped, 4 * 33);
  for (int i = 0; i < 5; ++i) NextSecond();
  EXPECT_EQ(log_->lines_dropped(), static_cast<uint64_t>(dropped));
  error_log_->Flush();
  const std::string failure = ReadAll(errors_);
  EXPECT_EQ(LineCount(failure), 1) << failure;
  EXPECT_NE(failure.find(
                "error: writing fails, lines are kept as long as there is room: log=\"access log\" error=\"No space"),
            std::string::npos)
      << failure;

  // Nobody will make room in the old file any more: its lines are lost, and counted, and the new one works.
  log_->Reopen(OpenFile(path_));
  Append("/new");
  NextSecond();
  NextSecond();
  EXPECT_EQ(Targets(Read(path_)), "/new");
  EXPECT_EQ(log_->lines_dropped(), static_cast<uint64_t>(lines));
  const std::string losses = ReadAll(errors_);
  EXPECT_EQ(LineCount(losses), 1) << losses;
  EXPECT_NE(losses.find("warn: lines were dropped: log=\"access log\" count=" + std::to_string(lines) + "\n"),
            std::string::npos)
      << losses;
  scope_.Cancel(ErrorCode::kCancelled);
  Turns();
}

TEST_F(AccessLogTest, PiecesForAPipeAreWholeLines) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);  // keeps writes apart
  const UniqueFd reader(ends[0]);
  Make(UniqueFd(ends[1]));
  const std::string longer(1500, 'x');
  for (int i = 0; i < 8; ++i) Append("/" + longer);
  log_->Flush();
  int lines = 0;
  while (lines < 8) {
    std::string piece(PIPE_BUF + 1, '\0');
    const ssize_t got = recv(reader.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    ASSERT_GT(got, 0);
    ASSERT_LE(got, PIPE_BUF);
    ASSERT_EQ(piece[static_cast<size_t>(got) - 1], '\n');
    lines += LineCount(piece);
  }
}
#endif

// Lets files grow to `bytes` as long as it lives, like a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &ignore, &action_before_);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    sigaction(SIGXFSZ, &action_before_, nullptr);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  struct sigaction action_before_{};
};

TEST_F(AccessLogTest, ALineThatTheFullDiskCutIsEndedAndWrittenAgain) {
  Make(OpenFile(path_));
  Start();
  Turns();
  {
    const FileSizeLimit limit(150);  // a line and a half
    Append("/1");
    Append("/2");
    Append("/3");
    Turns();
    NextSecond();
    EXPECT_EQ(Read(path_).size(), 150U);
  }
  Append("/4");
  NextSecond();
  EXPECT_EQ(Targets(Read(path_)), "/1,?,/2,/3,/4");
  EXPECT_EQ(log_->lines_dropped(), 0U);
  scope_.Cancel(ErrorCode::kCancelled);
  Turns();
}

TEST_F(AccessLogTest, APipeWithoutAReaderEndsNothing) {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  int ends[2];
  MakePipe(ends, 0);
  UniqueFd(ends[0]).Reset();
  Make(UniqueFd(ends[1]));
  Append("/1");
  log_->Flush();
  Turns();
  EXPECT_NE(ReadAll(errors_).find("Broken pipe"), std::string::npos);
  log_.reset();
  sigaction(SIGPIPE, &before, nullptr);
}

// A pipe, blocking or not, whose reader reads nothing for a while, then all.
class AccessLogPipeTest : public AccessLogTest, public ::testing::WithParamInterface<int> {};

TEST_P(AccessLogPipeTest, AReaderThatDoesNotReadBlocksNothingAndMissesOnlyWhatHadNoRoom) {
  int ends[2];
  MakePipe(ends, 0);
  const UniqueFd reader(ends[0]);
  fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  fcntl(ends[1], F_SETFL, GetParam());
  Make(UniqueFd(ends[1]));
  Start();
  Turns();
  const int lines = AppendBuffers(3);
  std::string got;
  for (int second = 0; second < 6; ++second) {
    NextSecond();
    got += ReadAll(reader);
  }
  EXPECT_EQ(LineCount(got), lines);
  EXPECT_EQ(Targets(got).find('?'), std::string::npos);
  EXPECT_EQ(log_->lines_dropped(), 0U);
  EXPECT_EQ(ReadAll(errors_), "") << "a slow reader is no failure";
  scope_.Cancel(ErrorCode::kCancelled);
  Turns();
}
INSTANTIATE_TEST_SUITE_P(Blocking, AccessLogPipeTest, ::testing::Values(0));
INSTANTIATE_TEST_SUITE_P(NonBlocking, AccessLogPipeTest, ::testing::Values(O_NONBLOCK));

TEST_F(AccessLogTest, AppendingTakesNothingFromTheHeap) {
  if (!event::kHeapCounted) GTEST_SKIP() << "the sanitizers have their own heap";
  Make(OpenFile(path_));
  AppendBuffers(4);
  AccessRecord record = Get();
  const size_t before = event::AllocationCount();
  for (int i = 0; i < 100; ++i) log_->Append(record);
  EXPECT_EQ(event::AllocationCount(), before);
}

TEST_F(AccessLogTest, BuffersAreReused) {
  if (!event::kHeapCounted) GTEST_SKIP() << "the sanitizers have their own heap";
  Make(OpenFile(path_));
  AppendBuffers(4);
  Turns();
  const std::string target = "/" + std::string(1900, 'x');
  AccessRecord record = Get();
  record.target = target;
  const size_t before = event::AllocationCount();
  for (int i = 0; i < 33 * 4; ++i) log_->Append(record);
  // What the pool needs to hand a job over, but no 64 KiB.
  EXPECT_LE(event::AllocationCount() - before, 8U);
  EXPECT_GE(LineCount(Read(path_)), 33 * 7);
}

TEST_F(AccessLogTest, WithRealThreadsAllLinesArriveInOrder) {
  constexpr int kLines = 8000;  // fewer than have room, however slow the file is
  std::string expected;
  {
    event::EventLoop loop(std::make_unique<event::FakePoller>(), time_, 3);
    ErrorLog errors(loop, OpenErrors(), Level::kInfo);
    AccessLog log(loop, OpenFile(path_), AccessFormat::kCombined, errors);
    AccessRecord record = Get();
    for (int i = 0; i < kLines; ++i) {
      const std::string target = "/" + std::to_string(i);
      record.target = target;
      log.Append(record);
      expected += (i == 0 ? "" : ",") + target;
      if (i % 1000 == 0) log.Flush();
      if (i % 100 == 0) loop.Turn(false);
    }
    EXPECT_EQ(log.lines_dropped(), 0U);
  }
  EXPECT_EQ(Targets(Read(path_)), expected);
}

}  // namespace
}  // namespace brilliant::log
