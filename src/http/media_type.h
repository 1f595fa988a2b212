// What a media type (RFC 9110 section 8.3.1) says about its text. Pure.
#ifndef BRILLIANT_HTTP_MEDIA_TYPE_H_
#define BRILLIANT_HTTP_MEDIA_TYPE_H_

#include <string_view>

namespace brilliant::http {

// Whether `charset` means something for it and nothing inside the file says it better: text/* without XML (which
// declares its own encoding). Never for JSON, SVG or other application and image types. Parameters are ignored;
// compared without case.
[[nodiscard]] bool IsTextType(std::string_view media_type);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_MEDIA_TYPE_H_
