#include "config/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/strings.h"
#include "config/limits.h"
#include "config/paths.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

using http::Method;
using PathIndex = std::unordered_map<std::string_view, int>;  // path of a location -> its index

PathIndex IndexPaths(const Server& server, bool (*wanted)(const Location&)) {
  PathIndex index;
  for (size_t i = 0; i < server.locations.size(); ++i) {
    if (wanted(server.locations[i])) index.emplace(server.locations[i].path, static_cast<int>(i));
  }
  return index;
}

// The entry for `path` or the nearest folder above it, or -1.
int Nearest(const PathIndex& index, std::string_view path) {
  while (true) {
    if (const auto found = index.find(path); found != index.end()) return found->second;
    if (path.size() <= 1) return -1;
    path = ParentPath(path);
  }
}

bool IsAny(const Location&) { return true; }
bool HasProgram(const Location& location) { return location.cgi && !location.cgi->every_file; }

void AddUploadFolders(const Location& location, std::vector<std::string>& folders) {
  if (location.cgi || location.redirect) return;
  if (location.methods.Contains(Method::kPut)) folders.push_back(location.root);
  if (location.upload_path && location.methods.Contains(Method::kPost)) {
    folders.push_back(JoinPath(location.root, *location.upload_path));
  }
}

std::set<std::string> KnownUploadFolders(const Builder& builder) {
  std::vector<std::string> folders;
  for (size_t i = 0; i < builder.config.servers.size(); ++i) {
    const Server& server = builder.config.servers[i];
    for (size_t j = 0; j < server.locations.size(); ++j) {
      if (builder.servers[i].locations[j].root_known) AddUploadFolders(server.locations[j], folders);
    }
  }
  return {folders.begin(), folders.end()};
}

// A location with `cgi PROGRAM` runs it for every target below: what stands deeper is never reached.
void CheckShadowed(const Server& server, const ServerNotes& notes, Reporter& reporter) {
  const PathIndex programs = IndexPaths(server, HasProgram);
  if (programs.empty()) return;
  for (size_t i = 0; i < server.locations.size(); ++i) {
    const Location& location = server.locations[i];
    const int above = HasProgram(location) ? -1 : Nearest(programs, location.path);
    if (above < 0) continue;
    const Span& span = notes.locations[i].path;
    const std::string where = reporter.Where(notes.locations[static_cast<size_t>(above)].program, span);
    reporter.Error(span, fmt::format("location {} can never match", Printable(location.path)),
                   fmt::format("the program on {} answers everything below {}", where,
                               Printable(server.locations[static_cast<size_t>(above)].path)));
  }
  const auto root = programs.find("/");
  if (root == programs.end()) return;
  for (size_t i = 0; i < server.cgi_extensions.size(); ++i) {
    const Span& span = notes.cgi_extensions[i].path;
    reporter.Error(span, fmt::format("cgi {} can never match", Printable(server.cgi_extensions[i].cgi->extension)),
                   fmt::format("the program on {} answers everything",
                               reporter.Where(notes.locations[static_cast<size_t>(root->second)].program, span)));
  }
}

void CheckRedirect(const Location& location, const LocationNotes& notes, int target_location, int index,
                   Reporter& reporter) {
  if (location.cgi) {
    reporter.Error(notes.redirect, "this location can't both run a program and redirect",
                   "remove \"redirect_to\" or \"cgi\"");
    return;
  }
  if (target_location == index) {
    reporter.Warning(notes.redirect, "this redirect leads back to its own location: browsers go round in circles",
                     "redirect to a path outside of it");
  }
  if (notes.root.line != 0 || notes.upload.line != 0 || notes.fallback.line != 0 || notes.cache_control_given) {
    reporter.Warning(notes.redirect,
                     "this redirect answers every request of the location: its other directives have no effect",
                     "remove them, or the redirect");
  }
}

