// CheckMachine: the paths of a configuration against the disk, as the calling user sees it.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/loader.h"
#include "config/paths.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

enum class Kind : uint8_t { kFolder, kFile };

// What is asked of a path.
struct Need {
  Kind kind = Kind::kFolder;
  int access = 0;         // R_OK | W_OK | X_OK, of the last component
  std::string_view what;  // "root", for the message
};

struct Obstacle {
  std::string message;
  std::string hint;
};

std::string_view AccessName(int access) { return access == R_OK ? "read" : access == W_OK ? "write to" : "run"; }

// "alice:staff, mode 0750"
std::string Ownership(const struct stat& status) {
  const passwd* user = getpwuid(status.st_uid);
  const std::string owner = user != nullptr ? user->pw_name : fmt::format("{}", status.st_uid);
  const group* its_group = getgrgid(status.st_gid);
  const std::string group_name = its_group != nullptr ? its_group->gr_name : fmt::format("{}", status.st_gid);
  return fmt::format("it belongs to {}:{}, mode {:04o}", owner, group_name, status.st_mode & 07777U);
}

bool MayAccess(const std::string& path, int access) {
  return faccessat(AT_FDCWD, path.c_str(), access, AT_EACCESS) == 0;
}

// The first of `wanted` that the last component refuses, in words.
std::optional<Obstacle> CheckLast(const std::string& path, const struct stat& status, const Need& need) {
  const std::string shown = Printable(path);
  if (need.kind == Kind::kFolder && !S_ISDIR(status.st_mode))
    return Obstacle{fmt::format("{} is not a folder", shown), ""};
  if (need.kind == Kind::kFile && S_ISDIR(status.st_mode))
    return Obstacle{fmt::format("{} is a folder, not a file", shown), ""};
  for (const int access : {R_OK, W_OK, X_OK}) {
    if ((need.access & access) == 0 || MayAccess(path, access)) continue;
    const std::string_view verb = need.kind == Kind::kFolder && access == X_OK ? "enter" : AccessName(access);
    const char letter = access == R_OK ? 'r' : access == W_OK ? 'w' : 'x';
    return Obstacle{fmt::format("this user may not {} {}: permission {} is missing", verb, shown, letter),
                    Ownership(status)};
  }
  return std::nullopt;
}

// Why `component` can't be looked at: `above` was entered before.
Obstacle Unreachable(int error, const std::string& above, const std::string& component) {
  const std::string shown = Printable(component);
  if (error == ENOENT) return {fmt::format("{} does not exist", shown), fmt::format("{} exists", Printable(above))};
  if (error == EACCES) {
    struct stat status{};
    const bool known = stat(above.c_str(), &status) == 0;
    return {fmt::format("this user may not enter {}: permission x is missing", Printable(above)),
            known ? Ownership(status) : ""};
  }
  return {fmt::format("{}: {}", shown, std::strerror(error)), ""};
}

// Walks `path` from "/" down, so that the message can name the component that is in the way.
std::optional<Obstacle> FindObstacle(const std::string& path, const Need& need) {
  std::string above = "/";
  for (size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string component = path.substr(0, end);
    struct stat status{};
    if (stat(component.c_str(), &status) != 0) return Unreachable(errno, above, component);
    if (end == std::string::npos) return CheckLast(path, status, need);
    if (!S_ISDIR(status.st_mode)) return Obstacle{fmt::format("{} is not a folder", Printable(component)), ""};
    above = component;
  }
  return std::nullopt;
}

class MachineChecker {
 public:
  void Check(const std::string& path, const Need& need, const Position& position) {
    if (path.empty()) return;
    if (auto obstacle = FindObstacle(path, need)) {
      Warn(fmt::format("{} {}: {}", need.what, Printable(path), obstacle->message), obstacle->hint, position);
    }
  }
  // A file that will be created: its folder must be there.
  void CheckFolderOf(const std::string& path, std::string_view what, const Position& position) {
    if (!path.empty()) Check(std::string(ParentPath(path)), {Kind::kFolder, X_OK, what}, position);
  }
  void Warn(std::string message, std::string hint, const Position& position) {
    if (!seen_.insert(message).second) return;
    diagnostics_.push_back({.severity = Severity::kWarning,
                            .position = position,
                            .message = std::move(message),
                            .hint = std::move(hint),
                            .line = {}});
  }
  std::vector<Diagnostic> Take() { return std::move(diagnostics_); }

