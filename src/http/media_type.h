// What a media type (RFC 9110 section 8.3.1) says about a file. Pure.
#ifndef BRILLIANT_HTTP_MEDIA_TYPE_H_
#define BRILLIANT_HTTP_MEDIA_TYPE_H_

#include <string_view>

#include "http/request.h"

namespace brilliant::http {

// Whether `charset` means something for it and nothing inside the file says it better: text/* without XML (which
// declares its own encoding). Never for JSON, SVG or other application and image types. Parameters are ignored;
// compared without case.
[[nodiscard]] bool IsTextType(std::string_view media_type);

// Whether it is something that pages consist of and people do not look for by itself: a style sheet, a script,
// WebAssembly, JSON, a font, an image, sound or film.
[[nodiscard]] bool IsPagePart(std::string_view media_type);

// Whether the request asks for a page, as a browser does when somebody follows a link: text/html is in Accept by name
// (RFC 9110 section 12.5.1), not only in a range.
[[nodiscard]] bool AsksForPage(const RequestHead& head);

// Whether a browser that shows it by itself runs what it may hold: HTML, and XML of every kind (SVG too).
[[nodiscard]] bool IsActive(std::string_view media_type);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_MEDIA_TYPE_H_