void CheckUploads(const Location& location, const LocationNotes& notes, Reporter& reporter) {
  const bool posts = location.methods.Contains(Method::kPost);
  if (location.redirect || !notes.methods_known) return;
  if (location.cgi) {
    if (notes.upload.line == 0) return;
    reporter.Error(notes.upload, "a location that runs a program stores no uploads: the program gets what is posted",
                   "remove \"upload_path\" or \"cgi\"");
  } else if (posts && notes.upload.line == 0) {
    reporter.Warning(notes.methods, "POST is allowed, but there is no place to store what is posted",
                     "add for example: upload_path /");
  } else if (!posts && notes.upload.line != 0) {
    reporter.Warning(notes.upload, "\"upload_path\" has no effect: POST is not allowed here",
                     "add for example: methods GET POST");
  }
}

void CheckUploadSettings(const Location& location, const LocationNotes& notes, Reporter& reporter) {
  if (notes.upload_settings.line == 0 || location.redirect || !notes.methods_known || StoresUploads(location)) return;
  reporter.Warning(notes.upload_settings, "nothing is stored here: this directive has no effect",
                   location.cgi ? "remove it" : "add for example: methods GET PUT");
}

bool Overlaps(const std::string& a, const std::string& b) { return IsWithin(a, b) || IsWithin(b, a); }

void CheckTrash(Builder& builder, const std::string& trash, const Span& span) {
  // Programs don't hand out files, and no script is called as what lies there.
  const auto overlaps = [&trash](const Location& location) {
    const bool has_files = !location.cgi && !location.redirect;
    return (has_files && Overlaps(trash, location.root)) ||
           std::ranges::any_of(location.symlink_roots, [&](const std::string& root) { return Overlaps(trash, root); });
  };
  for (const Server& server : builder.config.servers) {
    if (std::ranges::none_of(server.locations, overlaps)) continue;
    return builder.reporter.Error(span, fmt::format("the trash {} and what is served overlap", Quoted(trash)),
                                  "choose a folder beside the root, on the same file system");
  }
}

void CheckDeletion(const Location& location, const LocationNotes& notes, Reporter& reporter) {
  if (notes.deletion.line == 0 || location.redirect) return;
  if (location.cgi) {
    reporter.Warning(notes.deletion, "this has no effect: the program answers everything", "remove it");
  } else if (notes.methods_known && !location.methods.Contains(Method::kDelete)) {
    reporter.Warning(notes.deletion, "this has no effect: DELETE is not allowed here",
                     "add for example: methods GET DELETE");
  }
}

// What was deleted must not be there for clients under another name.
void CheckTrashes(Builder& builder) {
  for (size_t i = 0; i < builder.config.servers.size(); ++i) {
    for (size_t j = 0; j < builder.config.servers[i].locations.size(); ++j) {
      const std::string& trash = builder.config.servers[i].locations[j].deletion.trash;
      if (!trash.empty()) CheckTrash(builder, trash, builder.servers[i].locations[j].trash);
    }
  }
}

void CheckFallback(const Location& location, const LocationNotes& notes, Reporter& reporter) {
  if (location.fallback.empty()) return;
  if (location.cgi) {
    reporter.Warning(notes.fallback, "\"fallback\" has no effect: the program answers everything", "remove it");
  } else if (!location.dotfiles && location.fallback.find("/.") != std::string::npos) {
    reporter.Error(notes.fallback, "this fallback is hidden: files that begin with a dot are not served here",
                   "choose another name, or add: dotfiles on");
  }
}

// RFC 9111 section 3.5: what is said so may be kept by caches that many people share, although it was asked for with a
// password. One such place says enough.
void CheckSharing(const Server& server, const ServerNotes& all_notes, Reporter& reporter) {
  for (size_t i = 0; i < server.locations.size(); ++i) {
    const Location& location = server.locations[i];
    const LocationNotes& notes = all_notes.locations[i];
    if (!location.auth || location.cgi || location.redirect) continue;
    if (!location.auth->methods.empty() && !location.auth->methods.Contains(Method::kGet)) continue;
    const std::string& said = location.cache_control;
    if (said.find("private") != std::string::npos || said.find("no-store") != std::string::npos) continue;
    for (const std::string_view shared : {"public", "s-maxage", "must-revalidate"}) {
      if (said.find(shared) == std::string::npos) continue;
      const std::string where = reporter.Where(notes.auth, notes.cache_control);
      return reporter.Warning(
          notes.cache_control,
          fmt::format("with \"{}\", shared caches hand out what auth_basic on {} protects", shared, where),
          "write \"private\" instead");
    }
  }
}

