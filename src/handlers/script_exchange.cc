#include "handlers/script_exchange.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace brilliant::handlers {
namespace {

// Read of the error stream at once.
constexpr size_t kErrorBytes = 4'096;
// What a pipe holds, on Linux.
constexpr size_t kPipeBytes = 65'536;

}  // namespace

ScriptExchange::ScriptExchange(const HandlerContext& context, RequestBody& body, Identity identity,
                               const Patience& patience, ScriptEnds ends)
    : context_(context),
      identity_(std::move(identity)),
      body_(body),
      patience_(patience),
      pause_(context.loop.TimerClassFor(std::min(patience.timeout, patience.half_close))),
      group_(context.loop, context.scope),
      lifeline_(context.loop, group_.scope(), std::move(ends.lifeline)),
      output_(context.loop, group_.scope(), std::move(ends.output)),
      errors_(context.loop, group_.scope(), std::move(ends.errors)),
      spool_filled_(context.loop, group_.scope()),
      spool_emptied_(context.loop, group_.scope()),
      reported_(context.loop, group_.scope()),
      rule_(ends.rule),
      launched_(context.loop.now()) {
  context_.scripts.CountProgram();
  if (ends.input.valid()) input_.emplace(context.loop, group_.scope(), std::move(ends.input));
}

ScriptExchange::~ScriptExchange() = default;

void ScriptExchange::Start(std::string_view order, std::unique_ptr<files::Spool> spool, bool content_complete) {
  spool_ = std::move(spool);
  content_complete_ = content_complete;
  const Result<size_t> sent = lifeline_.TryWrite(order);
  // A keeper that is gone shows at the other end: no report comes.
  if (sent && *sent < order.size()) group_.Start(SendOrder(std::string(order.substr(*sent))));
  group_.Start(NoteReports());
  if (input_) group_.Start(FeedInput());
  if (!content_complete) group_.Start(ReceiveContent());
  if (patience_.total.count() > 0) group_.Start(EndAfterTotal());
}

// Until the program has ended, or might take longer than that, nobody looks at what it prints.
event::Task<void> ScriptExchange::AwaitFirstLook() {
  const size_t others = context_.scripts.programs() - 1;
  const Milliseconds delay = std::min(kLookDelayMax, kLookDelayEach * static_cast<int64_t>(others));
  event::Timer timer;
  if (delay.count() > 0) timer.Start(context_.loop.TimerClassFor(delay));
  while (delay.count() > 0 && !end_ && !failure_) {
    const Result<void> reported = co_await reported_.Wait(&timer);
    if (!reported) break;
  }
  has_looked_ = true;
  group_.Start(LogErrors());
}

event::Task<Result<std::span<const char>>> ScriptExchange::Read() {
  if (!has_looked_) co_await AwaitFirstLook();
  event::Timer timer;
  Milliseconds silent{0};
  while (true) {
    const uint64_t progress = progress_;
    const Milliseconds left = patience_.timeout - silent;
    const bool is_last = left < patience_.half_close;
    timer.Start(is_last ? context_.loop.TimerClassFor(left) : pause_);
    reading_ = true;
    const Result<size_t> count = co_await output_.ReadSome(output_bytes_, &timer);
    reading_ = false;
    if (count) {
      ++progress_;
      ++output_progress_;
      if (use_.first_byte_us == 0 && *count > 0) use_.first_byte_us = SinceLaunchUs();
      output_ended_ = *count == 0;
      size_t filled = *count;
      // What an ended program has left is all there: it may well be the whole answer.
      while (end_ && !output_ended_ && filled < output_bytes_.size()) {
        const Result<size_t> more = output_.TryRead(std::span(output_bytes_).subspan(filled));
        if (!more) break;
        output_ended_ = *more == 0;
        filled += *more;
      }
      co_return std::span<const char>(output_bytes_.data(), filled);
    }
    const ErrorCode code = count.error().code;
    if (code == ErrorCode::kDeadline) {
      // While the client still sends, the program is not to blame for its silence.
      silent += is_last ? left : patience_.half_close;
      if (progress != progress_) silent = Milliseconds(0);
      if (body_.client_half_closed() && silent >= patience_.half_close) {
        co_return Failure(ErrorCode::kClosed, "the client has gone");
      }
      if (silent < patience_.timeout) continue;
    }
    if (content_error_) co_return std::unexpected(*content_error_);
    if (out_of_time_) co_return Failure(ErrorCode::kDeadline, "program");
    // EndOutputAfterGrace says so.
    if (code == ErrorCode::kCancelled && end_ && !context_.scope.reason()) {
      output_ended_ = true;
      co_return std::span<const char>();
    }
    co_return std::unexpected(count.error());
  }
}

