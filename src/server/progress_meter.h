// Whether a client keeps the least rate (`client_rate_min`). Judged by the amount it moves, not by signs of life: a
// byte now and then keeps no connection open. Only time in which the server waits for the client counts, so that nobody
// is blamed for a slow handler or disk. Pure; lives in the exchange that waits.
#ifndef BRILLIANT_SERVER_PROGRESS_METER_H_
#define BRILLIANT_SERVER_PROGRESS_METER_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace brilliant::server {

class ProgressMeter {
 public:
  // `rate_min`: bytes a second, on average over each `term` of waiting. 0: one byte in each is enough.
  ProgressMeter(uint64_t rate_min, Milliseconds term) : rate_min_(rate_min), term_(term) {}

  // After a wait in which the client moved `bytes`. False: too little for too long, give it up. The client that stops
  // is given up after one term, for a wait as long as that is judged by itself.
  [[nodiscard]] bool Keeps(std::chrono::nanoseconds waited, uint64_t bytes) {
    const bool whole_term = waited >= term_;
    waited_ = whole_term ? waited : waited_ + waited;
    bytes_ = whole_term ? bytes : bytes_ + bytes;
    if (waited_ < term_) return true;
    const auto waited_ms = static_cast<uint64_t>(std::chrono::duration_cast<Milliseconds>(waited_).count());
    const bool enough = bytes_ >= std::max<uint64_t>(1, rate_min_ * waited_ms / 1000);
    waited_ = {};
    bytes_ = 0;
    return enough;
  }

 private:
  const uint64_t rate_min_;
  const Milliseconds term_;
  std::chrono::nanoseconds waited_{};  // in this term
  uint64_t bytes_ = 0;                 // in this term
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_PROGRESS_METER_H_