// One `listen` of one server, with what the text says about both.
struct Socket {
  std::string address;
  Listen* listen;
  ListenNotes* notes;
  const Server* server;
  const ServerNotes* server_notes;
};

std::vector<Socket> ListSockets(Builder& builder) {
  std::vector<Socket> sockets;
  for (size_t i = 0; i < builder.config.servers.size(); ++i) {
    Server& server = builder.config.servers[i];
    ServerNotes& notes = builder.servers[i];
    for (size_t j = 0; j < server.listens.size(); ++j) {
      sockets.push_back({server.listens[j].address.ToString(), &server.listens[j], &notes.listens[j], &server, &notes});
    }
  }
  return sockets;
}

using NameAtAddress = std::pair<std::string_view, std::string_view>;
using TakenNames = std::map<NameAtAddress, Span>;

void TakeNames(const Socket& socket, TakenNames& taken, Reporter& reporter) {
  const ServerNotes& notes = *socket.server_notes;
  for (size_t i = 0; i < socket.server->names.size(); ++i) {
    const std::string& name = socket.server->names[i];
    const Span& span = notes.names.empty() ? socket.notes->span : notes.names[i];
    if (taken.size() >= kNamesMax) {
      return reporter.Error(span, fmt::format("more than {} names on all addresses together", kNamesMax),
                            "use names such as \"*.example.com\"");
    }
    const auto [first, is_first] = taken.emplace(NameAtAddress(socket.address, name), span);
    if (is_first) continue;
    const std::string what = name.empty() ? "no server_name" : "the name " + Quoted(name);
    reporter.Error(
        span, fmt::format("two servers listen on {} with {}", Printable(socket.address), what),
        fmt::format("the other is on {}: change its name or its address", reporter.Where(first->second, span)));
  }
}

// Options belong to the socket, and servers may share one: whoever gives them, gives them for all.
void MergeOptions(const Socket& socket, const Socket& first, Reporter& reporter) {
  if (socket.notes->backlog_given && first.notes->backlog_given && socket.listen->backlog != first.listen->backlog) {
    const std::string where = reporter.Where(first.notes->span, socket.notes->span);
    return reporter.Error(socket.notes->span, fmt::format("another backlog for {}", Printable(socket.address)),
                          fmt::format("give it once, or the same as on {}", where));
  }
  if (socket.notes->backlog_given) first.listen->backlog = socket.listen->backlog;
  first.notes->backlog_given |= socket.notes->backlog_given;
  first.listen->shared |= socket.listen->shared;
  first.listen->proxy_protocol |= socket.listen->proxy_protocol;
}

void CheckSockets(Builder& builder) {
  const std::vector<Socket> sockets = ListSockets(builder);
  std::map<std::string_view, const Socket*> firsts;
  TakenNames taken;
  for (const Socket& socket : sockets) {
    const auto [first, is_first] = firsts.emplace(socket.address, &socket);
    if (!is_first) MergeOptions(socket, *first->second, builder.reporter);
    TakeNames(socket, taken, builder.reporter);
  }
  for (const Socket& socket : sockets) {
    const Listen& first = *firsts.at(socket.address)->listen;
    socket.listen->backlog = first.backlog;
    socket.listen->shared = first.shared;
    socket.listen->proxy_protocol = first.proxy_protocol;
  }
}

// Who may name clients must be known, or nobody may.
void CheckProxies(Builder& builder) {
  const Config& config = builder.config;
  if (builder.forwarded_field.line != 0 && config.trusted_proxies.empty() && !config.unix_proxies_trusted) {
    builder.reporter.Warning(builder.forwarded_field, "\"forwarded_field\" has no effect: no proxy is trusted",
                             "name its address, for example: trusted_proxy 10.0.0.1");
  }
  for (size_t i = 0; i < config.servers.size(); ++i) {
    for (size_t j = 0; j < config.servers[i].listens.size(); ++j) {
      const ListenNotes& notes = builder.servers[i].listens[j];
      if (!notes.proxy_protocol_given) continue;
      const bool is_unix = config.servers[i].listens[j].address.family == ListenAddress::Family::kUnix;
      if (is_unix ? config.unix_proxies_trusted : !config.trusted_proxies.empty()) continue;
      builder.reporter.Error(
          notes.span, "no proxy is trusted here, so that nobody could connect",
          fmt::format("add at the top level, for example: trusted_proxy {}", is_unix ? "unix:" : "10.0.0.1"));
    }
  }
}

