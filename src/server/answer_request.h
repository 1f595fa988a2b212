// From a parsed head to a Response: routing, the decisions that concern every handler (methods, targets, limits), the
// handler itself, and the page of an error.
#ifndef BRILLIANT_SERVER_ANSWER_REQUEST_H_
#define BRILLIANT_SERVER_ANSWER_REQUEST_H_

#include <string_view>

#include "event/task.h"
#include "handlers/api.h"
#include "http/request.h"
#include "server/connection.h"
#include "server/exchange_buffers.h"
#include "server/request_body.h"

namespace brilliant::server {

// Local redirects of one request: more are a loop, and 500.
inline constexpr int kLocalRedirectsMax = 10;

// Never fails: every failure is a response. `scope`: of this request.
[[nodiscard]] event::Task<handlers::Response> AnswerRequest(Connection& connection, ExchangeBuffers& buffers,
                                                            const http::RequestHead& head, StreamRequestBody& body,
                                                            event::CancelScope& scope);

// The answer to what is no request: the parser's refusal. Always ends the connection.
[[nodiscard]] handlers::Response AnswerMalformed(Connection& connection, const http::RequestError& error,
                                                 std::string_view shown);

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_ANSWER_REQUEST_H_
