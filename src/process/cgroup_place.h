// Where control groups may be made: the unified hierarchy (version 2) as the kernel describes it in
// /proc/self/mountinfo, and the place of this process in it. Only Linux has them; elsewhere nothing is found.
#ifndef BRILLIANT_PROCESS_CGROUP_PLACE_H_
#define BRILLIANT_PROCESS_CGROUP_PLACE_H_

#include <optional>
#include <string>
#include <string_view>

namespace brilliant::process {

struct CgroupMount {
  std::string folder;  // where it is mounted
  std::string root;    // the group that is seen there; "/" unless a container shows a part
  friend bool operator==(const CgroupMount&, const CgroupMount&) = default;
};

// Pure. The first writable mount of the unified hierarchy. `mountinfo`: the file's text.
[[nodiscard]] std::optional<CgroupMount> FindCgroupMount(std::string_view mountinfo);

// Pure. The process's group in that hierarchy, "/system.slice/x.service", from the text of /proc/self/cgroup; empty: it
// is in none.
[[nodiscard]] std::string OwnCgroup(std::string_view cgroup);

// Pure. The folder of group `own`; empty: the mount does not show it.
[[nodiscard]] std::string CgroupFolder(const CgroupMount& mount, std::string_view own);

// The folder below which this process makes its groups: its own group, or the one above if the service manager has
// given that one away (systemd's Delegate= with DelegateSubgroup=), because limits can be set only where no process is.
struct CgroupHome {
  std::string folder;      // empty: there is none
  bool delegated = false;  // given to us: its own settings are ours as well
};
// Blocks.
[[nodiscard]] CgroupHome FindCgroupHome();

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_CGROUP_PLACE_H_
