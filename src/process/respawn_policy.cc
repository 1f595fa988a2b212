#include "process/respawn_policy.h"

#include <algorithm>

namespace brilliant::process {

Milliseconds RespawnPolicy::AfterDeath(std::optional<Milliseconds> served) {
  if (served && *served >= kShortLife) {
    short_lives_ = 0;
    return Milliseconds(0);
  }
  constexpr int kDoublingsMax = 10;  // beyond the longest delay, and far from an overflow
  const Milliseconds delay = kFirstDelay * (1 << std::min(short_lives_, kDoublingsMax));
  ++short_lives_;
  return std::min(delay, kLongestDelay);
}

}  // namespace brilliant::process
