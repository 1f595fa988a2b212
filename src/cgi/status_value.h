// The status a script gives, in a Status field (RFC 3875 section 6.3.3) or in a status line (RFC 9112 section 4). For
// the files of cgi/ only; pure, views only.
#ifndef BRILLIANT_CGI_STATUS_VALUE_H_
#define BRILLIANT_CGI_STATUS_VALUE_H_

#include <expected>
#include <string_view>

namespace brilliant::cgi {

struct StatusValue {
  int code = 0;
  std::string_view reason{};  // without blanks around it; may be empty
};

// "404 Not Found" or "404". Codes from 200 to 599: a script can't send interim answers (1xx) or switch protocols, and
// what is above 599 is no status. The error is a literal that says why not.
[[nodiscard]] std::expected<StatusValue, const char*> ParseStatusValue(std::string_view value);

// Whether a line can only be meant as a status line. No field line begins so: "/" can't stand in a name.
[[nodiscard]] bool LooksLikeStatusLine(std::string_view line);

// "HTTP/1.1 404 Not Found", without its line end. The version has no meaning: the server writes its own.
[[nodiscard]] std::expected<StatusValue, const char*> ParseStatusLine(std::string_view line);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_STATUS_VALUE_H_
