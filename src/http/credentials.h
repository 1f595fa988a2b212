// The Basic authentication scheme (RFC 7617): what a client sends in Authorization, and the challenge that asks for it.
// Pure; knows no users.
#ifndef BRILLIANT_HTTP_CREDENTIALS_H_
#define BRILLIANT_HTTP_CREDENTIALS_H_

#include <array>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "http/request.h"

namespace brilliant::http {

// User and password together, with the colon between them.
inline constexpr size_t kCredentialBytesMax = 768;
inline constexpr size_t kUserBytesMax = 255;

struct BasicCredentials {
  std::string_view user;      // not empty, without colon and controls
  std::string_view password;  // without controls; may be empty
  std::string_view pair;      // both, with the colon between them
};

enum class CredentialsFault : uint8_t {
  kNone,       // there is no Authorization field
  kSeveral,    // more than one: which of them counts, two readers could understand differently
  kScheme,     // another scheme than Basic
  kMalformed,  // no base64 as RFC 4648 section 4 writes it, no colon, a control character, no user
  kTooLarge,   // more than kCredentialBytesMax, or a user of more than kUserBytesMax
};

// Where the decoded bytes of credentials stand.
using CredentialStorage = std::array<char, kCredentialBytesMax>;

// The only Authorization field of `head`, decoded; views into `storage`.
[[nodiscard]] std::expected<BasicCredentials, CredentialsFault> FindBasicCredentials(const RequestHead& head,
                                                                                     CredentialStorage& storage);

// The value of one Authorization field. The scheme compares without case; base64 is read strictly: padded, no blanks,
// unused bits zero, so that there is one way to write a pair.
[[nodiscard]] std::expected<BasicCredentials, CredentialsFault> ParseBasicCredentials(std::string_view value,
                                                                                      CredentialStorage& storage);

// The value of WWW-Authenticate: `Basic realm="...", charset="UTF-8"` (RFC 7617 section 2.1). `realm`: a field value.
[[nodiscard]] std::string BasicChallenge(std::string_view realm);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_CREDENTIALS_H_
