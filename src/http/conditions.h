// Conditional requests (RFC 9110 section 13): does the request still make sense for what is there now? Pure; no
// allocation.
#ifndef BRILLIANT_HTTP_CONDITIONS_H_
#define BRILLIANT_HTTP_CONDITIONS_H_

#include <cstdint>
#include <limits>
#include <string_view>

#include "http/request.h"

namespace brilliant::http {

inline constexpr int64_t kNoLastModified = std::numeric_limits<int64_t>::min();

// What is known of the target's current representation.
struct Validators {
  std::string_view etag{};  // as in an ETag field, with quotes and W/; empty: none
  int64_t last_modified_seconds = kNoLastModified;
  bool exists = true;  // false: there is no representation now (a PUT that would create one)
};

enum class ConditionResult : uint8_t {
  kProceed,
  kNotModified,         // 304
  kPreconditionFailed,  // 412
};

// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 section 13.2.2.
// Several lines of an entity-tag field count as one list; invalid or repeated dates are ignored; a malformed tag
// matches nothing. Call it when the answer would otherwise be 2xx, just before acting. `now_seconds`: see
// ParseHttpDate().
[[nodiscard]] ConditionResult EvaluateConditions(const RequestHead& head, const Validators& current,
                                                 int64_t now_seconds);

// Whether If-Range lets Range count (RFC 9110 section 13.1.5; step 5 of section 13.2.2): absent, the same strong entity
// tag, or exactly the current Last-Modified. A date is a strong validator (section 8.8.2.2) only where the entity tag
// is one: else the representation may change again within that second. Malformed or repeated: it does not hold.
[[nodiscard]] bool IfRangeHolds(const RequestHead& head, const Validators& current, int64_t now_seconds);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_CONDITIONS_H_
