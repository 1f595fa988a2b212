#include "server/exchange.h"

#include <algorithm>
#include <utility>

#include "http/status.h"
#include "server/answer_request.h"
#include "server/proxies.h"
#include "server/router.h"
#include "server/send_output.h"
#include "server/serve_connection.h"

namespace brilliant::server {
namespace {

// What a log line shows of bytes that are no request.
std::string_view FirstLine(std::string_view bytes) {
  constexpr size_t kShownMax = 256;
  bytes = bytes.substr(0, kShownMax);
  return bytes.substr(0, bytes.find_first_of("\r\n"));
}

// What their page shows: not the method, for the answer to HEAD is as long as that to GET (RFC 9110 section 8.6).
std::string_view BehindMethod(std::string_view bytes) {
  const std::string_view line = FirstLine(bytes);
  const size_t space = line.find(' ');
  return space == std::string_view::npos ? line : line.substr(space + 1);
}

constexpr http::RequestError kIncompleteHead{.status = 400, .offset = 0, .reason = "The request ended in its head."};

}  // namespace

event::Task<BurstEnd> Exchange::Run() {
  if (connection_.awaits_introduction()) {
    const bool introduced = co_await ReadProxyHeader(connection_, buffers_.input);
    if (!introduced) co_return BurstEnd::kCut;
    request_began_ = worker_.loop.now();
  }
  while (true) {
    const http::ParseStatus status = buffers_.parser.Parse(buffers_.input.unread());
    Next next = Next::kEnd;
    if (status == http::ParseStatus::kDone) {
      next = co_await ServeRequest();
    } else if (status == http::ParseStatus::kNeedMore) {
      next = co_await ReadOn();
    } else {
      next = Refuse(buffers_.parser.error());
    }
    if (next == Next::kEnd) break;
  }
  if (end_ != BurstEnd::kCut) {
    const Result<void> sent = co_await Flush();
    if (!sent) end_ = BurstEnd::kCut;
  }
  WriteRecords();
  co_return end_;
}

// Gets more input for an incomplete head, or finds that there is none: then the burst is over.
event::Task<Exchange::Next> Exchange::ReadOn() {
  event::Waitable& waitable = connection_.transport().waitable();
  while (true) {
    const bool anything_unread = !buffers_.input.unread().empty();
    const bool head_started = buffers_.parser.started();  // by more than empty lines
    // The answers leave before anything is waited for or moved: the client may be waiting for them, and the log's
    // records look into the input.
    const Result<void> sent = co_await Flush();
    if (!sent) co_return EndWith(BurstEnd::kCut);
    if (!waitable.readable()) {
      if (!anything_unread) co_return EndWith(BurstEnd::kIdle);
      const bool timed = connection_.timer.running() || connection_.timer.expired();
      if (!timed) connection_.timer.Start(worker_.header_timeout);
      const Result<void> readable = co_await worker_.loop.Wait(waitable, event::Interest::kRead, &connection_.timer);
      if (!readable && readable.error().code == ErrorCode::kDeadline) {
        worker_.counters.timeouts.Add(1);
        connection_.timer.Stop();
        if (!head_started) co_return EndWith(BurstEnd::kClose);
        co_return Refuse(http::RequestError{.status = 408, .reason = ""});
      }
      if (!readable) co_return EndWith(BurstEnd::kCut);
    }
    if (!anything_unread) buffers_.input.Clear();
    if (buffers_.input.full()) buffers_.input.MakeRoom(InputBuffer::kBytesInitial);
    const Result<size_t> count = connection_.transport().TryRead(buffers_.input.free_space());
    if (count && *count > 0) {
      if (!anything_unread) request_began_ = worker_.loop.now();
      buffers_.input.Filled(*count);
      co_return Next::kRequest;
    }
    // The end of input inside a head: it can't become a request any more.
    if (count) co_return head_started ? Refuse(kIncompleteHead) : EndWith(BurstEnd::kClose);
    if (count.error().code != ErrorCode::kWouldBlock) co_return EndWith(BurstEnd::kCut);
  }
}

event::Task<Exchange::Next> Exchange::ServeRequest() {
  connection_.timer.Stop();
  ++connection_.requests;
  worker_.counters.requests.Add(1);
  const http::RequestHead& head = buffers_.parser.head();
  const bool has_content = head.framing != http::Framing::kNone;
  // Earlier answers do not wait for a program, nor for content that their receiver may send only after them.
  if (has_content || (!buffers_.output.empty() && connection_.hosts().Match(head.host).runs_programs())) {
    const Result<void> sent = co_await Flush();
    if (!sent) co_return EndWith(BurstEnd::kCut);
  }
  if (has_content) {
    // Content needs room behind the head.
    buffers_.input.MakeRoom(kContentSpace);
    static_cast<void>(buffers_.parser.Parse(buffers_.input.unread()));  // the views again, for bytes that moved
  }
  buffers_.client = ClientOf(connection_, head);
  buffers_.input.Consume(buffers_.parser.head_bytes());
  StreamRequestBody body(connection_, buffers_, head);
  event::CancelScope scope(&connection_.scope());
  handlers::Response response = co_await AnswerRequest(connection_, buffers_, head, body, scope);
  if (connection_.scope().reason()) {
    co_await Abandon(std::move(response));
    co_return EndWith(BurstEnd::kCut);
  }

  const int status = response.status;
  if (!body.may_be_drained()) response.close = true;
  const ResponseTerms terms{.head_only = head.method == http::Method::kHead,
                            .version_minor = head.version_minor,
                            .may_persist = MayPersist(head)};
  QueuedResponse queued = QueueResponse(connection_, buffers_.output, terms, std::move(response));
  Record(head, status, queued);
  if (queued.source != nullptr || has_content) co_return co_await FinishContent(body, queued);
  if (!queued.persists) {
    // Whoever asked for the end sends nothing after it; others may be sending the next request already.
    const bool client_ends = head.connection_close || head.version_minor == 0;
    const bool anything_behind = !buffers_.input.unread().empty() || connection_.transport().waitable().readable();
    co_return EndWith(client_ends && !anything_behind ? BurstEnd::kClose : BurstEnd::kLinger);
  }
  buffers_.parser.Reset();
  if (++answered_in_turn_ < kRequestsPerTurnMax) co_return Next::kRequest;
  co_return co_await GiveWay();
}

// An answer that nobody is there to take.
event::Task<void> Exchange::Abandon(handlers::Response response) {
  auto* source = std::get_if<std::unique_ptr<handlers::BodySource>>(&response.body);
  if (source != nullptr) co_await (*source)->Finish();
}

// Lets everybody else have their turn before the next request.
event::Task<Exchange::Next> Exchange::GiveWay() {
  const Result<void> sent = co_await Flush();
  if (!sent) co_return EndWith(BurstEnd::kCut);
  co_await worker_.loop.Yield();
  answered_in_turn_ = 0;
  co_return connection_.scope().reason() ? EndWith(BurstEnd::kCut) : Next::kRequest;
}

// The rest of an exchange with content: the answer's is made and sent, the request's is read to its end.
event::Task<Exchange::Next> Exchange::FinishContent(StreamRequestBody& body, QueuedResponse& queued) {
  if (queued.source != nullptr) {
    Result<void> streamed;
    if (queued.streams) streamed = co_await StreamContent(connection_, buffers_.output, queued, send_progress_);
    co_await queued.source->Finish();
    std::unique_ptr<log::ProgramUse> program = std::move(buffers_.program);
    if (!buffers_.records.empty()) {
      buffers_.records.back().content_end = buffers_.output.queued_bytes();
      buffers_.records.back().program = std::move(program);
    }
    if (!streamed) {
      CountCut(streamed.error());
      // Content that only ends with the connection (HTTP/1.0) would seem whole after an orderly end.
      if (!queued.chunked && !queued.source->length()) connection_.transport().ResetOnClose();
      co_return EndWith(BurstEnd::kCut);
    }
  }
  if (body.complete() && queued.persists) {
    buffers_.parser.Reset();
    if (++answered_in_turn_ < kRequestsPerTurnMax) co_return Next::kRequest;
    co_return co_await GiveWay();
  }
  const Result<void> sent = co_await Flush();
  if (!sent) co_return EndWith(BurstEnd::kCut);
  if (!queued.persists) co_return EndWith(BurstEnd::kLinger);
  co_await body.Drain();
  if (!body.complete()) co_return EndWith(BurstEnd::kLinger);
  buffers_.parser.Reset();
  co_return Next::kRequest;
}

// Sends what is queued, at the end of the turn, when everybody else has read too; then the log lines.
event::Task<Result<void>> Exchange::Flush() {
  // What was streamed has been sent already, but is still to be logged.
  if (!buffers_.output.empty()) {
    co_await worker_.loop.SendPhase();
    answered_in_turn_ = 0;
    if (!TrySendAtOnce(connection_, buffers_.output)) {
      const Result<void> sent = co_await SendOutput(connection_, buffers_.output, send_progress_);
      if (!sent) {
        CountCut(sent.error());
        co_return sent;
      }
    }
  }
  WriteRecords();
  buffers_.output.Clear();
  co_return Result<void>();
}

Exchange::Next Exchange::Refuse(const http::RequestError& error) {
  worker_.counters.requests.Add(1);
  handlers::Response response = AnswerMalformed(connection_, error, BehindMethod(buffers_.input.unread()));
  const ResponseTerms terms{.head_only = buffers_.parser.head().method == http::Method::kHead};
  const QueuedResponse queued = QueueResponse(connection_, buffers_.output, terms, std::move(response));
  RecordMalformed(error.status, queued);
  worker_.error_log.Report(worker_.malformed_reports, log::Level::kDebug,
                           "request refused client={} status={} offset={} reason=\"{}\"", connection_.client(),
                           error.status, error.offset, error.reason);
  return EndWith(BurstEnd::kLinger);
}

bool Exchange::MayPersist(const http::RequestHead& head) const {
  if (worker_.draining || connection_.requests >= worker_.config.limits.keepalive_requests) return false;
  if (head.connection_close) return false;
  return head.version_minor >= 1 || head.connection_keep_alive;
}

void Exchange::Record(const http::RequestHead& head, int status, const QueuedResponse& queued) {
  worker_.counters.CountResponse(status);
  std::unique_ptr<log::ProgramUse> program = std::move(buffers_.program);
  if (!worker_.access_log.enabled()) return;
  ExchangeBuffers::PendingRecord& pending = buffers_.records.emplace_back();
  pending.program = std::move(program);
  pending.record.client = buffers_.client.address;
  pending.record.method = head.method_name;
  pending.record.target = head.target;
  pending.record.version_minor = head.version_minor;
  pending.record.status = status;
  pending.record.referer = head.Find("Referer");
  pending.record.user_agent = head.Find("User-Agent");
  pending.record.host = head.host;
  pending.record.request_number = connection_.requests;
  buffers_.users += buffers_.user;
  pending.user_end = buffers_.users.size();
  pending.began = std::exchange(request_began_, worker_.loop.now());
  pending.content_begin = queued.content_begin;
  pending.content_end = buffers_.output.queued_bytes();
}

void Exchange::RecordMalformed(int status, const QueuedResponse& queued) {
  worker_.counters.CountResponse(status);
  if (!worker_.access_log.enabled()) return;
  ExchangeBuffers::PendingRecord& pending = buffers_.records.emplace_back();
  pending.record.client = connection_.client();
  pending.record.raw_request_line = FirstLine(buffers_.input.unread());
  pending.record.status = status;
  pending.record.request_number = connection_.requests + 1;
  pending.user_end = buffers_.users.size();
  pending.began = request_began_;
  pending.content_begin = queued.content_begin;
  pending.content_end = buffers_.output.queued_bytes();
}

// An answer that ends before its end.
void Exchange::CountCut(const Error& error) {
  worker_.counters.responses_cut.Add(1);
  const OutputQueue& output = buffers_.output;
  if (error.code == ErrorCode::kInvalid) {
    worker_.error_log.Report(worker_.short_file_reports, log::Level::kWarn,
                             "a file became shorter while it was sent: connection cut client={} sent={} of={}",
                             buffers_.client.address, output.sent_bytes(), output.queued_bytes());
  }
  if (error.code != ErrorCode::kDeadline) return;
  worker_.counters.timeouts.Add(1);
  worker_.error_log.Report(worker_.slow_client_reports, log::Level::kDebug,
                           "answer taken too slowly: connection cut client={} sent={} of={} untaken={}",
                           buffers_.client.address, output.sent_bytes(), output.queued_bytes(),
                           connection_.transport().UnsentBytes());
  // The kernel would keep what it still has for minutes, for somebody who does not take it.
  connection_.transport().ResetOnClose();
}

void Exchange::WriteRecords() {
  const uint64_t sent = buffers_.output.sent_bytes();
  size_t user_begin = 0;
  for (ExchangeBuffers::PendingRecord& pending : buffers_.records) {
    log::AccessRecord& record = pending.record;
    record.user = std::string_view(buffers_.users).substr(user_begin, pending.user_end - user_begin);
    user_begin = pending.user_end;
    record.time = worker_.loop.wall();
    record.connection = connection_.number();
    const std::chrono::nanoseconds duration = worker_.loop.now() - pending.began;
    record.duration_us = static_cast<uint64_t>(duration.count() / 1000);
    record.content_bytes = std::clamp(sent, pending.content_begin, pending.content_end) - pending.content_begin;
    record.program = pending.program.get();
    worker_.access_log.Append(record);
  }
  buffers_.records.clear();
  buffers_.users.clear();
  worker_.counters.bytes_sent.Add(sent);
}

}  // namespace brilliant::server
