// What a worker and the keeper of one script say to each other over the script's lifeline, as bytes: one order from the
// worker, then reports from the keeper. The end of the lifeline ends the script. A keeper that has said kFree can be
// given another script of the same rule over the same lifeline: first kAgain, with the script's descriptors, then the
// order. Both ends are one machine and one program, so numbers are in the machine's own order; what comes from the
// other side is checked all the same, because the keeper must not trust a worker. Pure.
#ifndef BRILLIANT_CGI_SPAWN_PROTOCOL_H_
#define BRILLIANT_CGI_SPAWN_PROTOCOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cgi/start_fault.h"

namespace brilliant::cgi {

// An order with its length. Linux gives a new program at most 128 KiB for one string and, by default, 2 MiB for all.
inline constexpr size_t kOrderBytesMax = 262'144;
inline constexpr size_t kOrderArgumentsMax = 256;

inline constexpr char kAgain = 'A';
// How long a keeper that is free waits for another order, and how long a worker gives it one: less, because the worker
// may be kept from sending it.
inline constexpr Milliseconds kKeeperStays{100};
inline constexpr Milliseconds kKeeperIsAsked{10};

struct SpawnOrder {
  uint32_t rule = 0;                        // place in config::CgiRules()
  std::string script = {};                  // path beneath the rule's root ("app/x.py"); empty for `cgi PROGRAM`
  std::vector<std::string> arguments = {};  // after the program's name (RFC 3875 section 4.4)
  std::string environment = {};             // "NAME=value\0" for each variable
  friend bool operator==(const SpawnOrder&, const SpawnOrder&) = default;
};

// The bytes that go over the lifeline. kTooLarge: above kOrderBytesMax or kOrderArgumentsMax; kInvalid: a NUL where
// none may be.
[[nodiscard]] Result<std::string> EncodeOrder(const SpawnOrder& order);

// How many bytes the order that begins with these has, its length included. `bytes` has at least kOrderLengthBytes.
// kInvalid: no order.
inline constexpr size_t kOrderLengthBytes = sizeof(uint32_t);
[[nodiscard]] Result<size_t> OrderBytes(std::string_view bytes);
// `bytes`: all of them. kInvalid.
[[nodiscard]] Result<SpawnOrder> DecodeOrder(std::string_view bytes);

// What the keeper says.
struct ScriptReport {
  enum class Kind : uint8_t {
    kStarted = 1,  // the program runs; told soon, or together with its end
    kFailed,       // it could not be started: `fault`, `system_errno`; the last report
    kEnded,        // the program has ended; what it started may still write
    kAssigned,     // it has a place now, for which it had to wait: the spawner says so, before all others
    kFree,         // nothing is left of the program, and for kKeeperStays the keeper takes another order
  };
  Kind kind = Kind::kStarted;
  StartFault fault = StartFault::kNone;
  int system_errno = 0;
  int exit_code = 0;        // kEnded, if `signal` is 0
  int signal = 0;           // kEnded: that ended it
  uint64_t user_us = 0;     // kEnded: processor time of the program and of the children it waited for
  uint64_t system_us = 0;   // the same, in the kernel
  uint64_t memory_kib = 0;  // kEnded: most resident memory at one time
  uint64_t at_us = 0;       // kStarted, kAssigned, kFree: when, on the machine's monotonic clock
  friend bool operator==(const ScriptReport&, const ScriptReport&) = default;
};

inline constexpr size_t kReportNumbers = 9;
inline constexpr size_t kReportBytes = kReportNumbers * sizeof(uint64_t);
[[nodiscard]] std::array<char, kReportBytes> EncodeReport(const ScriptReport& report);
// `bytes`: kReportBytes of them. kInvalid.
[[nodiscard]] Result<ScriptReport> DecodeReport(std::string_view bytes);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_SPAWN_PROTOCOL_H_
