// Which user the workers run as, and how a process becomes that user for good. The supervisor chooses (it may ask the
// user database); the worker, straight after it was started, and the check of the roots become it.
#ifndef BRILLIANT_PROCESS_PRIVILEGES_H_
#define BRILLIANT_PROCESS_PRIVILEGES_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "process/explained.h"

namespace brilliant::process {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary, `gid` among them
  std::string name;           // for messages
  friend bool operator==(const Identity&, const Identity&) = default;
};

struct IdentityChoice {
  std::optional<Identity> become;  // absent: stay who we are
  std::string warning;             // one line, or empty
};

// Started as root: the configured user; else, in quick mode, the owner of the served folder; else www-data; and nobody
// where that is root or does not exist. Started as somebody else: nobody can be become, and a `user` that says
// otherwise is a warning.
[[nodiscard]] Explained<IdentityChoice> ChooseIdentity(const config::Config& config,
                                                       const std::optional<std::string>& quick_folder);

// Becomes `identity` (which may be root, if that was asked for) and makes sure there is no way back; without one, only
// gives up the ways to gain privileges. After an error the process must end: it may be half way.
[[nodiscard]] Explained<void> DropPrivileges(const std::optional<Identity>& identity);

// Raises the number of files the process and its children may open to what the system allows, at most 2^20. Returns it.
unsigned long RaiseFileLimit();

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_PRIVILEGES_H_
