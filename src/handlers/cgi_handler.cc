#include "handlers/cgi_handler.h"

#include <fmt/format.h>

#include <utility>

#include "cgi/meta_variables.h"
#include "cgi/script_path.h"
#include "cgi/search_words.h"
#include "cgi/start_fault.h"
#include "handlers/answers.h"
#include "handlers/script_body.h"
#include "http/status.h"

namespace brilliant::handlers {
namespace {

constexpr std::string_view kServerSoftware = "BrilliantServer";
// For content on its way to a program: the file has no name there.
constexpr char kSpoolFolder[] = "/tmp";

std::string SignalText(const cgi::ScriptReport& end) {
  if (end.signal != 0) return fmt::format("the program was ended by signal {}", end.signal);
  if (end.exit_code != 0) return fmt::format("the program ended with exit status {}", end.exit_code);
  return "the program ended";
}

}  // namespace

struct CgiHandler::Content {
  std::unique_ptr<files::Spool> spool;  // null: the request has no content
  std::optional<uint64_t> length;       // null: passed on as it comes
  bool complete = false;                // all of it is in the spool
};

event::Task<Answer> CgiHandler::Handle(const Request& request, RequestBody& body, const HandlerContext& context) const {
  Content content;
  const Result<void> taken = co_await TakeContent(request, body, context, content);
  if (!taken && taken.error().code == ErrorCode::kTooLarge) co_return ErrorResponse(413);
  if (!taken) co_return ResponseForError(taken.error());
  const Result<cgi::SpawnOrder> order = MakeOrder(request, content, context);
  if (!order) co_return ErrorResponse(order.error().code == ErrorCode::kTooLarge ? 431 : 500);
  const Result<std::string> order_bytes = cgi::EncodeOrder(*order);
  if (!order_bytes) co_return ErrorResponse(order_bytes.error().code == ErrorCode::kTooLarge ? 431 : 500);

  const bool has_content = content.spool != nullptr;
  Result<ScriptEnds> ends = co_await context.scripts.Launch(rule_, has_content, context.scope);
  if (!ends) co_return NotLaunched(ends.error(), request, context);
  ScriptExchange::Identity identity{.script = ScriptPath(request), .client = std::string(request.client)};
  const ScriptExchange::Patience patience{.timeout = location_.cgi->timeout,
                                          .half_close = location_.cgi->half_close,
                                          .total = location_.cgi->total_timeout};
  auto exchange = std::make_unique<ScriptExchange>(context, body, std::move(identity), patience, std::move(*ends));
  const bool complete = !has_content || content.complete;
  exchange->Start(*order_bytes, std::move(content.spool), complete);
  co_return co_await AnswerFrom(std::move(exchange), request, context);
}

// With a length, the first bytes are waited for: a client that sends nothing costs no process. Without one, a program
// can't be told how much there will be, so all of it is read first, unless the configuration wants it as it comes.
event::Task<Result<void>> CgiHandler::TakeContent(const Request& request, RequestBody& body,
                                                  const HandlerContext& context, Content& content) const {
  const http::RequestHead& head = request.head;
  if (head.framing == http::Framing::kNone) co_return Result<void>();
  content.spool = std::make_unique<files::Spool>(context.loop, context.spool_budget, kSpoolFolder);
  const bool whole = head.framing == http::Framing::kChunked && !location_.cgi->stream;
  uint64_t length = 0;
  do {
    const Result<std::span<const char>> piece = co_await body.Next();
    if (!piece) co_return std::unexpected(piece.error());
    content.complete = piece->empty();
    if (content.complete) break;
    length += piece->size();
    const Result<void> kept = co_await content.spool->Append(*piece, context.scope);
    // When others are done there will be room, unless it is more than there ever is.
    const bool for_now = !kept && kept.error().code == ErrorCode::kTooLarge && length <= context.spool_budget.bytes_max;
    if (for_now) co_return Failure(ErrorCode::kUnavailable, "spool");
    if (!kept) co_return kept;
  } while (whole);
  if (head.framing == http::Framing::kLength) content.length = head.content_length;
  if (content.complete) content.length = length;
  co_return Result<void>();
}

// With `location /cgi-bin { root /srv/www/cgi-bin; cgi * }` it is /srv/www, as if the location had no root of its own.
std::string CgiHandler::DocumentRootOf(const config::Location& location) {
  const bool is_deeper = location.cgi->every_file && location.path != "/" && location.root.ends_with(location.path) &&
                         location.root.size() > location.path.size();
  return location.root.substr(0, location.root.size() - (is_deeper ? location.path.size() : 0));
}

std::string_view CgiHandler::PathBelowRoot(const Request& request) const {
  const bool replaces_path = location_.cgi->every_file && location_.path != "/";
  return request.script_name.substr(replaces_path ? location_.path.size() : 0);
}

std::string CgiHandler::ScriptPath(const Request& request) const {
  if (!location_.cgi->program.empty()) return location_.cgi->program;
  return location_.root + std::string(PathBelowRoot(request));
}

Result<cgi::SpawnOrder> CgiHandler::MakeOrder(const Request& request, const Content& content,
                                              const HandlerContext& context) const {
  const bool is_script = location_.cgi->program.empty();
  const std::string script_path = ScriptPath(request);
  const std::string_view path_info = request.path_below;
  const std::string path_translated = document_root_ + std::string(path_info);
  cgi::RequestFacts facts;
  facts.script_name = request.script_name;
  facts.path_info = path_info;
  facts.script_filename = script_path;
  facts.path_translated = path_translated;
  facts.document_root = document_root_;
  facts.server_name = request.server_name;
  facts.server_port = request.server_port;
  facts.remote_address = request.client;
  facts.remote_port = request.client_port;
  facts.scheme = request.scheme;
  facts.auth_type = request.user.empty() ? "" : "Basic";
  facts.remote_user = request.user;
  facts.content_length = content.length;
  facts.server_software = kServerSoftware;
  facts.redirect = request.redirect;
  const cgi::VariableOptions options{.pass_authorization = location_.cgi->pass_authorization,
                                     .blank_shell_functions = location_.cgi->blank_shell_functions,
                                     .configured = {}};
  ASSIGN_OR_RETURN(const cgi::MetaVariables variables, cgi::MakeMetaVariables(request.head, facts, options));
  if (variables.odd_fields > 0) {
    context.error_log.Report(odd_field_reports_, log::Level::kInfo,
                             "fields not given to the program, their names have characters beside letters, digits and "
                             "\"-\" script={} client={} fields={} first={}",
                             script_path, request.client, variables.odd_fields, variables.first_odd_field);
  }
  cgi::SpawnOrder order{.rule = rule_, .environment = std::string(variables.environment.bytes())};
  if (is_script) order.script = PathBelowRoot(request).substr(1);
  if (location_.cgi->search_words) order.arguments = cgi::SearchWords(request.head.method, request.head.query);
  return order;
}

event::Task<Answer> CgiHandler::AnswerFrom(std::unique_ptr<ScriptExchange> exchange, const Request& request,
                                           const HandlerContext& context) const {
  const std::string script_path = ScriptPath(request);
  const bool non_parsed = cgi::IsNonParsedHeaderScript(script_path);
  cgi::ResponseParser parser(non_parsed ? cgi::OutputForm::kNonParsedHeader : cgi::OutputForm::kParsedHeader);
  cgi::OutputStep step;
  std::span<const char> piece;
  while (step.status == cgi::OutputStatus::kNeedMore) {
    const Result<std::span<const char>> output = co_await exchange->Read();
    if (!output) {
      co_await exchange->Finish();
      co_return Failed(*exchange, output.error(), request, context);
    }
    piece = *output;
    if (piece.empty()) {
      parser.End();
      step.status = cgi::OutputStatus::kError;
    } else {
      step = parser.Next(std::string_view(piece.data(), piece.size()));
    }
  }
  if (step.status == cgi::OutputStatus::kError) {
    co_await exchange->Finish();
    co_return Malformed(parser.fault(), *exchange, request, context);
  }
  cgi::ScriptResponse& made = parser.response();
  const bool has_document =
      made.kind == cgi::ResponseKind::kDocument || made.kind == cgi::ResponseKind::kClientRedirectWithDocument;
  if (made.send_file && !sender_.enabled()) {
    context.error_log.Report(sendfile_reports_, log::Level::kWarn,
                             "X-Sendfile ignored script={} client={} directive=cgi_sendfile_roots", script_path,
                             request.client);
    made.send_file.reset();
  }
  if (!has_document || made.send_file) {
    co_await exchange->LetEnd();
    co_await exchange->Finish();
  }
  if (made.kind == cgi::ResponseKind::kLocalRedirect) co_return LocalRedirect{.target = std::move(made.location)};
  if (has_document && made.send_file) {
    cgi::ScriptResponse sent = std::move(made);
    co_return co_await SendFile(std::move(sent), request, context);
  }
  Response response;
  response.status = made.status;
  response.reason = std::move(made.reason_phrase);
  response.fields = std::move(made.fields);
  if (has_document) {
    piece = piece.subspan(step.consumed);
    // The whole answer is here, so its length is known.
    const bool is_whole = exchange->output_ended() && exchange->end() && exchange->end()->signal == 0;
    if (is_whole && !made.content_length && !made.content_is_chunked) made.content_length = piece.size();
    const ScriptBody::Terms terms{.length = made.content_length,
                                  .chunked = made.content_is_chunked,
                                  .bytes_max = location_.cgi->output_max,
                                  .reports = cut_reports_};
    response.body = std::make_unique<ScriptBody>(std::move(exchange), piece, terms);
  }
  co_return std::move(response);
}

Answer CgiHandler::NotLaunched(const Error& error, const Request& request, const HandlerContext& context) const {
  if (context.scope.reason()) return ResponseForError(error);
  const cgi::StartFault shortage = cgi::FaultOfShortage(error.system_errno);
  if (shortage == cgi::StartFault::kSystem) {
    return Explained(503, "the process that starts programs is not there", "try again; its log line says why", request,
                     context);
  }
  const cgi::FaultText text = cgi::DescribeFault(shortage);
  return Explained(text.status, fmt::format("{} (errno {})", text.cause, error.system_errno), text.remedy, request,
                   context);
}

event::Task<Answer> CgiHandler::SendFile(cgi::ScriptResponse made, const Request& request,
                                         const HandlerContext& context) const {
  const std::string path = *made.send_file;
  Result<Response> response = co_await sender_.Send(request, std::move(made), context);
  if (response) co_return std::move(*response);
  const Error& error = response.error();
  if (error.code == ErrorCode::kClosed || error.code == ErrorCode::kCancelled) co_return ResponseForError(error);
  const cgi::FaultText text = FileSender::Describe(error);
  std::string cause = fmt::format("{}: {}", text.cause, path);
  if (error.system_errno != 0) cause += fmt::format(" (errno {})", error.system_errno);
  co_return Explained(text.status, std::move(cause), text.remedy, request, context);
}

Answer CgiHandler::Failed(const ScriptExchange& exchange, const Error& error, const Request& request,
                          const HandlerContext& context) const {
  if (exchange.content_error()) return ResponseForError(error);
  if (error.code == ErrorCode::kDeadline) {
    ScriptExchange::Cause cause = exchange.TimeoutCause();
    return Explained(504, std::move(cause.text), cause.remedy, request, context);
  }
  return ResponseForError(error);
}

Answer CgiHandler::Malformed(const cgi::OutputFault& fault, const ScriptExchange& exchange, const Request& request,
                             const HandlerContext& context) const {
  if (exchange.failure()) {
    const cgi::FaultText text = cgi::DescribeFault(exchange.failure()->fault);
    std::string cause(text.cause);
    if (exchange.failure()->system_errno != 0) cause += fmt::format(" (errno {})", exchange.failure()->system_errno);
    return Explained(text.status, std::move(cause), text.remedy, request, context);
  }
  const bool unfinished =
      fault.kind == cgi::OutputFaultKind::kNoOutput || fault.kind == cgi::OutputFaultKind::kEndInsideHead;
  if (unfinished && !exchange.started()) {
    return Explained(502, "the process that starts programs has ended", "try again; its log line says why", request,
                     context);
  }
  std::string cause = cgi::Describe(fault);
  const bool at_fault = exchange.end() && (exchange.end()->signal != 0 || exchange.end()->exit_code != 0);
  if (unfinished && exchange.end() && exchange.end()->fault != cgi::StartFault::kNone) {
    const cgi::FaultText text = cgi::DescribeFault(exchange.end()->fault);
    return Explained(text.status, std::string(text.cause), text.remedy, request, context);
  }
  if (unfinished && at_fault) cause = SignalText(*exchange.end()) + " before its answer: " + cause;
  Answer answer = Explained(502, std::move(cause), cgi::RemedyFor(fault.kind), request, context);
  if (location_.cgi->debug && !exchange.last_errors().empty()) {
    std::get<Response>(answer).detail += fmt::format("\n\nIt said last:\n{}", exchange.last_errors());
  }
  return answer;
}

Answer CgiHandler::Explained(int status, std::string cause, std::string_view remedy, const Request& request,
                             const HandlerContext& context) const {
  const std::string script_path = ScriptPath(request);
  context.error_log.Report(fault_reports_, log::Level::kError,
                           "program failed script={} client={} status={} cause={} remedy={}", script_path,
                           request.client, status, log::Quoted(cause), log::Quoted(remedy));
  Response response = ErrorResponse(status);
  if (status == 503) response.fields.Add("Retry-After", "1");
  if (location_.cgi->debug) response.detail = fmt::format("{}: {}.\n{}.", script_path, cause, remedy);
  return response;
}

}  // namespace brilliant::handlers
