// Control groups (version 2) for programs: a pool of leaves, each for one keeper (process/keeper.h) and what it starts.
// A leaf ends everything in it at once, whatever it forks meanwhile, and where the controllers are given to us it
// bounds processes and memory of all of it together. They are made before privileges are given up and stay the property
// of who made them, so that a program can't change its own limits; afterwards they are used through open descriptors.
//
// Owned by the spawner. Everything is optional: without groups, keepers find and end processes one by one.
#ifndef BRILLIANT_PROCESS_CGROUP_POOL_H_
#define BRILLIANT_PROCESS_CGROUP_POOL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "process/cgroup_place.h"

namespace brilliant::process {

// Leaves of one spawner; keepers beyond them have none.
inline constexpr size_t kCgroupLeavesMax = 256;
// That a leaf keeps open, at most.
inline constexpr size_t kLeafDescriptors = 5;
// A group of ours is called this and the number of the process that made it.
inline constexpr std::string_view kCgroupPrefix = "brilliantserver-";

// 0: none.
struct CgroupLimits {
  uint64_t processes = 0;
  uint64_t memory_bytes = 0;
  friend bool operator==(const CgroupLimits&, const CgroupLimits&) = default;
};

class CgroupLeaf {
 public:
  // Makes the folder, unless it is there, and ends what may be in it. Invalid (operator bool) if that is not possible.
  [[nodiscard]] static std::optional<CgroupLeaf> Make(const std::string& folder);

  // Moves the calling process in; what it forks stays in. False: it is where it was.
  [[nodiscard]] bool Enter() const;
  // Kills everything in it: the caller too, if it is. False: the kernel can't (before Linux 5.14).
  bool Kill() const;
  // For the keeper in it and the program together: the keeper is one process more. Writes what has changed.
  void SetLimits(const CgroupLimits& limits);
  // How often the system has killed something in it because of its memory limit.
  [[nodiscard]] uint64_t OutOfMemoryKills() const;

  // Its descriptors get the lowest numbers that are free.
  void TakeLowDescriptors();

  [[nodiscard]] bool limits_processes() const { return processes_max_.valid(); }
  [[nodiscard]] bool limits_memory() const { return memory_max_.valid(); }

 private:
  UniqueFd processes_;
  UniqueFd kill_;
  UniqueFd processes_max_;
  UniqueFd memory_max_;
  UniqueFd memory_events_;
  std::optional<CgroupLimits> limits_;  // unknown at first
};

class CgroupPool {
 public:
  CgroupPool() = default;
  // Up to `leaves` below `home`; fewer, or none, if there is no way. At most a quarter of the
  // descriptors that the process may have are used. Blocks.
  CgroupPool(const CgroupHome& home, size_t leaves);
  CgroupPool(CgroupPool&&) noexcept = default;
  CgroupPool& operator=(CgroupPool&&) noexcept = default;

  [[nodiscard]] size_t size() const { return leaves_.size(); }
  [[nodiscard]] bool limits_processes() const { return !leaves_.empty() && leaves_.front().limits_processes(); }
  [[nodiscard]] bool limits_memory() const { return !leaves_.empty() && leaves_.front().limits_memory(); }

  // The one that was given back longest ago. Null: there is none. Stays the pool's.
  [[nodiscard]] CgroupLeaf* Take();
  // Ends what is left in it. Null is ignored.
  void GiveBack(CgroupLeaf* leaf);
  // In a process that lives in `leaf` (null: in none): the others are not its business any more. Their descriptors are
  // closed, and those of `leaf` get the lowest numbers: the system copies the table of descriptors, up to the highest,
  // for each program that is started.
  void LeaveOthers(const CgroupLeaf* leaf);
  // Ends everything in all of them.
  void KillAll() const;

 private:
  std::deque<CgroupLeaf> leaves_;  // which do not move
  std::deque<CgroupLeaf*> free_;
};

// Removes groups below `home` whose maker is gone, as far as nothing runs in them. For the supervisor when a spawner
// has ended, and for a spawner before it makes its own: predecessors may have had no time. Blocks.
void SweepCgroups(const std::string& home);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_CGROUP_POOL_H_
