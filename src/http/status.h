// Status codes and their reason phrases (RFC 9110 section 15 and the IANA registry). Pure.
#ifndef BRILLIANT_HTTP_STATUS_H_
#define BRILLIANT_HTTP_STATUS_H_

#include <string_view>

namespace brilliant::http {

// The registered phrase ("Not Found"); for other codes a phrase for their class ("Client Error"); empty outside 100 to
// 599.
[[nodiscard]] std::string_view ReasonPhrase(int status);

// 100 to 599: everything else is invalid (RFC 9110 section 15).
[[nodiscard]] constexpr bool IsValidStatus(int status) { return status >= 100 && status <= 599; }
[[nodiscard]] constexpr bool IsInformational(int status) { return status >= 100 && status <= 199; }
[[nodiscard]] constexpr bool IsSuccess(int status) { return status >= 200 && status <= 299; }
[[nodiscard]] constexpr bool IsRedirection(int status) { return status >= 300 && status <= 399; }
[[nodiscard]] constexpr bool IsError(int status) { return status >= 400 && status <= 599; }

// Answers that end with their head whatever fields they have (RFC 9112 section 6.3, item 1): 1xx, 204 and 304. (Those
// to HEAD, too.)
[[nodiscard]] constexpr bool HasNoContent(int status) {
  return IsInformational(status) || status == 204 || status == 304;
}

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_STATUS_H_