 private:
  std::set<std::string> seen_;
  std::vector<Diagnostic> diagnostics_;
};

// Deleted files are moved there, which no system does from one file system to another.
void CheckTrash(const Location& location, MachineChecker& checker) {
  const DeleteSettings& deletion = location.deletion;
  checker.Check(deletion.trash, {Kind::kFolder, R_OK | W_OK | X_OK, "trash"}, deletion.trash_position);
  struct stat trash{};
  struct stat root{};
  const bool known = stat(deletion.trash.c_str(), &trash) == 0 && stat(location.root.c_str(), &root) == 0;
  if (!known || trash.st_dev == root.st_dev) return;
  checker.Warn(fmt::format("trash {} is on another file system than root {}: nothing could be deleted",
                           Printable(deletion.trash), Printable(location.root)),
               "choose a folder beside the root", deletion.trash_position);
}

void CheckLocation(const Location& location, MachineChecker& checker) {
  if (location.auth) checker.Check(location.auth->file, {Kind::kFile, R_OK, "password file"}, location.auth->position);
  if (location.redirect) return;
  if (location.cgi) {
    const bool interpreted = !location.cgi->interpreter.empty();
    checker.Check(location.cgi->program, {Kind::kFile, interpreted ? R_OK : X_OK, "program"}, location.position);
    checker.Check(location.cgi->interpreter, {Kind::kFile, X_OK, "interpreter"}, location.position);
    for (const std::string& root : location.cgi->sendfile_roots)
      checker.Check(root, {Kind::kFolder, X_OK, "cgi_sendfile_roots"}, location.position);
  }
  const bool program = location.cgi && !location.cgi->program.empty();
  if (program && !location.root_given) return;
  const int access = X_OK | (location.autoindex ? R_OK : 0);
  checker.Check(location.root, {Kind::kFolder, access, "root"}, location.root_position);
  for (const std::string& root : location.symlink_roots) {
    checker.Check(root, {Kind::kFolder, X_OK, "symlink_roots"}, location.position);
  }
  if (location.cgi) return;
  if (!location.fallback.empty()) {
    checker.Check(JoinPath(location.root, location.fallback), {Kind::kFile, R_OK, "fallback"}, location.position);
  }
  if (location.upload_path && location.methods.Contains(http::Method::kPost)) {
    checker.Check(JoinPath(location.root, *location.upload_path), {Kind::kFolder, W_OK | X_OK, "upload_path"},
                  location.position);
  }
  const bool changes =
      location.methods.Contains(http::Method::kPut) || location.methods.Contains(http::Method::kDelete);
  if (changes) checker.Check(location.root, {Kind::kFolder, W_OK | X_OK, "root"}, location.root_position);
  if (location.methods.Contains(http::Method::kDelete) && !location.deletion.trash.empty())
    CheckTrash(location, checker);
}

void CheckUser(const Config& config, MachineChecker& checker) {
  if (!config.user.empty() && getpwnam(config.user.c_str()) == nullptr) {
    checker.Warn(fmt::format("there is no user {}", Quoted(config.user)), "", {});
  }
  if (!config.group.empty() && getgrnam(config.group.c_str()) == nullptr) {
    checker.Warn(fmt::format("there is no group {}", Quoted(config.group)), "", {});
  }
}

}  // namespace

std::vector<Diagnostic> CheckMachine(const Config& config) {
  MachineChecker checker;
  CheckUser(config, checker);
  checker.CheckFolderOf(config.pid_file, "folder of pid_file", {});
  checker.CheckFolderOf(config.error_log.path, "folder of error_log", {});
  checker.CheckFolderOf(config.access_log.path, "folder of access_log", {});
  for (const Server& server : config.servers) {
    for (const Listen& listen : server.listens) {
      checker.CheckFolderOf(listen.address.path, "folder of the socket", listen.position);
    }
    for (const ErrorPage& page : server.error_pages) {
      checker.Check(page.path, {Kind::kFile, R_OK, "error page"}, page.position);
    }
    for (const Location& location : server.locations) CheckLocation(location, checker);
    for (const Location& location : server.cgi_extensions) CheckLocation(location, checker);
  }
  return checker.Take();
}

}  // namespace brilliant::config
