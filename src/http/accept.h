// Proactive negotiation of media types (RFC 9110 section 12.5.1). Pure; no allocation.
#ifndef BRILLIANT_HTTP_ACCEPT_H_
#define BRILLIANT_HTTP_ACCEPT_H_

#include <string_view>

#include "http/request.h"

namespace brilliant::http {

// How much the request's Accept fields like `media_type` ("text/html", without parameters), in thousandths: by the most
// specific range that fits it; 0: not at all. 1000 if there is no such field. A malformed weight counts as 0, and a
// range with parameters of its own fits nothing.
[[nodiscard]] int QualityOf(const RequestHead& head, std::string_view media_type);

// Whether `media_type` stands in Accept by its own name and is liked better than `other`, or as much and earlier.
[[nodiscard]] bool Prefers(const RequestHead& head, std::string_view media_type, std::string_view other);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_ACCEPT_H_