// Also if its client takes nothing meanwhile, so that nobody asks for more.
event::Task<Result<void>> ScriptExchange::EndAfterTotal() {
  event::Timer timer;
  event::Signal nobody(context_.loop, group_.scope());
  timer.Start(context_.loop.TimerClassFor(patience_.total));
  const Result<void> waited = co_await nobody.Wait(&timer);
  if (waited || waited.error().code != ErrorCode::kDeadline) co_return Result<void>();
  out_of_time_ = true;
  lifeline_.ShutDown();
  co_return waited;
}

ScriptExchange::Cause ScriptExchange::TimeoutCause() const {
  if (out_of_time_) {
    return {.text = fmt::format("the program has taken longer than {} ms", patience_.total.count()),
            .remedy = "find out what takes so long, or raise cgi_total_timeout"};
  }
  return {.text = fmt::format("the program has printed nothing for {} ms", patience_.timeout.count()),
          .remedy = "find out what it waits for, or raise timeout"};
}

void ScriptExchange::ReportCut(const Cause& cause, log::RateLimit& site) const {
  context_.error_log.Report(site, log::Level::kError,
                            "program failed in its answer script={} client={} cause={} remedy={}", identity_.script,
                            identity_.client, log::Quoted(cause.text), log::Quoted(cause.remedy));
}

event::Task<void> ScriptExchange::LetEnd() {
  event::Timer timer;
  timer.Start(context_.loop.TimerClassFor(kEndGrace));
  while (!output_ended_ && !timer.expired()) {
    const Result<size_t> count = co_await output_.ReadSome(output_bytes_, &timer);
    if (!count) co_return;
    output_ended_ = *count == 0;
  }
}

event::Task<void> ScriptExchange::Finish() {
  if (output_ended_ && !end_ && !failure_) co_await AwaitEnd();
  if (receiving_) body_.Interrupt();
  group_.scope().Cancel(ErrorCode::kCancelled);
  [[maybe_unused]] const Result<void> joined = co_await group_.Join();
  LogLastErrors();
  LogLine(error_line_);
  error_line_.clear();
  if (keeper_is_free_ && !out_of_time_) {
    context_.scripts.TakeBack(rule_, lifeline_.Release(), *keeper_is_free_);
  } else {
    lifeline_.Close();
  }
  NoteUse();
  context_.scripts.UncountProgram();
}

// Not 0, which would say that it never was.
uint64_t ScriptExchange::SinceLaunchUs(uint64_t at_us) const {
  const uint64_t launched_us = MicrosecondsOf(launched_);
  return at_us > launched_us ? at_us - launched_us : 1;
}

uint64_t ScriptExchange::SinceLaunchUs() const { return SinceLaunchUs(MicrosecondsOf(context_.loop.now())); }

