// How many attempts to get in are under way, in total and by client: beyond a limit there are no more, so that nobody
// can take all the memory, or all the turns. One per PasswordGate; on the loop.
#ifndef BRILLIANT_HANDLERS_ATTEMPTS_H_
#define BRILLIANT_HANDLERS_ATTEMPTS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace brilliant::handlers {

inline constexpr size_t kAttemptsMax = 512;
inline constexpr size_t kAttemptsPerClientMax = 32;

// Whose attempts count together: one IPv4 address, or one IPv6 network of 64 bits, which one person can have for
// themself. Clients of a unix socket can't be told apart: empty, and only the total counts.
[[nodiscard]] std::string ClientGroup(std::string_view client);

class Attempts {
 public:
  Attempts() = default;
  ~Attempts();  // CHECKs that none is under way
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;

  [[nodiscard]] size_t total() const { return total_; }

 private:
  friend class Attempt;
  [[nodiscard]] bool TryBegin(const std::string& group);
  void End(const std::string& group);

  size_t total_ = 0;
  std::unordered_map<std::string, size_t> by_group_;
};

// One attempt, for as long as it lives. `attempts` outlives it.
class Attempt {
 public:
  Attempt(Attempts& attempts, std::string_view client)
      : attempts_(attempts), group_(ClientGroup(client)), admitted_(attempts.TryBegin(group_)) {}
  ~Attempt() {
    if (admitted_) attempts_.End(group_);
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  // False: a limit is reached, and this does not count.
  [[nodiscard]] bool admitted() const { return admitted_; }

 private:
  Attempts& attempts_;
  const std::string group_;
  const bool admitted_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_ATTEMPTS_H_
