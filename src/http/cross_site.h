// Whether a request that would change something was sent by a page of this site, or by one of another: browsers say so
// in Origin (RFC 6454, WHATWG Fetch) and Sec-Fetch-Site (W3C Fetch Metadata). What is no browser sends neither and is
// not refused. Pure; views only.
#ifndef BRILLIANT_HTTP_CROSS_SITE_H_
#define BRILLIANT_HTTP_CROSS_SITE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/request.h"

namespace brilliant::http {

// scheme "://" host [ ":" port ] with the scheme http or https, which no path may follow.
struct Origin {
  bool is_https = false;
  std::string_view host{};
  uint16_t port = 0;  // the scheme's own where none is given

  friend bool operator==(const Origin& a, const Origin& b);  // hosts without case
};

// Nothing for anything else, "null" included.
[[nodiscard]] std::optional<Origin> ParseOrigin(std::string_view text);

enum class CrossSite : uint8_t {
  kNo,
  kNullOrigin,   // Origin: null, a page that has no site (a sandbox, a file), or a redirect from elsewhere
  kOtherOrigin,  // Origin names another authority than the request is for, or is malformed, or there are several
  kOtherSite,    // Sec-Fetch-Site says something else than "same-origin" and "none"
};

// The scheme of Origin does not count, since whoever ends TLS in front of this server changes it; a port that the
// request does not name is that scheme's own. An origin of `allowed`, compared as a whole, is not refused, whatever
// Sec-Fetch-Site says.
[[nodiscard]] CrossSite JudgeSite(const RequestHead& head, std::span<const std::string> allowed);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_CROSS_SITE_H_