void ScriptExchange::NoteUse() {
  // The loop's time is that of its turn, the keeper's is exact.
  if (use_.first_byte_us != 0) use_.first_byte_us = std::max(use_.first_byte_us, use_.start_us);
  use_.total_us = std::max({SinceLaunchUs(), use_.start_us, use_.first_byte_us});
  if (end_) {
    use_.end_known = true;
    use_.exit_code = end_->exit_code;
    use_.signal = end_->signal;
    use_.processor_us = end_->user_us + end_->system_us;
    use_.memory_kib = end_->memory_kib;
  }
  if (context_.program != nullptr) *context_.program = std::make_unique<log::ProgramUse>(use_);
  if (!context_.error_log.enabled(log::Level::kInfo)) return;
  constexpr double kUsPerMs = 1000;
  std::string line = fmt::format("program done script={} client={} queue_ms={:.3f}", identity_.script, identity_.client,
                                 static_cast<double>(use_.queue_us) / kUsPerMs);
  if (use_.start_us != 0) line += fmt::format(" start_ms={:.3f}", static_cast<double>(use_.start_us) / kUsPerMs);
  line += fmt::format(" first_byte_ms={:.3f} total_ms={:.3f}", static_cast<double>(use_.first_byte_us) / kUsPerMs,
                      static_cast<double>(use_.total_us) / kUsPerMs);
  if (use_.end_known) {
    line += fmt::format(" cpu_ms={:.3f} memory_kib={} {}={}", static_cast<double>(use_.processor_us) / kUsPerMs,
                        use_.memory_kib, use_.signal != 0 ? "signal" : "exit",
                        use_.signal != 0 ? use_.signal : use_.exit_code);
  }
  context_.error_log.Write(log::Level::kInfo, line);
}

// The report of its end is on its way, and says what it has cost.
event::Task<void> ScriptExchange::AwaitEnd() {
  event::Timer timer;
  timer.Start(context_.loop.TimerClassFor(kEndGrace));
  while (!end_ && !failure_) {
    const Result<void> reported = co_await reported_.Wait(&timer);
    if (!reported) co_return;
  }
}

event::Task<Result<void>> ScriptExchange::SendOrder(std::string rest) {
  [[maybe_unused]] const Result<void> sent = co_await lifeline_.WriteAll(rest);
  co_return Result<void>();
}

event::Task<Result<void>> ScriptExchange::NoteReports() {
  // All that a keeper says of a short program, which comes together.
  std::array<char, 4 * cgi::kReportBytes> bytes;
  size_t filled = 0;
  while (!end_) {
    const std::span<char> rest = std::span<char>(bytes).subspan(filled);
    const Result<size_t> count = co_await lifeline_.ReadSome(rest, nullptr);
    // The end of the lifeline: the keeper has nothing to add, or was killed. The output then ends too.
    if (!count || *count == 0) co_return Result<void>();
    filled += *count;
    std::string_view reports(bytes.data(), filled);
    for (; reports.size() >= cgi::kReportBytes; reports.remove_prefix(cgi::kReportBytes)) {
      const Result<cgi::ScriptReport> report = cgi::DecodeReport(reports.substr(0, cgi::kReportBytes));
      if (!report) co_return Result<void>();
      NoteReport(*report);
    }
    filled = reports.copy(bytes.data(), reports.size());
    reported_.Notify();
  }
  co_return co_await EndOutputAfterGrace();
}

void ScriptExchange::NoteReport(const cgi::ScriptReport& report) {
  using Kind = cgi::ScriptReport::Kind;
  if (report.kind == Kind::kAssigned) use_.queue_us = SinceLaunchUs(report.at_us);
  if (report.kind == Kind::kStarted) {
    started_ = true;
    use_.start_us = SinceLaunchUs(report.at_us);
  }
  if (report.kind == Kind::kFailed) failure_ = report;
  if (report.kind == Kind::kEnded) end_ = report;
  if (report.kind == Kind::kFree) keeper_is_free_ = MonotonicTime(std::chrono::microseconds(report.at_us));
}

// Whom the program has left behind may write on; when they pause, the answer is over.
event::Task<Result<void>> ScriptExchange::EndOutputAfterGrace() {
  event::Timer timer;
  event::Signal nobody(context_.loop, group_.scope());
  while (!output_ended_) {
    const uint64_t progress = output_progress_;
    timer.Start(context_.loop.TimerClassFor(kOutputGrace));
    const Result<void> waited = co_await nobody.Wait(&timer);
    if (waited || waited.error().code != ErrorCode::kDeadline) co_return Result<void>();
    // A reader that does not ask (its client is slow) is not a writer that does not write.
    if (progress == output_progress_ && reading_) co_return Failure(ErrorCode::kCancelled, "output after the end");
  }
  co_return Result<void>();
}

