// How soon a worker that died is replaced: at once, unless it did not live. Deaths before it was ready or within a
// second of it are a crash loop, and each doubles the wait. One object per slot, owned by the generation. Pure: the
// caller has the clock.
#ifndef BRILLIANT_PROCESS_RESPAWN_POLICY_H_
#define BRILLIANT_PROCESS_RESPAWN_POLICY_H_

#include <optional>

#include "base/clock.h"

namespace brilliant::process {

class RespawnPolicy {
 public:
  static constexpr Milliseconds kFirstDelay{100};
  static constexpr Milliseconds kLongestDelay{10'000};
  static constexpr Milliseconds kShortLife{1'000};

  // A worker died; `served` is how long it had been ready, nothing if it never was. Returns how long to wait: 0 or a
  // delay.
  [[nodiscard]] Milliseconds AfterDeath(std::optional<Milliseconds> served);

  // Deaths in a row without a life between them.
  [[nodiscard]] int short_lives() const { return short_lives_; }

 private:
  int short_lives_ = 0;
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_RESPAWN_POLICY_H_
