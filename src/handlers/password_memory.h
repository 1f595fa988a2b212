// Passwords that were right a moment ago, so that not every request pays for a hash that is slow on purpose. What is
// kept are keyed hashes (SipHash-2-4 under keys of this process, 128 bits of it), never a password; the user's line in
// the password file is part of it, so that a changed password, or a removed user, is forgotten at once. One per
// PasswordGate; on the loop.
#ifndef BRILLIANT_HANDLERS_PASSWORD_MEMORY_H_
#define BRILLIANT_HANDLERS_PASSWORD_MEMORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "files/path_hash.h"

namespace brilliant::handlers {

// A password is asked of libcrypt again after so long.
inline constexpr Milliseconds kPasswordKnownFor{600'000};

class PasswordMemory {
 public:
  // Passwords kept; within a set, the one that came first gives way.
  static constexpr size_t kSets = 128;
  static constexpr size_t kSetSize = 8;

  PasswordMemory() : first_key_(files::RandomHashKey()), second_key_(files::RandomHashKey()) {}

  // `pair`: user and password with a colon between them. `hash`: the user's, from the file. Allocates nothing.
  [[nodiscard]] bool Knows(std::string_view pair, std::string_view hash, MonotonicTime now) const;
  void Remember(std::string_view pair, std::string_view hash, MonotonicTime now);

 private:
  struct Mark {
    uint64_t pair_first = 0;
    uint64_t pair_second = 0;
    uint64_t hash = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  struct Entry {
    Mark mark;
    MonotonicTime until{};
  };
  using Set = std::array<Entry, kSetSize>;

  [[nodiscard]] Mark MarkOf(std::string_view pair, std::string_view hash) const;

  const files::HashKey first_key_;
  const files::HashKey second_key_;
  std::array<Set, kSets> sets_{};
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_PASSWORD_MEMORY_H_
