#include "handlers/script_exchange.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace brilliant::handlers {
namespace {

// Read of the error stream at once.
constexpr size_t kErrorBytes = 4'096;

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
      launched_(context.loop.now()) {
  if (ends.input.valid()) input_.emplace(context.loop, group_.scope(), std::move(ends.input));
}

ScriptExchange::~ScriptExchange() = default;

Result<void> ScriptExchange::Start(std::string order, std::unique_ptr<files::Spool> spool, bool content_complete) {
  RETURN_IF_ERROR(lifeline_.Register());
  RETURN_IF_ERROR(output_.Register());
  RETURN_IF_ERROR(errors_.Register());
  if (input_) RETURN_IF_ERROR(input_->Register());
  spool_ = std::move(spool);
  content_complete_ = content_complete;
  group_.Start(SendOrder(std::move(order)));
  group_.Start(NoteReports());
  group_.Start(LogErrors());
  if (input_) group_.Start(FeedInput());
  if (!content_complete) group_.Start(ReceiveContent());
  if (patience_.total.count() > 0) group_.Start(EndAfterTotal());
  return {};
}

event::Task<Result<std::span<const char>>> ScriptExchange::Read() {
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
      co_return std::span<const char>(output_bytes_.data(), *count);
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
                            "program failed in its answer script={} client={} cause=\"{}\" remedy=\"{}\"",
                            identity_.script, identity_.client, cause.text, cause.remedy);
}

event::Task<void> ScriptExchange::LetEnd() {
  event::Timer timer;
  timer.Start(context_.loop.TimerClassFor(kEndGrace));
  while (!output_ended_) {
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
  LogLine(error_line_);
  error_line_.clear();
  lifeline_.Close();
  NoteUse();
}

// Not 0, which would say that it never was.
uint64_t ScriptExchange::SinceLaunchUs() const {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(context_.loop.now() - launched_);
  return std::max<uint64_t>(1, static_cast<uint64_t>(passed.count()));
}

void ScriptExchange::NoteUse() {
  use_.total_us = SinceLaunchUs();
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
  std::string line = fmt::format(
      "program done script={} client={} queue_ms={:.3f} start_ms={:.3f} first_byte_ms={:.3f} total_ms={:.3f}",
      identity_.script, identity_.client, static_cast<double>(use_.queue_us) / kUsPerMs,
      static_cast<double>(use_.start_us) / kUsPerMs, static_cast<double>(use_.first_byte_us) / kUsPerMs,
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

event::Task<Result<void>> ScriptExchange::SendOrder(std::string order) {
  // A keeper that is gone shows at the other end: no report comes.
  [[maybe_unused]] const Result<void> sent = co_await lifeline_.WriteAll(order);
  co_return Result<void>();
}

event::Task<Result<void>> ScriptExchange::NoteReports() {
  std::array<char, cgi::kReportBytes> bytes;
  size_t filled = 0;
  while (true) {
    const std::span<char> rest = std::span<char>(bytes).subspan(filled);
    const Result<size_t> count = co_await lifeline_.ReadSome(rest, nullptr);
    // The end of the lifeline: the keeper has nothing to add, or was killed. The output then ends too.
    if (!count || *count == 0) co_return Result<void>();
    filled += *count;
    if (filled < bytes.size()) continue;
    filled = 0;
    const Result<cgi::ScriptReport> report = cgi::DecodeReport({bytes.data(), bytes.size()});
    if (!report) co_return Result<void>();
    if (report->kind == cgi::ScriptReport::Kind::kAssigned) use_.queue_us = SinceLaunchUs();
    if (report->kind == cgi::ScriptReport::Kind::kStarted) {
      started_ = true;
      use_.start_us = SinceLaunchUs();
    }
    if (report->kind == cgi::ScriptReport::Kind::kFailed) failure_ = *report;
    if (report->kind == cgi::ScriptReport::Kind::kEnded) end_ = *report;
    reported_.Notify();
    if (end_) co_return co_await EndOutputAfterGrace();
  }
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
  context_.error_log.Write(log::Level::kWarn, fmt::format("script says script={} client={} line=\"{}\"",
                                                          identity_.script, identity_.client, line));
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
