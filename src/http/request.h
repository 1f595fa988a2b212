// What a request head says, as views into the buffer it was parsed from. Made by RequestParser, read by everybody
// above. The views are valid until the response has been written; nobody keeps them longer.
#ifndef BRILLIANT_HTTP_REQUEST_H_
#define BRILLIANT_HTTP_REQUEST_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "http/method.h"

namespace brilliant::http {

struct Field {
  std::string_view name;   // as sent; names compare without case
  std::string_view value;  // without the blanks around it
};

// RFC 9112 section 3.2.
enum class TargetForm : uint8_t { kOrigin, kAbsolute, kAuthority, kAsterisk };

// How the end of the content is known (RFC 9112 section 6.3).
enum class Framing : uint8_t { kNone, kLength, kChunked };

struct RequestHead {
  Method method = Method::kUnknown;
  std::string_view method_name;
  TargetForm form = TargetForm::kOrigin;
  std::string_view target;  // the whole request-target as sent
  std::string_view path;    // raw path of origin-form and absolute-form ("/" if that has none), without the query
  std::string_view query;   // raw, without "?"
  bool has_query = false;
  bool target_is_https = false;        // absolute-form with the scheme https
  bool target_needs_encoding = false;  // raw bytes 0x80 to 0xFF, `"`, `<` or `>`: to be redirected to EncodeTarget()
  // The authority this request is for: from an absolute-form target, else from Host. Without userinfo; as sent.
  std::string_view host;  // reg-name, IPv4 or bracketed IPv6 without port; empty if HTTP/1.0 without Host
  uint16_t port = 0;      // 0: none given
  int version_minor = 1;  // HTTP/1.x
  std::span<const Field> fields;
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;         // for kLength
  bool expects_continue = false;       // Expect: 100-continue, HTTP/1.1 and content announced
  bool connection_close = false;       // Connection has the member "close"
  bool connection_keep_alive = false;  // Connection has the member "keep-alive"

  // The value of the first field of that name (compared without case); an empty view with data() == nullptr if absent.
  [[nodiscard]] std::string_view Find(std::string_view name) const;
};

// Why a head or content is refused: the answer's status, where, and what to tell the log.
struct RequestError {
  int status = 400;
  uint64_t offset = 0;      // in the head, bytes from its start
  const char* reason = "";  // a string literal
};

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_REQUEST_H_
