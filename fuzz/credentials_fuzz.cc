// The input is the value of an Authorization field. What is accepted is a pair within its limits, and is written in one
// way only: encoded again, it is the same text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/credentials.h"

namespace {

std::string Encode(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) {
      const unsigned byte = i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0;
      bits = bits << 8 | byte;
    }
    for (size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
  }
  return text;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  brilliant::http::CredentialStorage storage;
  const auto credentials = brilliant::http::ParseBasicCredentials(value, storage);
  if (!credentials) return 0;
  const std::string pair = std::string(credentials->user) + ":" + std::string(credentials->password);
  CHECK(!credentials->user.empty() && credentials->user.size() <= brilliant::http::kUserBytesMax);
  CHECK(pair.size() <= brilliant::http::kCredentialBytesMax);
  CHECK(credentials->user.find(':') == std::string_view::npos);
  CHECK(std::ranges::none_of(pair, IsControl));
  CHECK(value.substr(value.find_last_of(' ') + 1) == Encode(pair));
  return 0;
}
