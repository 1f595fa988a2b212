// Whatever clients send, a line of the access log stays one line: Combined has its six quotes and no control byte, JSON
// is an object in well-formed UTF-8 by a checker that accepts RFC 8259 and nothing else.
//
// Input: values separated by 0xff 0x00, in the order client, user, method, target, request line, referer, user agent,
// host.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"
#include "log/access_log.h"

namespace {

using brilliant::HexValue;
using brilliant::IsDigit;

class JsonChecker {
 public:
  explicit JsonChecker(std::string_view text) : rest_(text) {}

  // An object of members with string and number values, and nothing after it.
  bool IsObject() {
    if (!Take('{')) return false;
    do {
      if (!String() || !Take(':') || !(String() || Number())) return false;
    } while (Take(','));
    return Take('}') && rest_.empty();
  }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool String() {
    if (!Take('"')) return false;
    while (!rest_.empty() && rest_.front() != '"') {
      if (!Character()) return false;
    }
    return Take('"');
  }

  bool Character() {
    const auto first = static_cast<uint8_t>(rest_.front());
    if (first < 0x20 || first == 0x7f) return false;
    if (first == '\\') {
      const bool escape = rest_.size() >= 6 && rest_[1] == 'u' &&
                          std::all_of(rest_.begin() + 2, rest_.begin() + 6, [](char c) { return HexValue(c) >= 0; });
      if (escape) rest_.remove_prefix(6);
      return escape;
    }
    return first < 0x80 ? Take(rest_.front()) : Multibyte();
  }

  // RFC 3629 section 4, written down as its table; and none of the characters that log lines escape.
  bool Multibyte() {
    struct Row {
      uint8_t first_low, first_high, second_low, second_high;
      size_t length;
    };
    constexpr Row kRows[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
                             {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
                             {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    const auto byte = [this](size_t i) { return static_cast<uint8_t>(rest_[i]); };
    for (const Row& row : kRows) {
      if (byte(0) < row.first_low || byte(0) > row.first_high || rest_.size() < row.length) continue;
      if (byte(1) < row.second_low || byte(1) > row.second_high) return false;
      for (size_t i = 2; i < row.length; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xbf) return false;
      }
      const uint32_t two = byte(0) << 8 | byte(1);
      const uint32_t three = two << 8 | (row.length > 2 ? byte(2) : 0);
      const bool unsafe = (two >= 0xc280 && two <= 0xc29f) || (row.length == 2 && two == 0xd89c) ||
                          (three >= 0xe2808e && three <= 0xe2808f) || (three >= 0xe280a8 && three <= 0xe280ae) ||
                          (three >= 0xe281a6 && three <= 0xe281a9);
      if (row.length < 4 && unsafe) return false;
      rest_.remove_prefix(row.length);
      return true;
    }
    return false;
  }

  bool Number() {
    const std::string_view before = rest_;
    while (!rest_.empty() && IsDigit(rest_.front())) rest_.remove_prefix(1);
    const size_t whole = before.size() - rest_.size();
    if (whole == 0 || (whole > 1 && before.front() == '0')) return false;
    if (!Take('.')) return true;
    const size_t fraction = rest_.size();
    while (!rest_.empty() && IsDigit(rest_.front())) rest_.remove_prefix(1);
    return rest_.size() < fraction;
  }

  std::string_view rest_;
};

void CheckCombined(std::string_view line) {
  CHECK(line.ends_with('\n'));
  line.remove_suffix(1);
  CHECK(std::none_of(line.begin(), line.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }));
  CHECK(std::count(line.begin(), line.end(), '"') == 6);
  // The words before the request: client - user [date zone].
  const std::string_view before = line.substr(0, line.find('"'));
  CHECK(std::count(before.begin(), before.end(), ' ') == 5);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 8> values;
  for (std::string_view& value : values) {
    const size_t end = std::min(rest.find(std::string_view("\xff\0", 2)), rest.size());
    value = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  brilliant::log::AccessRecord record;
  record.client = values[0];
  record.user = values[1];
  record.time.nanoseconds = static_cast<int64_t>(size) * 86'400'123'456'789;
  record.method = values[2];
  record.target = values[3];
  record.raw_request_line = values[4];
  record.status = static_cast<int>(size % 1000);
  record.content_bytes = size;
  record.referer = values[5];
  record.user_agent = values[6];
  record.host = values[7];
  record.duration_us = size * 997;

  std::string combined;
  FormatAccessLine(record, brilliant::log::AccessFormat::kCombined, combined);
  CHECK(combined.size() <= brilliant::log::kAccessLineBytesMax);
  CheckCombined(combined);
  std::string json;
  FormatAccessLine(record, brilliant::log::AccessFormat::kJson, json);
  CHECK(json.size() <= brilliant::log::kAccessLineBytesMax && json.ends_with('\n'));
  CHECK(JsonChecker(std::string_view(json).substr(0, json.size() - 1)).IsObject());
  return 0;
}
