// The input is the value of a Range field; its first three bytes are a size (two of them) and a cap. What is selected
// must be disjoint, inside the file, in order, and what a naive reading marks byte by byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "http/ranges.h"

namespace {

using brilliant::http::ByteRange;
using brilliant::http::kPartOverheadBytes;
using brilliant::http::ParseRange;
using brilliant::http::RangeOutcome;
using brilliant::http::RangeSelection;

constexpr size_t kHeadBytes = 3;

// Every byte that was asked for, and by which member first.
struct Marks {
  bool valid = true;
  size_t members = 0;
  bool suffix_of_nothing = false;
  std::vector<size_t> by;  // 0: not asked for
};

// A number as text, so wide that no input is wider; nothing if it is none.
std::optional<std::string> Wide(std::string_view digits, size_t width) {
  if (digits.empty()) return std::nullopt;
  for (const char c : digits) {
    if (!brilliant::IsDigit(c)) return std::nullopt;
  }
  return std::string(width - digits.size(), '0') + std::string(digits);
}

// A number that no test's file reaches stands for all of those.
size_t Small(std::string_view wide) {
  constexpr size_t kDigits = 9;
  constexpr size_t kLarge = 1'000'000'000;
  if (wide.substr(0, wide.size() - kDigits).find_first_not_of('0') != std::string_view::npos) return kLarge;
  return brilliant::ParseDecimal(wide.substr(wide.size() - kDigits)).value_or(kLarge);
}

void MarkMember(std::string_view member, size_t width, Marks& marks) {
  const size_t size = marks.by.size();
  const size_t dash = member.find('-');
  ++marks.members;
  if (dash == std::string_view::npos) {
    marks.valid = false;
    return;
  }
  const std::optional<std::string> first = Wide(member.substr(0, dash), width);
  const std::optional<std::string> last = Wide(member.substr(dash + 1), width);
  const bool suffix = dash == 0;
  const bool open = dash + 1 == member.size();
  if ((!suffix && !first) || (!open && !last) || (suffix && open) || (first && last && *last < *first)) {
    marks.valid = false;
    return;
  }
  if (suffix && size == 0 && last->find_first_not_of('0') != std::string::npos) marks.suffix_of_nothing = true;
  const size_t from = first ? Small(*first) : 0;
  const size_t to = last ? Small(*last) : SIZE_MAX;
  for (size_t i = 0; i < size; ++i) {
    // A suffix is counted from the end: its last byte is the first of them.
    const size_t at = suffix ? size - i : i;
    const bool asked = at >= from && at <= to;
    if (asked && marks.by[i] == 0) marks.by[i] = marks.members;
  }
}

Marks ReadNaively(std::string_view value, size_t size) {
  Marks marks;
  marks.by.resize(size);
  const size_t width = value.size() + 20;
  if (value.size() < 6 || !brilliant::EqualsIgnoreCase(value.substr(0, 6), "bytes=")) marks.valid = false;
  std::string_view rest = value.substr(std::min<size_t>(6, value.size()));
  while (marks.valid) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view member = brilliant::TrimBlanks(rest.substr(0, comma));
    if (!member.empty()) MarkMember(member, width, marks);
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  return marks;
}

// The first member that asked for one of these bytes; 0: none did.
size_t FirstAsking(const Marks& marks, const ByteRange& range) {
  size_t first = 0;
  for (uint64_t i = range.offset; i < range.offset + range.length; ++i) {
    const size_t by = marks.by[i];
    if (by != 0 && (first == 0 || by < first)) first = by;
  }
  return first;
}

void CheckRanges(const RangeSelection& selection, const Marks& marks) {
  const size_t size = marks.by.size();
  std::vector<bool> covered(size);
  size_t order = 0;
  for (const ByteRange& range : selection.ranges) {
    CHECK(range.length > 0 && range.offset < size && range.length <= size - range.offset);
    CHECK(marks.by[range.offset] != 0 && marks.by[range.offset + range.length - 1] != 0);
    const size_t first = FirstAsking(marks, range);
    CHECK(first > order);
    order = first;
    size_t gap = 0;
    for (uint64_t i = range.offset; i < range.offset + range.length; ++i) {
      CHECK(!covered[i]);
      covered[i] = true;
      gap = marks.by[i] == 0 ? gap + 1 : 0;
      CHECK(gap < kPartOverheadBytes);
    }
  }
  size_t gap = kPartOverheadBytes;
  for (size_t i = 0; i < size; ++i) {
    CHECK(covered[i] || marks.by[i] == 0);
    // What begins here was not near enough to what ended before.
    CHECK(!covered[i] || gap == 0 || gap >= kPartOverheadBytes);
    gap = covered[i] ? 0 : gap + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kFileBytesMax = 2'048;
  constexpr size_t kValueBytesMax = 512;
  if (size < kHeadBytes || size > kHeadBytes + kValueBytesMax) return 0;
  const size_t file_size = (size_t{data[0]} << 8 | data[1]) % kFileBytesMax;
  const size_t ranges_max = data[2];
  const std::string_view value(reinterpret_cast<const char*>(data) + kHeadBytes, size - kHeadBytes);

  const RangeSelection selection = ParseRange(value, file_size, ranges_max);
  const Marks marks = ReadNaively(value, file_size);
  const bool anything = std::ranges::any_of(marks.by, [](size_t by) { return by != 0; });
  const bool ignored = !marks.valid || marks.members == 0 || marks.members > ranges_max || marks.suffix_of_nothing;
  if (ignored) {
    CHECK(selection.outcome == RangeOutcome::kWhole && selection.ranges.empty());
  } else if (!anything) {
    CHECK(selection.outcome == RangeOutcome::kUnsatisfiable && selection.ranges.empty());
  } else {
    CHECK(selection.outcome == RangeOutcome::kPartial && !selection.ranges.empty());
    CheckRanges(selection, marks);
  }
  return 0;
}
