#include "http/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

constexpr std::string_view kUnit = "bytes";

// One member of a range set. Numbers may have any length: without leading zeros, text compares like the number.
struct RangeSpec {
  std::string_view first;  // empty: a suffix
  std::string_view last;   // of a suffix, its length; empty: up to the end
};

// What was asked for, as positions of bytes that exist, and its place in the request.
struct Asked {
  uint64_t first = 0;
  uint64_t last = 0;
  size_t order = 0;
};

bool IsDigits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsDigit); }

std::string_view WithoutLeadingZeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

bool IsLess(std::string_view a, std::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

// A number beyond 64 bits is beyond every file, too.
uint64_t ValueOrMax(std::string_view digits) {
  constexpr size_t kDigitsSafe = std::numeric_limits<uint64_t>::digits10;
  if (digits.size() > kDigitsSafe) return std::numeric_limits<uint64_t>::max();
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

// RFC 9110 section 14.1.1: int-range or suffix-range; nothing for anything else.
std::optional<RangeSpec> ParseSpec(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  RangeSpec spec{.first = text.substr(0, dash), .last = text.substr(dash + 1)};
  if (!spec.first.empty()) {
    if (!IsDigits(spec.first)) return std::nullopt;
    spec.first = WithoutLeadingZeros(spec.first);
    if (spec.last.empty()) return spec;
  }
  if (!IsDigits(spec.last)) return std::nullopt;
  spec.last = WithoutLeadingZeros(spec.last);
  // A position before the first makes the whole field invalid, not only this member.
  if (!spec.first.empty() && IsLess(spec.last, spec.first)) return std::nullopt;
  return spec;
}

// Section 14.1.2. Nothing: no byte of it exists.
std::optional<Asked> Resolve(const RangeSpec& spec, uint64_t size, size_t order) {
  if (size == 0) return std::nullopt;
  Asked asked{.first = 0, .last = size - 1, .order = order};
  if (spec.first.empty()) {
    const uint64_t length = std::min(ValueOrMax(spec.last), size);
    if (length == 0) return std::nullopt;
    asked.first = size - length;
    return asked;
  }
  asked.first = ValueOrMax(spec.first);
  if (asked.first >= size) return std::nullopt;
  if (!spec.last.empty()) asked.last = std::min(ValueOrMax(spec.last), size - 1);
  return asked;
}

std::vector<ByteRange> Coalesce(std::vector<Asked> asked) {
  std::ranges::sort(asked, {}, &Asked::first);
  size_t count = 0;  // of those that are final, at the front
  for (const Asked& next : asked) {
    if (count > 0) {
      Asked& before = asked[count - 1];
      if (next.first <= before.last || next.first - before.last - 1 < kPartOverheadBytes) {
        before.last = std::max(before.last, next.last);
        before.order = std::min(before.order, next.order);
        continue;
      }
    }
    asked[count++] = next;
  }
  asked.resize(count);
  std::ranges::sort(asked, {}, &Asked::order);
  std::vector<ByteRange> ranges;
  ranges.reserve(count);
  for (const Asked& one : asked) ranges.push_back({.offset = one.first, .length = one.last - one.first + 1});
  return ranges;
}

}  // namespace

RangeSelection ParseRange(std::string_view value, uint64_t size, size_t ranges_max) {
  const size_t equals = value.find('=');
  if (equals == std::string_view::npos || !EqualsIgnoreCase(value.substr(0, equals), kUnit)) return {};
  ListReader members(value.substr(equals + 1));
  std::vector<Asked> asked;
  size_t count = 0;
  bool whole_of_nothing = false;
  std::string_view member;
  while (members.Next(member)) {
    if (member.empty()) continue;
    const std::optional<RangeSpec> spec = ParseSpec(member);
    if (!spec || ++count > ranges_max) return {};
    const std::optional<Asked> resolved = Resolve(*spec, size, count);
    if (resolved) asked.push_back(*resolved);
    // The last bytes of an empty representation are satisfiable, but no Content-Range can say so.
    if (size == 0 && spec->first.empty() && spec->last != "0") whole_of_nothing = true;
  }
  if (count == 0 || whole_of_nothing) return {};
  if (asked.empty()) return {.outcome = RangeOutcome::kUnsatisfiable};
  return {.outcome = RangeOutcome::kPartial, .ranges = Coalesce(std::move(asked))};
}

RangeSelection SelectRanges(const RequestHead& head, const Validators& current, uint64_t size, size_t ranges_max,
                            int64_t now_seconds) {
  if (head.method != Method::kGet || ranges_max == 0) return {};
  const Field* range = nullptr;
  for (const Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "Range")) continue;
    if (range != nullptr) return {};
    range = &field;
  }
  if (range == nullptr || !IfRangeHolds(head, current, now_seconds)) return {};
  return ParseRange(range->value, size, ranges_max);
}

std::string ContentRange(const ByteRange& range, uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, size);
}

std::string UnsatisfiedContentRange(uint64_t size) { return fmt::format("bytes */{}", size); }

}  // namespace brilliant::http
