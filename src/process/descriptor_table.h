// What a worker or the spawner is given when it is started, as the text of one environment variable: descriptors by
// name, who to become, and its place in the pool. Everything that is not in the table is closed by exec. Pure: written
// by the supervisor, read once by the new process.
//
//   version=2;role=worker;supervisor=812;slot=0;generation=1;config=5;control=6;page=7;listener=9,127.0.0.1:80
#ifndef BRILLIANT_PROCESS_DESCRIPTOR_TABLE_H_
#define BRILLIANT_PROCESS_DESCRIPTOR_TABLE_H_

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "process/privileges.h"

namespace brilliant::process {

inline constexpr char kTableVariable[] = "BRILLIANT_WORKER";
inline constexpr size_t kTableListenersMax = 1024;

struct DescriptorTable {
  // What the process is.
  enum class Role : uint8_t { kWorker, kSpawner };
  struct Listener {
    int fd = -1;
    std::string name;
    friend bool operator==(const Listener&, const Listener&) = default;
  };

  Role role = Role::kWorker;
  pid_t supervisor = 0;
  int slot = 0;
  int generation = 0;
  int config = -1;
  int control = -1;
  int page = -1;
  int access_log = -1;               // -1: off
  int error_log = -1;                // -1: standard error
  int cgroups = 0;                   // that a spawner makes for programs, at most
  std::optional<Identity> identity;  // whom to become; without the name
  std::vector<Listener> listeners;

  // All descriptors of the table, in no particular order.
  [[nodiscard]] std::vector<int> Descriptors() const;

  [[nodiscard]] std::string Encode() const;
  // Errors: kInvalid; kTooLarge: more than kTableListenersMax listeners.
  [[nodiscard]] static Result<DescriptorTable> Decode(std::string_view text);

  friend bool operator==(const DescriptorTable&, const DescriptorTable&) = default;
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_DESCRIPTOR_TABLE_H_
