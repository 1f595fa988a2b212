#include "server/answer_request.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "handlers/answers.h"
#include "handlers/delete_handler.h"
#include "http/cross_site.h"
#include "http/target.h"
#include "server/router.h"
#include "server/script_finder.h"

namespace brilliant::server {
namespace {

using handlers::Answer;
using handlers::AuthOutcome;
using handlers::ErrorResponse;
using handlers::Request;
using handlers::Response;

// "OPTIONS *" asks about the server as a whole (RFC 9110 section 9.3.7).
constexpr std::string_view kServerAllow = "GET, HEAD, OPTIONS";

// What is decided by the head alone, before any location is looked for.
std::optional<Response> AnswerByHead(const Request& request, const ListenerHosts& hosts) {
  const http::RequestHead& head = request.head;
  if (hosts.Refuses(head.host)) {
    return ErrorResponse(421, "This server answers to localhost, to IP addresses, and to the names it was given.");
  }
  if (head.method == http::Method::kUnknown || head.method == http::Method::kConnect) return ErrorResponse(501);
  // RFC 9110 section 7.4: no https resource over a connection that isn't secured, here or by a trusted proxy.
  if (head.target_is_https && request.scheme != "https")
    return ErrorResponse(421, "This connection is not secured: it has no https addresses.");
  if (head.form == http::TargetForm::kAsterisk) {
    return head.method == http::Method::kTrace ? handlers::MethodNotAllowed(kServerAllow)
                                               : handlers::OptionsResponse(kServerAllow);
  }
  if (!head.target_needs_encoding) return std::nullopt;
  // Browsers and scripts of old send such bytes raw. Asking again costs nothing where asking is safe.
  if (head.method == http::Method::kGet || head.method == http::Method::kHead) {
    return handlers::RedirectResponse(301, http::EncodeTarget(head));
  }
  return ErrorResponse(400, "The address has characters that must be percent-encoded.");
}

const char* ExplainCrossSite(http::CrossSite reason) {
  switch (reason) {
    case http::CrossSite::kNullOrigin:
      return "Your browser sent the Origin \"null\": the page that wants to change files here belongs to no site.";
    case http::CrossSite::kOtherSite:
      return "Your browser says (Sec-Fetch-Site) that a page of another site wants to change files here.";
    default:
      return "The Origin of this request is another site, whose pages may not change files here.";
  }
}

// Only what changes files is refused to pages of other sites: safe methods are for everybody, and programs have
// defences of their own.
std::optional<Response> RefuseCrossSite(const http::RequestHead& head, const Route& route, WorkerContext& worker) {
  const bool is_unsafe =
      head.method == http::Method::kPost || head.method == http::Method::kPut || head.method == http::Method::kDelete;
  if (!is_unsafe || route.allowed_origins == nullptr) return std::nullopt;
  const http::CrossSite reason = http::JudgeSite(head, *route.allowed_origins);
  if (reason == http::CrossSite::kNo) return std::nullopt;
  worker.error_log.Report(worker.cross_site_reports, log::Level::kNotice,
                          "cross-site request refused, see allowed_origins: method={} host={} port={} origin={} "
                          "sec_fetch_site={} target={}",
                          head.method_name, head.host, head.port, head.Find("Origin"), head.Find("Sec-Fetch-Site"),
                          head.target);
  return ErrorResponse(403, ExplainCrossSite(reason));
}

Response RefuseCircle(const http::RequestHead& head, const handlers::LocalRedirect& next, WorkerContext& worker) {
  worker.error_log.Report(worker.circle_reports, log::Level::kError,
                          "local redirects in a circle, see Location in docs/cgi.md: target={} redirects={} next={}",
                          head.target, kLocalRedirectsMax, next.target);
  return ErrorResponse(500, "The server was sent in a circle. Its log says more.");
}

Response TooLarge(uint64_t bytes_max) {
  Response response = ErrorResponse(413);
  response.detail = "At most " + std::to_string(bytes_max) + " bytes are accepted here.";
  return response;
}

// The method whose right is asked for.
http::Method RightFor(const http::RequestHead& head, const Route& route) {
  const bool is_undo = route.restores && handlers::IsUndo(head);
  return is_undo ? http::Method::kDelete : head.method;
}

// What the location's rules decide before its handler is asked.
std::optional<Response> AnswerByRoute(const http::RequestHead& head, const Destination& destination,
                                      WorkerContext& worker) {
  const Route& route = *destination.route;
  if (head.method == http::Method::kOptions && !route.any_method) return handlers::OptionsResponse(route.allow);
  if (!route.methods.Contains(RightFor(head, route))) return handlers::MethodNotAllowed(route.allow);
  if (std::optional<Response> refused = RefuseCrossSite(head, route, worker)) return refused;
  if (head.framing == http::Framing::kLength && head.content_length > route.body_max) return TooLarge(route.body_max);
  if (destination.refusal != 0) return ErrorResponse(destination.refusal);
  return std::nullopt;
}

// RFC 9110 section 2.3: what this server makes a reference to, it must be able to take. Encoding makes targets longer.
bool LeadsToTooLongTarget(const Response& response, uint64_t target_bytes_max) {
  const std::string_view location = response.fields.Find("Location");
  return location.starts_with('/') && location.size() > target_bytes_max;
}

// Whatever the handler made of content that could not be read.
Response RefuseContent(const http::RequestError& error, const StreamRequestBody& body) {
  Response response = error.status == 413 ? TooLarge(body.bytes_max()) : ErrorResponse(error.status, error.reason);
  response.close = !body.complete();
  return response;
}

// The target a request is sent on to, and the one it came with, for as long as the request is worked on.
struct SentOn {
  std::string target;
  std::string from_path;
  std::string from_query;
};

// Makes `request` the one that a handler sends it on to.
void SendOn(Request& request, handlers::LocalRedirect redirect, SentOn& memory) {
  memory.from_path = request.path;
  memory.from_query = request.head.query;
  memory.target = std::move(redirect.target);
  const std::string_view target = memory.target;
  const size_t question = target.find('?');
  http::RequestHead& head = request.head;
  head.target = target;
  head.path = target.substr(0, question);
  head.has_query = question != std::string_view::npos;
  head.query = head.has_query ? target.substr(question + 1) : std::string_view();
  if (redirect.keeps_request) return;
  // RFC 3875 section 6.2.2: as if that had been asked for, which has no content.
  head.method = http::Method::kGet;
  head.framing = http::Framing::kNone;
  request.redirect = cgi::RedirectFacts{.path = memory.from_path, .query = memory.from_query};
}

Request MakeRequest(const Connection& connection, const ExchangeBuffers& buffers, const http::RequestHead& head) {
  Request request{.head = head};
  request.client = buffers.client.address;
  request.client_port = buffers.client.port;
  request.scheme = buffers.client.scheme;
  request.server_name = connection.hosts().server_name();
  request.server_port = connection.hosts().port();
  return request;
}

}  // namespace

event::Task<Response> AnswerRequest(Connection& connection, ExchangeBuffers& buffers, const http::RequestHead& head,
                                    StreamRequestBody& body, event::CancelScope& scope) {
  WorkerContext& worker = connection.worker();
  const VirtualHost& host = connection.hosts().Match(head.host);
  const handlers::HandlerContext context{.loop = worker.loop,
                                         .scope = scope,
                                         .files = worker.files,
                                         .error_log = worker.error_log,
                                         .scripts = worker.spawner,
                                         .spool_budget = worker.spool_budget,
                                         .program = &buffers.program};
  Request request = MakeRequest(connection, buffers, head);
  std::optional<Response> response = AnswerByHead(request, connection.hosts());
  SentOn sent_on;
  const handlers::AnswerFields* added = host.added();
  buffers.user.clear();

  for (int redirects = 0; !response; ++redirects) {
    added = host.added();
    const std::expected<std::string_view, http::RequestError> path =
        http::NormalizePath(request.head.path, buffers.path_storage);
    if (!path) {
      response = ErrorResponse(path.error().status);
      break;
    }
    request.path = *path;
    Destination destination;
    if (host.has_scripts()) {
      destination = co_await FindDestination(host, request.path, context);
    } else {
      destination = LocationOf(host, request.path);
    }
    const Route* const route = destination.route;
    if (route == nullptr) {
      response = ErrorResponse(404);
      break;
    }
    added = destination.added;
    const std::optional<handlers::AuthRealm>& auth = destination.guard->auth;
    if (auth && (auth->Guards(request.head.method) || auth->Guards(RightFor(request.head, *route)))) {
      AuthOutcome outcome = co_await worker.passwords.Admit(*auth, request.head, request.client, scope);
      response = std::move(outcome.refusal);
      if (response) break;
      buffers.user = std::move(outcome.user);
      request.user = buffers.user;
    }
    response = AnswerByRoute(request.head, destination, worker);
    if (response) break;
    request.path_below = destination.path_below;
    request.script_name = destination.script_name;
    body.set_bytes_max(route->body_max);
    Answer answer = co_await route->handler->Handle(request, body, context);
    if (auto* answered = std::get_if<Response>(&answer)) {
      response = std::move(*answered);
    } else if (redirects == kLocalRedirectsMax) {
      response = RefuseCircle(head, std::get<handlers::LocalRedirect>(answer), worker);
    } else {
      SendOn(request, std::move(std::get<handlers::LocalRedirect>(answer)), sent_on);
    }
  }
  // Chunks are read before the answer, if they are few, so that malformed ones are answered as such whoever finds them.
  // Content that is made while it is sent may depend on what is still to be read: it is left alone.
  const bool streamed = std::holds_alternative<std::unique_ptr<handlers::BodySource>>(response->body);
  if (head.framing == http::Framing::kChunked && !streamed && !body.failure()) co_await body.Drain();
  if (body.failure() && !streamed) response = RefuseContent(*body.failure(), body);
  if (LeadsToTooLongTarget(*response, worker.config.limits.target_bytes_max)) response = ErrorResponse(414);
  host.error_pages().Complete(*response, head.target, &head);
  response->added = added;
  co_return std::move(*response);
}

Response AnswerMalformed(Connection& connection, const http::RequestError& error, std::string_view shown) {
  Response response = ErrorResponse(error.status, error.reason);
  response.close = true;
  const VirtualHost& host = connection.hosts().default_host();
  host.error_pages().Complete(response, shown);
  response.added = host.added();
  return response;
}

}  // namespace brilliant::server
