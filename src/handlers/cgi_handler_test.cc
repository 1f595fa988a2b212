// The handler, the exchange and the body, with a program that the test plays: pipes are real, time stands still.
#include "handlers/cgi_handler.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "event/poller.h"
#include "files/test_folder.h"
#include "handlers/fake_launcher.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using cgi::ScriptReport;
using cgi::StartFault;
using testing::HasSubstr;

constexpr int kTurns = 40;  // more than anything here takes
constexpr char kHead[] = "Content-Type: text/plain\n\n";

// Content that the test hands out piece by piece.
class PlayedContent final : public RequestBody {
 public:
  PlayedContent(event::EventLoop& loop, event::CancelScope& scope) : more_(loop, scope) {}

  event::Task<Result<std::span<const char>>> Next() override {
    while (pieces.empty() && !ended) {
      if (failure) co_return std::unexpected(*failure);
      const Result<void> woken = co_await more_.Wait();
      if (!woken) co_return std::unexpected(woken.error());
      if (std::exchange(interrupted_, false)) co_return Failure(ErrorCode::kCancelled, "interrupted");
    }
    if (pieces.empty()) co_return std::span<const char>();
    current_ = std::move(pieces.front());
    pieces.pop_front();
    co_return std::span<const char>(current_);
  }
  [[nodiscard]] bool client_half_closed() const override { return half_closed; }
  void Interrupt() override {
    interrupted_ = true;
    more_.Notify();
  }
  void Notify() { more_.Notify(); }

  std::deque<std::string> pieces;
  bool ended = false;
  std::optional<Error> failure;
  bool half_closed = false;

 private:
  event::Signal more_;
  std::string current_;
  bool interrupted_ = false;
};

struct CgiHandlerTest : testing::Test {
  CgiHandlerTest() {
    std::signal(SIGPIPE, SIG_IGN);
    location.root = "/srv/www";
    location.cgi.emplace();
    location.cgi->extension = ".sh";
    spool_budget.bytes_max = 1 << 30;
  }
  ~CgiHandlerTest() override {
    scope.Cancel(ErrorCode::kCancelled);
    Turns();
    EXPECT_TRUE(tasks.empty());
  }

  // What the server does: has the request answered, then takes content while the client does.
  event::Task<void> Handle(Request request) {
    const HandlerContext context{.loop = loop,
                                 .scope = scope,
                                 .files = store,
                                 .error_log = error_log,
                                 .scripts = launcher,
                                 .spool_budget = spool_budget};
    answer = co_await handler->Handle(request, content, context);
    auto* response = std::get_if<Response>(&*answer);
    if (response == nullptr) co_return;
    auto* source = std::get_if<std::unique_ptr<BodySource>>(&response->body);
    if (source == nullptr) co_return;
    bool more = client_takes;
    while (more) {
      const Result<std::span<const char>> piece = co_await (*source)->Next();
      if (!piece) cut = piece.error();
      more = piece && !piece->empty();
      if (more) received.append(piece->data(), piece->size());
    }
    co_await (*source)->Finish();
    finished = true;
  }

  // `fields`: more lines of the request's head.
  void Ask(std::string_view fields = "", std::string_view method = "GET") {
    handler = std::make_unique<CgiHandler>(location, 3, types);
    answer.reset();
    parser.emplace(http::HeadLimits{});
    head_text = std::string(method) + " /app/x.sh/extra?q HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
    ASSERT_EQ(parser->Parse(head_text), http::ParseStatus::kDone);
    loop.Spawn(Handle(Request{.head = parser->head(),
                              .path = "/app/x.sh/extra",
                              .client = "192.0.2.1",
                              .path_below = "/extra",
                              .script_name = "/app/x.sh"}),
               tasks);
    Turns();
  }
  void AskWithContent(size_t length) { Ask("Content-Length: " + std::to_string(length) + "\r\n", "POST"); }
  void Turns() {
    for (int i = 0; i < kTurns; ++i) loop.Turn(false);
  }
  void Advance(Milliseconds by) {
    time.Advance(by);
    Turns();
  }