// One server, as the checks of uploads look at it.
struct ServerPaths {
  explicit ServerPaths(const Server& server_in) : server(server_in), locations(IndexPaths(server_in, IsAny)) {
    for (const Location& location : server.locations) {
      if (!StoresUploads(location)) readers.insert(location.path);
    }
  }
  const Server& server;
  PathIndex locations;
  std::set<std::string_view> readers;  // the locations that store nothing
};

// Would a file stored in `folder`, which lies below their root, be asked for as one of `scripts`? Not if every location
// it could be asked for in stores uploads itself: such a location has no scripts of an extension.
bool IsAskedFor(const ServerPaths& paths, const Location& scripts, const std::string& folder) {
  if (scripts.cgi->every_file) return true;
  const std::string target = folder.substr(scripts.root == "/" ? 0 : scripts.root.size());
  const int nearest = Nearest(paths.locations, target);
  if (nearest < 0 || !StoresUploads(paths.server.locations[static_cast<size_t>(nearest)])) return true;
  const auto deeper = paths.readers.lower_bound(target + '/');
  return deeper != paths.readers.end() && IsWithin(*deeper, target);
}

// Nothing below a folder for uploads is ever run: so scripts that lie there are a mistake.
struct ScriptFolderChecker {
  void Check(const ServerPaths& paths, const Location& scripts, const LocationNotes& notes, const Span& span) {
    if (!notes.root_known) return;
    const std::string rule = "cgi " + (scripts.cgi->every_file ? "*" : Printable(scripts.cgi->extension));
    for (const std::string& folder : folders) {
      if (++looks > kScriptFolderLooksMax) return;
      const std::string shown = Printable(folder);
      if (IsWithin(scripts.root, folder)) {
        return reporter.Warning(span,
                                fmt::format("no script of {} will run: clients may store files in {}", rule, shown),
                                "keep uploads apart from scripts: change this root, or that of the uploads");
      }
      if (!IsWithin(folder, scripts.root) || !IsAskedFor(paths, scripts, folder)) continue;
      return reporter.Warning(
          span,
          fmt::format("clients may store files in {}, which is also a folder of {} scripts: none runs there", shown,
                      rule),
          "keep uploads apart from scripts");
    }
  }

  const std::set<std::string>& folders;
  Reporter& reporter;
  size_t looks = 0;
};

void CheckScriptFolders(Builder& builder, const std::set<std::string>& folders) {
  ScriptFolderChecker checker{.folders = folders, .reporter = builder.reporter};
  for (size_t i = 0; i < builder.config.servers.size(); ++i) {
    const ServerPaths paths(builder.config.servers[i]);
    const ServerNotes& notes = builder.servers[i];
    for (size_t j = 0; j < paths.server.locations.size(); ++j) {
      const Location& location = paths.server.locations[j];
      if (location.cgi && location.cgi->every_file)
        checker.Check(paths, location, notes.locations[j], notes.locations[j].program);
    }
    for (size_t j = 0; j < paths.server.cgi_extensions.size(); ++j)
      checker.Check(paths, paths.server.cgi_extensions[j], notes.cgi_extensions[j], notes.cgi_extensions[j].path);
  }
}

void CheckProgram(Reporter& reporter, const std::string& program, const Span& span,
                  const std::set<std::string>& folders) {
  for (std::string_view folder = ParentPath(program); folder.size() > 1; folder = ParentPath(folder)) {
    if (!folders.contains(std::string(folder))) continue;
    return reporter.Error(
        span, fmt::format("clients may replace this program: they may store files in {}", Printable(folder)),
        "move the program out of the folder for uploads");
  }
}

