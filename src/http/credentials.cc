#include "http/credentials.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

constexpr std::string_view kScheme = "Basic";

// The six bits of a base64 digit, or -1.
int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (IsDigit(c)) return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Decodes `text`, whose size is a multiple of four, into `out`, which has room. The number of bytes, or nothing.
std::optional<size_t> DecodeBase64(std::string_view text, char* out) {
  char* const begin = out;
  size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = Base64Value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    *out++ = static_cast<char>(bits >> count & 0xFF);
  }
  // What is left of the last digit belongs to no byte.
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return static_cast<size_t>(out - begin);
}

}  // namespace

std::expected<BasicCredentials, CredentialsFault> ParseBasicCredentials(std::string_view value,
                                                                        CredentialStorage& storage) {
  const size_t blank = value.find(' ');
  if (!EqualsIgnoreCase(value.substr(0, blank), kScheme)) return std::unexpected(CredentialsFault::kScheme);
  // RFC 9110 section 11.4: one or more spaces behind the scheme.
  const size_t begin = value.find_first_not_of(' ', kScheme.size());
  if (begin == std::string_view::npos) return std::unexpected(CredentialsFault::kMalformed);
  const std::string_view encoded = value.substr(begin);
  if (encoded.size() % 4 != 0) return std::unexpected(CredentialsFault::kMalformed);
  if (encoded.size() / 4 * 3 > storage.size()) return std::unexpected(CredentialsFault::kTooLarge);
  const std::optional<size_t> size = DecodeBase64(encoded, storage.data());
  if (!size) return std::unexpected(CredentialsFault::kMalformed);

  const std::string_view pair(storage.data(), *size);
  const size_t colon = pair.find(':');
  if (colon == 0 || colon == std::string_view::npos) return std::unexpected(CredentialsFault::kMalformed);
  if (std::ranges::any_of(pair, IsControl)) return std::unexpected(CredentialsFault::kMalformed);
  if (colon > kUserBytesMax) return std::unexpected(CredentialsFault::kTooLarge);
  return BasicCredentials{.user = pair.substr(0, colon), .password = pair.substr(colon + 1), .pair = pair};
}

std::expected<BasicCredentials, CredentialsFault> FindBasicCredentials(const RequestHead& head,
                                                                       CredentialStorage& storage) {
  const Field* found = nullptr;
  for (const Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "Authorization")) continue;
    if (found != nullptr) return std::unexpected(CredentialsFault::kSeveral);
    found = &field;
  }
  if (found == nullptr) return std::unexpected(CredentialsFault::kNone);
  return ParseBasicCredentials(found->value, storage);
}

std::string BasicChallenge(std::string_view realm) {
  std::string challenge = "Basic realm=\"";
  for (const char c : realm) {
    if (c == '"' || c == '\\') challenge += '\\';
    challenge += c;
  }
  return challenge + "\", charset=\"UTF-8\"";
}

}  // namespace brilliant::http
