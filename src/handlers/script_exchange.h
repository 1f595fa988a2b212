// One running program and everything that flows to and from it at the same time: the request's content goes in as it
// comes, output comes out as it is asked for, what it writes to its error stream goes to the log, reports of its keeper
// are noted. All of it moves whether or not the others do, so that a program which echoes, or writes before it reads,
// or floods its error stream can't stand still together with its client.
//
// Made by CgiHandler for one request, then owned by the response's body. Finish() must be awaited before it goes.
#ifndef BRILLIANT_HANDLERS_SCRIPT_EXCHANGE_H_
#define BRILLIANT_HANDLERS_SCRIPT_EXCHANGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cgi/spawn_protocol.h"
#include "event/task_group.h"
#include "files/spool.h"
#include "handlers/api.h"
#include "handlers/script_launcher.h"
#include "net/pipe_end.h"

namespace brilliant::handlers {

// Read of a program's output at once: what a pipe holds.
inline constexpr size_t kScriptOutputBytes = 65'536;
// The last bytes of a program's error stream that are kept for its error page.
inline constexpr size_t kScriptErrorsKept = 4'096;
// Of one program in the log; the rest is counted.
inline constexpr int kScriptErrorLinesMax = 200;
inline constexpr size_t kScriptErrorLineBytesMax = 1'024;
// While one program runs, what it prints is passed on as it comes. When several do, the first look at it waits this
// long for each of the others, unless the program has ended: looking at once would interrupt them for every few bytes,
// only to find that the program has not ended yet. Most have by then, and one look finds the whole answer.
inline constexpr Milliseconds kLookDelayEach{1};
inline constexpr Milliseconds kLookDelayMax{10};
// A program that has ended may have left somebody who still writes: this long a pause, and the output is over.
inline constexpr Milliseconds kOutputGrace{1'000};
// A program that has closed its output may still have to end.
inline constexpr Milliseconds kEndGrace{500};

class ScriptExchange {
 public:
  // What it is, for the log; views outlive it.
  struct Identity {
    std::string script;  // path
    std::string client;
  };
  // How long the output may pause: at all, and if the client has ended its side of the connection. And how long all of
  // it may take; 0: no limit.
  struct Patience {
    Milliseconds timeout;
    Milliseconds half_close;
    Milliseconds total{0};
  };
  // For the log: what went wrong, and what to do about it.
  struct Cause {
    std::string text;
    std::string_view remedy;
  };
  // Everything referred to by `context` outlives it, and so does `body`.
  ScriptExchange(const HandlerContext& context, RequestBody& body, Identity identity, const Patience& patience,
                 ScriptEnds ends);
  ~ScriptExchange();
  ScriptExchange(const ScriptExchange&) = delete;
  ScriptExchange& operator=(const ScriptExchange&) = delete;

  // Sends the order and starts everything that runs beside. The request's content, if any, goes to the program: what
  // `spool` holds already, then, if that is not all of it, what the body still brings.
  void Start(std::string_view order, std::unique_ptr<files::Spool> spool, bool content_complete);

  // The next bytes of the output, valid until the next call; empty: its end. kDeadline: the program has paused too
  // long, or taken too long in all (TimeoutCause). kClosed, kInvalid, kTooLarge and so on: the request's content has
  // failed, see content_error().
  [[nodiscard]] event::Task<Result<std::span<const char>>> Read();

  // When nobody wants more of the output: gives the program a moment (kEndGrace) to end by itself. Then Finish().
  [[nodiscard]] event::Task<void> LetEnd();

  // After the end of the output: gives the report of how the program has ended a moment (kEndGrace) to come.
  [[nodiscard]] event::Task<void> AwaitEnd();

  // Ends the program if it has not ended, and waits for what runs beside. Once.
  [[nodiscard]] event::Task<void> Finish();

  // Known after Finish; before it as far as it has come.
  [[nodiscard]] const std::optional<cgi::ScriptReport>& failure() const { return failure_; }
  [[nodiscard]] const std::optional<cgi::ScriptReport>& end() const { return end_; }
  // All of the output has been read.
  [[nodiscard]] bool output_ended() const { return output_ended_; }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] const std::optional<Error>& content_error() const { return content_error_; }
  [[nodiscard]] std::string_view last_errors() const { return last_errors_; }
  [[nodiscard]] Cause TimeoutCause() const;
  // The log's line about an answer that is cut off. `site` outlives the call.
  void ReportCut(const Cause& cause, log::RateLimit& site) const;

 private:
  // The tasks beside.
  event::Task<Result<void>> SendOrder(std::string rest);
  event::Task<Result<void>> NoteReports();
  void NoteReport(const cgi::ScriptReport& report);
  event::Task<Result<void>> LogErrors();
  event::Task<Result<void>> ReceiveContent();
  event::Task<Result<void>> FeedInput();

  event::Task<void> AwaitFirstLook();
  event::Task<Result<void>> EndAfterTotal();
  event::Task<Result<void>> EndOutputAfterGrace();
  [[nodiscard]] uint64_t SinceLaunchUs(uint64_t at_us) const;
  [[nodiscard]] uint64_t SinceLaunchUs() const;
  void NoteUse();
  void LogLastErrors();
  void LogLine(std::string_view line);
  void LogLines(std::string_view bytes);

  const HandlerContext context_;  // a copy: the one given lives only until the handler has answered
  const Identity identity_;
  RequestBody& body_;
  const Patience patience_;
  event::TimerClass& pause_;  // the shorter of the two
  event::TaskGroup group_;
  net::PipeEnd lifeline_;
  net::PipeEnd output_;
  net::PipeEnd errors_;
  std::optional<net::PipeEnd> input_;
  std::unique_ptr<files::Spool> spool_;
  event::Signal spool_filled_;
  event::Signal spool_emptied_;
  event::Signal reported_;
  bool content_complete_ = false;
  bool input_closed_ = false;
  bool receiving_ = false;
  uint64_t progress_ = 0;         // counts what has come from the client or the program
  uint64_t output_progress_ = 0;  // of it, from the program
  bool has_looked_ = false;       // at what the program prints
  bool reading_ = false;          // somebody waits for output
  bool output_ended_ = false;
  bool out_of_time_ = false;  // the program has taken longer than it may in all
  bool started_ = false;
  std::optional<MonotonicTime> keeper_is_free_;  // since then
  const uint32_t rule_;
  std::optional<cgi::ScriptReport> failure_;
  std::optional<cgi::ScriptReport> end_;
  std::optional<Error> content_error_;
  const MonotonicTime launched_;
  log::ProgramUse use_;
  std::string error_line_;
  std::string last_errors_;
  int error_lines_ = 0;
  std::array<char, kScriptOutputBytes> output_bytes_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_SCRIPT_EXCHANGE_H_