void CheckPrograms(Builder& builder, const std::set<std::string>& folders) {
  for (size_t i = 0; i < builder.config.servers.size(); ++i) {
    const Server& server = builder.config.servers[i];
    const ServerNotes& notes = builder.servers[i];
    for (size_t j = 0; j < server.locations.size(); ++j) {
      if (!server.locations[j].cgi) continue;
      CheckProgram(builder.reporter, server.locations[j].cgi->program, notes.locations[j].program, folders);
      CheckProgram(builder.reporter, server.locations[j].cgi->interpreter, notes.locations[j].interpreter, folders);
    }
    for (size_t j = 0; j < server.cgi_extensions.size(); ++j) {
      CheckProgram(builder.reporter, server.cgi_extensions[j].cgi->interpreter, notes.cgi_extensions[j].interpreter,
                   folders);
    }
  }
}

// Files that are nobody's business, and what they are.
using Secrets = std::map<std::string, std::string>;

void CheckHandedOut(Builder& builder, size_t server_index, const Secrets& secrets, size_t& looks) {
  const Server& server = builder.config.servers[server_index];
  const ServerNotes& notes = builder.servers[server_index];
  const PathIndex paths = IndexPaths(server, IsAny);
  for (size_t i = 0; i < server.locations.size(); ++i) {
    const Location& location = server.locations[i];
    if (location.redirect || location.cgi || !notes.locations[i].root_known) continue;
    if (!location.methods.Contains(Method::kGet)) continue;
    for (const auto& [secret, what] : secrets) {
      if (++looks > kSecretLooksMax) return;
      if (!IsWithin(secret, location.root)) continue;
      const std::string rest = secret.substr(location.root.size());
      const std::string target = JoinPath(location.path, rest);
      const bool hidden = !location.dotfiles && rest.find("/.") != std::string::npos;
      if (hidden || Nearest(paths, target) != static_cast<int>(i)) continue;
      const Span& span = location.root_given ? notes.locations[i].root : notes.locations[i].path;
      builder.reporter.Warning(span, fmt::format("{} is handed out as {}", what, Printable(target)),
                               "move it out of the folder that is served, or choose another root");
    }
  }
}

Secrets SecretsOf(const Builder& builder) {
  Secrets secrets;
  for (const Server& server : builder.config.servers) {
    for (const Location& location : server.locations) {
      if (location.auth) secrets.emplace(location.auth->file, "the password file " + Printable(location.auth->file));
    }
  }
  secrets[builder.sources.MainFile()] = "this very configuration";
  return secrets;
}

}  // namespace

void CheckServer(const Server& server, const ServerNotes& notes, Reporter& reporter) {
  CheckShadowed(server, notes, reporter);
  CheckSharing(server, notes, reporter);
  const PathIndex index = IndexPaths(server, IsAny);
  for (size_t i = 0; i < server.locations.size(); ++i) {
    const Location& location = server.locations[i];
    CheckUploads(location, notes.locations[i], reporter);
    CheckUploadSettings(location, notes.locations[i], reporter);
    CheckDeletion(location, notes.locations[i], reporter);
    CheckFallback(location, notes.locations[i], reporter);
    if (!location.redirect) continue;
    const std::string_view target = location.redirect->target;
    const bool local =
        target.starts_with('/') && !target.starts_with("//") && target.find("..") == std::string_view::npos;
    const int leads_to = local ? Nearest(index, target.substr(0, target.find_first_of("?#"))) : -1;
    CheckRedirect(location, notes.locations[i], leads_to, static_cast<int>(i), reporter);
  }
}

void CheckServers(Builder& builder) {
  CheckSockets(builder);
  CheckProxies(builder);
  CheckTrashes(builder);
  const std::set<std::string> folders = KnownUploadFolders(builder);
  CheckPrograms(builder, folders);
  CheckScriptFolders(builder, folders);
  if (builder.sources.generated) return;
  const Secrets secrets = SecretsOf(builder);
  size_t looks = 0;
  for (size_t i = 0; i < builder.config.servers.size(); ++i) CheckHandedOut(builder, i, secrets, looks);
}

std::vector<std::string> UploadFolders(const Config& config) {
  std::vector<std::string> folders;
  for (const Server& server : config.servers) {
    for (const Location& location : server.locations) AddUploadFolders(location, folders);
  }
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  return folders;
}

}  // namespace brilliant::config