  // ---- the program's side
  void Print(std::string_view text) {
    ASSERT_EQ(write(launcher.output.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    Turns();
  }
  void Complain(std::string_view text) {
    ASSERT_EQ(write(launcher.errors.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    Turns();
  }
  void Report(const ScriptReport& report) {
    const auto bytes = cgi::EncodeReport(report);
    ASSERT_EQ(send(launcher.lifeline.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    Turns();
  }
  void CloseStreams() {
    launcher.output.Reset();
    launcher.errors.Reset();
    launcher.input.Reset();
  }
  void End(int exit_code = 0, int signal = 0, StartFault fault = StartFault::kNone) {
    CloseStreams();
    Report({.kind = ScriptReport::Kind::kEnded, .fault = fault, .exit_code = exit_code, .signal = signal});
    launcher.lifeline.Reset();
    Turns();
  }
  void Start() { Report({.kind = ScriptReport::Kind::kStarted}); }
  // The keeper sees the end of its lifeline: it ends the program.
  [[nodiscard]] bool IsEnded() const {
    char bytes[4096];
    while (true) {
      const ssize_t count = recv(launcher.lifeline.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (count <= 0) return count == 0;
    }
  }
  std::string ReadInput() {
    std::string text;
    char bytes[65'536];
    fcntl(launcher.input.get(), F_SETFL, O_NONBLOCK);
    for (ssize_t count = 1; count > 0; Turns()) {
      count = read(launcher.input.get(), bytes, sizeof bytes);
      if (count > 0) text.append(bytes, static_cast<size_t>(count));
    }
    return text;
  }

  // ---- what came of it
  [[nodiscard]] const Response& response() const { return std::get<Response>(*answer); }
  [[nodiscard]] int status() const { return answer ? response().status : 0; }
  [[nodiscard]] std::string Log() {
    Turns();
    std::ifstream file(folder.Path("log"));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  files::TestFolder folder;
  config::Location location;
  files::MimeTypes types{{}, "application/octet-stream"};
  FakeTimeSource time;
  event::EventLoop loop{*event::MakePoller(), time, 0};
  event::CancelScope scope{nullptr};
  event::TaskList tasks;
  log::ErrorLog error_log{loop, UniqueFd(open(folder.Path("log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)),
                          log::Level::kNotice};
  files::FileStore store{loop, 1 << 20};
  files::SpoolBudget spool_budget;
  PlayedLauncher launcher;
  PlayedContent content{loop, scope};
  std::string head_text;
  std::optional<http::RequestParser> parser;
  std::unique_ptr<CgiHandler> handler;
  bool client_takes = true;  // false: the server asks for no content (HEAD, 304, a client that has gone)
  std::optional<Answer> answer;
  std::string received;
  std::optional<Error> cut;
  bool finished = false;
};

// ---- the order

TEST_F(CgiHandlerTest, OrdersTheScriptWithItsVariables) {
  Ask();
  char bytes[4096];
  const ssize_t count = recv(launcher.lifeline.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  ASSERT_GT(count, 0);
  const Result<cgi::SpawnOrder> order = cgi::DecodeOrder({bytes, static_cast<size_t>(count)});
  ASSERT_TRUE(order);
  EXPECT_EQ(order->rule, 3U);
  EXPECT_EQ(order->script, "app/x.sh");
  EXPECT_THAT(order->environment, HasSubstr(std::string("PATH_INFO=/extra\0", 17)));
  EXPECT_FALSE(launcher.input.valid()) << "no content, no pipe";
}

// ---- output

// RFC 3875 section 6.2.1.
TEST_F(CgiHandlerTest, ADocumentArrivesAsItIsPrinted) {
  Ask();
  Start();
  Print(std::string(kHead) + "one");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(received, "one");
  Print("two");
  EXPECT_EQ(received, "onetwo");
  End();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(cut);
  EXPECT_EQ(Log(), "");
}

TEST_F(CgiHandlerTest, AnAnswerWhoseProgramASignalHasEndedIsCut) {
  Ask();
  Start();
  Print(std::string(kHead) + "some");
  End(0, SIGSEGV);
  EXPECT_EQ(received, "some");
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->code, ErrorCode::kClosed);
  EXPECT_THAT(Log(), HasSubstr("cause=\"a signal has ended the program before its answer was complete\""));
}

TEST_F(CgiHandlerTest, AHeadMayComeByteByByte) {
  Ask();
  for (const char c : std::string(kHead)) {
    EXPECT_EQ(status(), 0);
    Print(std::string(1, c));
  }
  EXPECT_EQ(status(), 200);
  End();
  EXPECT_EQ(received, "");
}

// RFC 3875 section 6.2.2.
TEST_F(CgiHandlerTest, ALocalRedirectEndsTheProgram) {
  Ask();
  Print("Location: /other?x\n\n");
  EXPECT_FALSE(IsEnded()) << "it may do so by itself";
  Advance(kEndGrace);
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<LocalRedirect>(*answer).target, "/other?x");
  EXPECT_TRUE(IsEnded());
}

TEST_F(CgiHandlerTest, AnAnswerWhoseContentNobodyWantsEndsTheProgram) {
  for (const char* head : {kHead, "Status: 204 No Content\n\n", "Status: 304 Not Modified\nETag: \"x\"\n\n"}) {
    client_takes = false;
    finished = false;
    Ask("", "HEAD");
    Print(std::string(head) + "content");
    ASSERT_TRUE(answer) << head;
    EXPECT_TRUE(finished) << head;
    EXPECT_TRUE(IsEnded()) << head;
    EXPECT_EQ(received, "");
  }
}

// RFC 3875 section 6.3: the length that was promised is kept.
TEST_F(CgiHandlerTest, OutputBeyondItsContentLengthIsCutOffAndTheProgramEnded) {
  Ask();
  Print("Content-Type: text/plain\nContent-Length: 5\n\nabc");
  Print("defg");
  EXPECT_EQ(received, "abcde");
  EXPECT_FALSE(cut);
  Advance(kEndGrace);
  EXPECT_TRUE(finished);
  EXPECT_TRUE(IsEnded());
}

TEST_F(CgiHandlerTest, OutputShorterThanItsContentLengthIsAnError) {
  Ask();
  Print("Content-Type: text/plain\nContent-Length: 5\n\nabc");
  End();
  EXPECT_EQ(received, "abc");
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->code, ErrorCode::kClosed);
  EXPECT_THAT(Log(), HasSubstr("program failed in its answer script=/srv/www/app/x.sh client=192.0.2.1 "
                               "cause=\"the output is shorter than its Content-Length\""));
}

TEST_F(CgiHandlerTest, OutputAboveItsLimitIsAnError) {
  location.cgi->output_max = 4;
  Ask();
  Print(std::string(kHead) + "1234");
  EXPECT_FALSE(cut);
  Print("5");
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->code, ErrorCode::kTooLarge);
  EXPECT_TRUE(IsEnded());
  EXPECT_THAT(Log(), HasSubstr("cgi_output_max"));
}

TEST_F(CgiHandlerTest, WhatFollowsTheProgramsEndIsSentUntilItPauses) {
  Ask();
  Start();
  Print(std::string(kHead) + "one ");
  Report({.kind = ScriptReport::Kind::kEnded});
  Print("two ");
  Advance(kOutputGrace / 2);
  Print("three");
  Advance(kOutputGrace / 2);
  EXPECT_FALSE(finished) << "it was written to within the pause";
  Advance(kOutputGrace);
  EXPECT_TRUE(finished);
  EXPECT_EQ(received, "one two three");
  EXPECT_FALSE(cut);
  EXPECT_TRUE(IsEnded());
}

// ---- the keeper, when nothing is left of the program

TEST_F(CgiHandlerTest, AKeeperThatIsFreeIsGivenBack) {
  Ask();
  Start();
  Print(std::string(kHead) + "hello");
  CloseStreams();
  const auto end = cgi::EncodeReport({.kind = ScriptReport::Kind::kEnded});
  const auto free = cgi::EncodeReport({.kind = ScriptReport::Kind::kFree, .at_us = 5'000'000});
  std::string together(end.data(), end.size());
  together.append(free.data(), free.size());
  ASSERT_EQ(send(launcher.lifeline.get(), together.data(), together.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(together.size()));
  Turns();
  ASSERT_TRUE(finished);
  EXPECT_EQ(received, "hello");
  ASSERT_TRUE(launcher.taken_back.valid());
  EXPECT_EQ(launcher.free_since, MonotonicTime(std::chrono::seconds(5)));
  EXPECT_FALSE(IsEnded()) << "the lifeline is open";
  ASSERT_EQ(send(launcher.taken_back.get(), "A", 1, MSG_NOSIGNAL), 1);
  char bytes[8];
  EXPECT_EQ(recv(launcher.lifeline.get(), bytes, sizeof bytes, MSG_DONTWAIT), 1);
}

TEST_F(CgiHandlerTest, AKeeperThatIsNotFreeIsNotGivenBack) {
  Ask();
  Start();
  Print(std::string(kHead) + "hello");
  CloseStreams();
  Report({.kind = ScriptReport::Kind::kEnded});
  ASSERT_TRUE(finished);
  EXPECT_FALSE(launcher.taken_back.valid());
  EXPECT_TRUE(IsEnded());
}

// ---- several programs at a time

struct CrowdedCgiHandlerTest : CgiHandlerTest {
  CrowdedCgiHandlerTest() {
    for (int i = 0; i < kOthers; ++i) launcher.CountProgram();
  }
  [[nodiscard]] std::optional<uint64_t> length() const {
    const auto* source = std::get_if<std::unique_ptr<BodySource>>(&response().body);
    return source == nullptr ? std::nullopt : (*source)->length();
  }
  static constexpr int kOthers = 3;
  static constexpr Milliseconds kDelay = kLookDelayEach * kOthers;
};

TEST_F(CrowdedCgiHandlerTest, TheWholeAnswerOfAShortProgramIsSentAtOnceWithItsLength) {
  Ask();
  Start();
  Print(std::string(kHead) + "hello");
  EXPECT_FALSE(answer) << "the program has not ended yet";
  End();
  ASSERT_TRUE(answer);
  EXPECT_EQ(length(), 5U);
  EXPECT_EQ(received, "hello");
  EXPECT_TRUE(finished);
  EXPECT_EQ(launcher.programs(), static_cast<size_t>(kOthers));
}

TEST_F(CrowdedCgiHandlerTest, ALongerProgramsOutputIsSentAsItComes) {
  Ask();
  Start();
  Print(std::string(kHead) + "one ");
  Advance(kDelay - Milliseconds(1));
  EXPECT_FALSE(answer);
  Advance(Milliseconds(1));
  ASSERT_TRUE(answer);
  EXPECT_EQ(length(), std::nullopt);
  EXPECT_EQ(received, "one ");
  Print("two");
  EXPECT_EQ(received, "one two");
  End();
  EXPECT_TRUE(finished);
}

TEST_F(CrowdedCgiHandlerTest, WhatOthersHoldOpenAfterTheEndHasNoLength) {
  Ask();
  Start();
  Print(std::string(kHead) + "one ");
  Report({.kind = ScriptReport::Kind::kEnded});
  ASSERT_TRUE(answer);
  EXPECT_EQ(length(), std::nullopt);
  Print("two");
  Advance(kOutputGrace);
  Advance(kOutputGrace);
  EXPECT_EQ(received, "one two");
}

TEST_F(CrowdedCgiHandlerTest, AnAnswerWhoseProgramDiedOfASignalIsCut) {
  Ask();
  Start();
  Print(std::string(kHead) + "one ");
  End(0, SIGSEGV);
  ASSERT_TRUE(answer);
  EXPECT_EQ(length(), std::nullopt);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->code, ErrorCode::kClosed);
}

TEST_F(CrowdedCgiHandlerTest, WhatWasSaidToTheErrorStreamIsLogged) {
  Ask();
  Start();
  Complain("watch out\n");
  Print(std::string(kHead) + "hello");
  End();
  EXPECT_EQ(received, "hello");
  EXPECT_THAT(Log(), HasSubstr("line=\"watch out\""));
}

TEST_F(CrowdedCgiHandlerTest, AProgramThatCannotBeStartedIsAnsweredAtOnce) {
  Ask();
  Report({.kind = ScriptReport::Kind::kFailed, .fault = StartFault::kNotFound});
  launcher.output.Reset();
  launcher.errors.Reset();
  launcher.lifeline.Reset();
  Turns();
  ASSERT_TRUE(answer);
  EXPECT_EQ(response().status, 404);
}

// ---- time

TEST_F(CgiHandlerTest, SilenceBeforeTheAnswerIs504) {
  // Between two multiples of the time for clients that have ended their side.
  location.cgi->timeout = Milliseconds(45'000);
  Ask();
  Advance(Milliseconds(30'000));
  Advance(Milliseconds(14'999));
  EXPECT_FALSE(answer);
  Advance(Milliseconds(1));
  EXPECT_EQ(status(), 504);
  EXPECT_TRUE(IsEnded());
  EXPECT_THAT(Log(), HasSubstr("status=504 cause=\"the program has printed nothing for 45000 ms\""));
}

TEST_F(CgiHandlerTest, SilenceWithinTheAnswerCutsItOff) {
  location.cgi->timeout = Milliseconds(1'000);
  Ask();
  Print(std::string(kHead) + "some");
  Advance(Milliseconds(900));
  Print("more");
  Advance(Milliseconds(900));
  EXPECT_FALSE(cut) << "the time begins anew with each output";
  Advance(Milliseconds(100));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->code, ErrorCode::kDeadline);
  EXPECT_EQ(received, "somemore");
  EXPECT_THAT(Log(), HasSubstr("program failed in its answer"));
}

TEST_F(CgiHandlerTest, AClientThatHasEndedItsSideIsWaitedForLess) {
  location.cgi->half_close = Milliseconds(500);
  content.half_closed = true;
  Ask();
  Print(std::string(kHead) + "some");
  Advance(Milliseconds(500));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->code, ErrorCode::kClosed);
  EXPECT_TRUE(IsEnded());
  EXPECT_EQ(Log(), "") << "not the program's fault";
}

TEST_F(CgiHandlerTest, TheTotalTimeIsOverHoweverMuchIsPrinted) {
  location.cgi->total_timeout = Milliseconds(1'000);
  Ask();
  Print(kHead);
  for (int i = 0; i < 9; ++i) {
    Advance(Milliseconds(100));
    Print("x");
  }
  EXPECT_FALSE(cut);
  Advance(Milliseconds(100));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->code, ErrorCode::kDeadline);
  EXPECT_EQ(received, "xxxxxxxxx");
  EXPECT_TRUE(IsEnded());
  EXPECT_THAT(Log(), HasSubstr("cause=\"the program has taken longer than 1000 ms\""));
}

TEST_F(CgiHandlerTest, TheTotalTimeIsOverBeforeTheAnswer) {
  location.cgi->total_timeout = Milliseconds(1'000);
  Ask();
  Advance(Milliseconds(1'000));
  EXPECT_EQ(status(), 504);
  EXPECT_TRUE(IsEnded());
}

// ---- the client

TEST_F(CgiHandlerTest, AClientThatHasGoneEndsTheProgram) {
  Ask();
  Print(std::string(kHead) + "some");
  scope.Cancel(ErrorCode::kClosed);
  Turns();
  EXPECT_TRUE(finished);
  EXPECT_TRUE(IsEnded());
}

TEST_F(CgiHandlerTest, AClientThatGoesBeforeTheAnswerEndsTheProgram) {
  Ask();
  scope.Cancel(ErrorCode::kClosed);
  Turns();
  EXPECT_TRUE(answer);
  EXPECT_TRUE(IsEnded());
  EXPECT_EQ(Log(), "");
}

// ---- content

TEST_F(CgiHandlerTest, ContentIsTakenFromTheClientWhetherOrNotTheProgramReads) {
  const size_t size = 40 * 16'384;
  for (int i = 0; i < 40; ++i) content.pieces.emplace_back(16'384, static_cast<char>('a' + i % 26));
  content.ended = true;
  AskWithContent(size);
  for (int i = 0; i < 10; ++i) Turns();
  EXPECT_TRUE(content.pieces.empty());
  EXPECT_GT(spool_budget.bytes, 0U) << "on disk";
  // It prints before it reads, and the answer goes on meanwhile.
  Print(std::string(kHead) + "before");
  EXPECT_EQ(received, "before");
  EXPECT_EQ(ReadInput().size(), size);
  EXPECT_EQ(spool_budget.bytes, 0U);
  End();
  EXPECT_TRUE(finished);
}

TEST_F(CgiHandlerTest, TheProgramStartsWhenContentDoes) {
  AskWithContent(4);
  EXPECT_FALSE(launcher.lifeline.valid());
  content.pieces.emplace_back("ab");
  content.Notify();
  Turns();
  ASSERT_TRUE(launcher.lifeline.valid());
  EXPECT_EQ(ReadInput(), "ab");
  content.pieces.emplace_back("cd");
  content.ended = true;
  content.Notify();
  Turns();
  EXPECT_EQ(ReadInput(), "cd");
  Print(kHead);
  End();
}

TEST_F(CgiHandlerTest, AProgramNeedNotReadItsContent) {
  content.pieces.emplace_back("ab");
  AskWithContent(1'000);
  launcher.input.Reset();
  content.pieces.emplace_back("cd");
  content.Notify();
  Turns();
  Print(std::string(kHead) + "answer");
  End();
  EXPECT_EQ(received, "answer");
  EXPECT_TRUE(finished) << "what the client still sends is the connection's business";
}

TEST_F(CgiHandlerTest, HalfARequestIsNotWorkedOn) {
  content.pieces.emplace_back("ab");
  AskWithContent(10);
  Print(std::string(kHead) + "some");
  content.failure = Error{.code = ErrorCode::kClosed, .context = "client"};
  content.Notify();
  Turns();
  EXPECT_TRUE(cut);
  EXPECT_TRUE(IsEnded());
  EXPECT_EQ(Log(), "") << "not the program's fault";
}

// A client that sends slowly is not a program that is silent.
TEST_F(CgiHandlerTest, ContentThatComesIsNoSilence) {
  location.cgi->timeout = Milliseconds(1'000);
  content.pieces.emplace_back("a");
  AskWithContent(10);
  for (int i = 0; i < 5; ++i) {
    Advance(Milliseconds(900));
    content.pieces.emplace_back("b");
    content.Notify();
    Turns();
  }
  EXPECT_FALSE(answer);
  Advance(Milliseconds(1'000));
  Advance(Milliseconds(1'000));
  EXPECT_EQ(status(), 504);
}

// ---- failures

TEST_F(CgiHandlerTest, AFailedStartHasTheStatusOfItsCause) {
  const std::pair<StartFault, int> cases[] = {
      {StartFault::kNotFound, 404},  {StartFault::kNotExecutable, 403}, {StartFault::kCarriageReturn, 500},
      {StartFault::kTooLarge, 431},  {StartFault::kBusy, 503},          {StartFault::kProcessLimit, 503},
      {StartFault::kFileLimit, 503}, {StartFault::kMemory, 503},
  };
  for (const auto& [fault, expected] : cases) {
    Ask();
    launcher.output.Reset();
    launcher.errors.Reset();
    Report({.kind = ScriptReport::Kind::kFailed, .fault = fault, .system_errno = EAGAIN});
    launcher.lifeline.Reset();
    Turns();
    EXPECT_EQ(status(), expected);
    EXPECT_THAT(Log(),
                HasSubstr(fmt::format("status={} cause=\"{} (errno {})\" remedy=\"{}\"", expected,
                                      cgi::DescribeFault(fault).cause, EAGAIN, cgi::DescribeFault(fault).remedy)));
    std::string fields;
    http::AppendFieldLines(fields, response().fields);
    EXPECT_EQ(fields, expected == 503 ? "Retry-After: 1\r\n" : "");
  }
}

TEST_F(CgiHandlerTest, AnEndBeforeTheAnswerSaysHow) {
  const struct {
    int exit_code;
    int signal;
    StartFault fault;
    const char* cause;
  } cases[] = {
      {3, 0, StartFault::kNone, "the program ended with exit status 3 before its answer"},
      {0, SIGSEGV, StartFault::kNone, "the program was ended by signal 11 before its answer"},
      {0, SIGKILL, StartFault::kOutOfMemory, "the program wanted more memory than cgi_script_memory_max"},
      {0, 0, StartFault::kNone, "status=502"},
  };
  for (const auto& c : cases) {
    Ask();
    Start();
    End(c.exit_code, c.signal, c.fault);
    EXPECT_EQ(status(), 502);
    EXPECT_THAT(Log(), HasSubstr(c.cause));
  }
}

TEST_F(CgiHandlerTest, AKeeperThatIsGoneIs502) {
  Ask();
  launcher.output.Reset();
  launcher.errors.Reset();
  launcher.lifeline.Reset();
  Turns();
  Advance(kEndGrace);
  EXPECT_EQ(status(), 502);
  EXPECT_THAT(Log(), HasSubstr("the process that starts programs has ended"));
}

TEST_F(CgiHandlerTest, WithoutDescriptorsOrSpawnerProgramsAreRefused) {
  launcher.failure = Error{.code = ErrorCode::kUnavailable, .system_errno = EMFILE, .context = "pipe"};
  Ask();
  EXPECT_EQ(status(), 503);
  EXPECT_THAT(Log(), HasSubstr("the system has no open files left for the script"));
  launcher.failure = Error{.code = ErrorCode::kDeadline, .context = "spawner"};
  Ask();
  EXPECT_EQ(status(), 503);
  EXPECT_THAT(Log(), HasSubstr("the process that starts programs is not there"));
}

// ---- the error stream

TEST_F(CgiHandlerTest, WhatAProgramComplainsAboutIsInTheLogLineByLine) {
  location.cgi->debug = true;
  Ask();
  Start();
  Complain("first\nsec");
  Complain("ond\r\nlast, without an end");
  End(1);
  EXPECT_THAT(Log(), HasSubstr("script says script=/srv/www/app/x.sh client=192.0.2.1 line=\"first\""));
  EXPECT_THAT(Log(), HasSubstr("line=\"second\""));
  EXPECT_THAT(Log(), HasSubstr("line=\"last, without an end\""));
  EXPECT_THAT(response().detail, HasSubstr("It said last:\nfirst\nsecond"));
}

TEST_F(CgiHandlerTest, AFloodOfErrorsIsCutInLinesAndLength) {
  Ask();
  Start();
  Complain(std::string(kScriptErrorLineBytesMax + 10, 'x') + "\n");
  for (int i = 0; i < kScriptErrorLinesMax + 50; ++i) Complain("flood\n");
  Print(kHead);
  End();
  const std::string log = Log();
  EXPECT_THAT(log, HasSubstr("line=\"" + std::string(kScriptErrorLineBytesMax, 'x') + "\""));
  EXPECT_THAT(log, HasSubstr("line=\"xxxxxxxxxx\""));
  EXPECT_THAT(log, HasSubstr("script says more than is logged"));
  size_t lines = 0;
  for (size_t at = log.find("flood"); at != std::string::npos; at = log.find("flood", at + 1)) ++lines;
  EXPECT_EQ(lines, static_cast<size_t>(kScriptErrorLinesMax - 2));
}

}  // namespace
}  // namespace brilliant::handlers