event::Task<Result<void>> ScriptExchange::LogErrors() {
  std::array<char, kErrorBytes> bytes;
  while (true) {
    const Result<size_t> count = co_await errors_.ReadSome(bytes, nullptr);
    if (!count || *count == 0) co_return Result<void>();
    LogLines({bytes.data(), *count});
  }
}

// What is still in the pipe; not what a program that has not ended yet adds to it for ever.
void ScriptExchange::LogLastErrors() {
  std::array<char, kErrorBytes> bytes;
  for (size_t logged = 0; logged < kPipeBytes;) {
    const Result<size_t> count = errors_.TryRead(bytes);
    if (!count || *count == 0) return;
    LogLines({bytes.data(), *count});
    logged += *count;
  }
}

void ScriptExchange::LogLines(std::string_view bytes) {
  last_errors_ += bytes;
  if (last_errors_.size() > kScriptErrorsKept) last_errors_.erase(0, last_errors_.size() - kScriptErrorsKept);
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const size_t room = kScriptErrorLineBytesMax - error_line_.size();
    error_line_ += bytes.substr(0, std::min(end, room));
    if (end == std::string_view::npos && error_line_.size() < kScriptErrorLineBytesMax) return;
    LogLine(error_line_);
    error_line_.clear();
    // What is longer than a line may be goes on in the next.
    bytes.remove_prefix(end != std::string_view::npos && end <= room ? end + 1 : std::min(room, bytes.size()));
  }
}

void ScriptExchange::LogLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return;
  ++error_lines_;
  if (error_lines_ > kScriptErrorLinesMax) return;
  context_.error_log.Write(log::Level::kWarn, fmt::format("script says script={} client={} line={}", identity_.script,
                                                          identity_.client, log::Quoted(line)));
  if (error_lines_ == kScriptErrorLinesMax) {
    context_.error_log.Write(log::Level::kWarn, fmt::format("script says more than is logged script={} client={}",
                                                            identity_.script, identity_.client));
  }
}

// From the client to the spool.
event::Task<Result<void>> ScriptExchange::ReceiveContent() {
  while (!input_closed_) {
    receiving_ = true;
    const Result<std::span<const char>> piece = co_await body_.Next();
    receiving_ = false;
    if (!piece && piece.error().code == ErrorCode::kCancelled) co_return Result<void>();
    if (!piece) {
      // Half a request is not to be worked on: the group, and with it the program, ends.
      content_error_ = piece.error();
      co_return std::unexpected(piece.error());
    }
    ++progress_;
    if (piece->empty()) break;
    Result<void> kept = co_await spool_->Append(*piece, group_.scope());
    while (!kept && kept.error().code == ErrorCode::kTooLarge) {
      const Result<void> emptied = co_await spool_emptied_.Wait();
      if (!emptied) co_return Result<void>();
      kept = co_await spool_->Append(*piece, group_.scope());
    }
    if (!kept) {
      content_error_ = kept.error();
      co_return kept;
    }
    spool_filled_.Notify();
  }
  content_complete_ = true;
  spool_filled_.Notify();
  co_return Result<void>();
}

// From the spool to the program.
event::Task<Result<void>> ScriptExchange::FeedInput() {
  while (true) {
    const Result<std::span<const char>> bytes = co_await spool_->Take(group_.scope());
    if (!bytes) {
      content_error_ = bytes.error();
      co_return std::unexpected(bytes.error());
    }
    if (bytes->empty()) {
      if (content_complete_ && spool_->size() == 0) break;
      const Result<void> filled = co_await spool_filled_.Wait();
      if (!filled) co_return Result<void>();
      continue;
    }
    spool_emptied_.Notify();
    const Result<void> written = co_await input_->WriteAll(*bytes);
    // A program may have seen enough before the end.
    if (!written) break;
  }
  input_closed_ = true;
  input_->Close();
  co_return Result<void>();
}

}  // namespace brilliant::handlers
