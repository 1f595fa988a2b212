// Byte ranges (RFC 9110 section 14): which parts of a representation a request gets. Pure.
//
// Whatever a client asks for, what is selected is disjoint and lies inside the representation, so that all parts
// together never have more bytes than it.
#ifndef BRILLIANT_HTTP_RANGES_H_
#define BRILLIANT_HTTP_RANGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/conditions.h"
#include "http/request.h"

namespace brilliant::http {

// What a part of a multipart/byteranges costs besides its bytes, about: ranges with a smaller gap between them are sent
// as one (RFC 9110 section 15.3.7.2).
inline constexpr uint64_t kPartOverheadBytes = 80;

struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;  // at least 1
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeOutcome : uint8_t {
  kWhole,          // no range, or one that is to be ignored: 200
  kPartial,        // 206
  kUnsatisfiable,  // 416
};

struct RangeSelection {
  RangeOutcome outcome = RangeOutcome::kWhole;
  std::vector<ByteRange> ranges{};  // of kPartial: one or more, in the order in which they were asked for
};

// What the value of a Range field selects of `size` bytes. Other units than bytes, malformed values and more than
// `ranges_max` ranges are ignored (sections 14.2 and 17.15). Ranges without a byte in the representation are dropped;
// those that overlap, touch or nearly touch become one, which stands where the first of them was asked for.
[[nodiscard]] RangeSelection ParseRange(std::string_view value, uint64_t size, size_t ranges_max);

// What a request gets of the current representation (section 13.2.2, step 5, and section 14.2): for a GET whose
// conditions hold. Several Range lines are ignored, and so are all if `ranges_max` is 0 or If-Range does not hold.
[[nodiscard]] RangeSelection SelectRanges(const RequestHead& head, const Validators& current, uint64_t size,
                                          size_t ranges_max, int64_t now_seconds);

// The value of a Content-Range field (section 14.4): "bytes 0-99/1000", and "bytes */1000" for a 416.
[[nodiscard]] std::string ContentRange(const ByteRange& range, uint64_t size);
[[nodiscard]] std::string UnsatisfiedContentRange(uint64_t size);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_RANGES_H_
