#include "process/privileges.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/platform.h"

#if BRILLIANT_LINUX
#include <sys/prctl.h>
#endif

namespace brilliant::process {
namespace {

constexpr rlim_t kOpenFilesMax = 1 << 20;
constexpr int kGroupsMax = 1024;

std::optional<Identity> IdentityOf(const passwd& entry) {
#if defined(__APPLE__)
  using GroupNumber = int;
#else
  using GroupNumber = gid_t;
#endif
  std::vector<GroupNumber> groups(kGroupsMax);
  int count = kGroupsMax;
  if (getgrouplist(entry.pw_name, static_cast<GroupNumber>(entry.pw_gid), groups.data(), &count) < 0)
    return std::nullopt;
  return Identity{.uid = entry.pw_uid,
                  .gid = entry.pw_gid,
                  .groups = std::vector<gid_t>(groups.begin(), groups.begin() + count),
                  .name = entry.pw_name};
}

std::optional<Identity> FindUser(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  return entry == nullptr ? std::nullopt : IdentityOf(*entry);
}

Explained<Identity> ConfiguredIdentity(const config::Config& config) {
  std::optional<Identity> identity = FindUser(config.user);
  if (!identity) {
    return std::unexpected(
        fmt::format("user {} does not exist on this machine: create it or name another one with user", config.user));
  }
  if (config.group.empty()) return *identity;
  const group* entry = getgrnam(config.group.c_str());
  if (entry == nullptr) {
    return std::unexpected(
        fmt::format("group {} does not exist on this machine: create it or name another one with user", config.group));
  }
  identity->gid = entry->gr_gid;
  identity->groups = {entry->gr_gid};
  return *identity;
}

Explained<Identity> DefaultIdentity() {
  for (const char* name : {"www-data", "nobody"}) {
    if (std::optional<Identity> identity = FindUser(name)) return *identity;
  }
  return std::unexpected("started as root, and neither www-data nor nobody exists: name the user to run as with user");
}

Explained<Identity> OwnerOf(const std::string& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) {
    return std::unexpected(fmt::format("cannot look at {}: {}", folder, std::strerror(errno)));
  }
  if (status.st_uid == 0) {
    if (std::optional<Identity> nobody = FindUser("nobody")) return *nobody;
    return std::unexpected("started as root, and there is no user nobody: start as an ordinary user");
  }
  if (const passwd* entry = getpwuid(status.st_uid)) {
    if (std::optional<Identity> identity = IdentityOf(*entry)) return *identity;
  }
  return Identity{
      .uid = status.st_uid, .gid = status.st_gid, .groups = {status.st_gid}, .name = fmt::format("#{}", status.st_uid)};
}

std::unexpected<std::string> DropFailure(const char* step, const Identity& identity) {
  return std::unexpected(fmt::format("cannot become user {} (uid {}, gid {}): {}: {}", identity.name, identity.uid,
                                     identity.gid, step, std::strerror(errno)));
}

}  // namespace

Explained<IdentityChoice> ChooseIdentity(const config::Config& config, const std::optional<std::string>& quick_folder) {
  IdentityChoice choice;
  if (geteuid() != 0) {
    const std::optional<Identity> wanted = config.user.empty() ? std::nullopt : FindUser(config.user);
    if (!config.user.empty() && (!wanted || wanted->uid != geteuid())) {
      choice.warning = fmt::format("user {} is ignored: only root can start the server as another user", config.user);
    }
    return choice;
  }
  Explained<Identity> identity = !config.user.empty() ? ConfiguredIdentity(config)
                                 : quick_folder       ? OwnerOf(*quick_folder)
                                                      : DefaultIdentity();
  if (!identity) return std::unexpected(identity.error());
  choice.become = std::move(*identity);
  return choice;
}

Explained<void> DropPrivileges(const std::optional<Identity>& identity) {
  if (identity) {
    // In this order: only root may change groups, and nobody else may change users.
    if (setgroups(static_cast<int>(identity->groups.size()), identity->groups.data()) != 0) {
      return DropFailure("setgroups", *identity);
    }
    if (setgid(identity->gid) != 0) return DropFailure("setgid", *identity);
    if (setuid(identity->uid) != 0) return DropFailure("setuid", *identity);
    if (getuid() != identity->uid || geteuid() != identity->uid || getgid() != identity->gid ||
        getegid() != identity->gid) {
      errno = EPERM;
      return DropFailure("verification", *identity);
    }
    if (identity->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
      errno = EPERM;
      return DropFailure("root could be regained", *identity);
    }
    // The change of user leaves the process undumpable, and so it stays: a CGI program of the same user must not be
    // able to read a worker's memory through ptrace or /proc. The price is that a crashed worker leaves no core file.
  }
#if BRILLIANT_LINUX
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(
        fmt::format("cannot give up new privileges (PR_SET_NO_NEW_PRIVS): {}", std::strerror(errno)));
  }
#endif
  return {};
}

unsigned long RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t wanted = std::max(limit.rlim_cur, std::min(limit.rlim_max, kOpenFilesMax));
  if (wanted != limit.rlim_cur) {
    limit.rlim_cur = wanted;
    // A failure leaves the limit that was there: fewer connections, but a server.
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  }
  return static_cast<unsigned long>(limit.rlim_cur);
}

}  // namespace brilliant::process
