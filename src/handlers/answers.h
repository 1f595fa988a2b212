// The small answers that several handlers and the server give.
#ifndef BRILLIANT_HANDLERS_ANSWERS_H_
#define BRILLIANT_HANDLERS_ANSWERS_H_

#include <string_view>

#include "base/result.h"
#include "handlers/api.h"
#include "http/method.h"

namespace brilliant::handlers {

// An error whose page ErrorPages writes. `explanation`: a literal, or empty for the status's own.
[[nodiscard]] Response ErrorResponse(int status, const char* explanation = "");

// The only mapping from operating errors to a status: kNotFound 404, kForbidden 403, kTooLarge 414 (a name),
// kUnavailable 503, kDeadline 504, everything else 500.
[[nodiscard]] Response ResponseForError(const Error& error);

// 405 with Allow (RFC 9110 section 15.5.6).
[[nodiscard]] Response MethodNotAllowed(std::string_view allow);

// 204 to an OPTIONS (RFC 9110 section 9.3.7).
[[nodiscard]] Response OptionsResponse(std::string_view allow);

// A redirect. `location` must be free of controls: EncodePath, EncodeTarget, or checked by the configuration.
[[nodiscard]] Response RedirectResponse(int status, std::string_view location);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_ANSWERS_H_
