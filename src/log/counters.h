// What a worker counts. One writer, the worker's loop; readers in other threads and processes see each number whole,
// but not all of the same instant. Fixed layout without pointers: it may live in memory shared with the supervisor,
// which adds the workers up.
#ifndef BRILLIANT_LOG_COUNTERS_H_
#define BRILLIANT_LOG_COUNTERS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace brilliant::log {

// A number with one writer: no locked instruction.
class Counter {
 public:
  void Add(uint64_t by) { value_.store(get() + by, std::memory_order_relaxed); }
  void Subtract(uint64_t by) { value_.store(get() - by, std::memory_order_relaxed); }
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(Counter) == 8);

// Zeroed memory is a valid Counters. New counters go to the end.
struct Counters {
  Counter connections_accepted;
  Counter connections_active;   // now
  Counter connections_idle;     // of those: between two requests
  Counter connections_refused;  // closed at once: over the limit, or no descriptor left
  Counter requests;             // heads received, well-formed or not
  Counter responses[5];         // by class: [0] 1xx ... [4] 5xx
  Counter content_bytes_received;
  Counter bytes_sent;            // heads and content
  Counter responses_cut;         // ended before their announced length: the peer left, or the file became shorter
  Counter timeouts;              // connections closed by a timer
  Counter scripts_started;       // CGI
  Counter access_lines_dropped;  // for want of room
  Counter error_lines_dropped;

  // Counts the answer's status, 100 to 599.
  void CountResponse(int status) {
    if (status >= 100 && status <= 599) responses[static_cast<size_t>(status / 100 - 1)].Add(1);
  }
};
static_assert(std::is_standard_layout_v<Counters> && sizeof(Counters) == 17 * sizeof(Counter));

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_COUNTERS_H_
