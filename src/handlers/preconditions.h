// Conditional requests that change files (RFC 9110 section 13.2.1): PUT, POST and DELETE are judged by the validators
// that GET sends. Pure.
#ifndef BRILLIANT_HANDLERS_PRECONDITIONS_H_
#define BRILLIANT_HANDLERS_PRECONDITIONS_H_

#include <optional>

#include "base/clock.h"
#include "files/open_file.h"
#include "http/request.h"

namespace brilliant::handlers {

// Whether there are any: If-Match, If-None-Match, If-Unmodified-Since.
[[nodiscard]] bool HasPreconditions(const http::RequestHead& head);

// Whether they hold. `exists`: something has that name; `file`: what GET would send, if it is a file. `now`: see
// EntityTagOf.
[[nodiscard]] bool PreconditionsHold(const http::RequestHead& head, bool exists,
                                     const std::optional<files::FileIdentity>& file, WallTime now);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_PRECONDITIONS_H_
