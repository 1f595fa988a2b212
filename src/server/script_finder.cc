#include "server/script_finder.h"

#include <array>
#include <string>
#include <utility>

#include "cgi/script_path.h"
#include "event/offload.h"

namespace brilliant::server {
namespace {

enum class Finding : uint8_t { kScript, kFolder, kNothing };

Finding Judge(const Result<files::OpenFile>& file) {
  if (file) return file->is_directory ? Finding::kFolder : Finding::kScript;
  // What can't be opened is a script as well: why not, is for the spawner to find out and to say. Never its source, and
  // never somebody else's answer.
  return file.error().code == ErrorCode::kNotFound ? Finding::kNothing : Finding::kScript;
}

event::Task<Finding> LookFor(files::DocumentRoot root, std::string_view script_name,
                             const handlers::HandlerContext& context) {
  const std::string_view relative = script_name.substr(1);
  const MonotonicTime now = context.loop.now();
  const Result<files::OpenFile> cached = root.TryOpen(relative, now);
  if (cached || cached.error().code != ErrorCode::kWouldBlock) co_return Judge(cached);
  auto open = [root = std::move(root), path = std::string(relative), now] { return root.Open(path, now); };
  const Result<files::OpenFile> opened = co_await event::Offload(context.loop, context.scope, std::move(open));
  co_return Judge(opened);
}

bool IsHidden(std::string_view script_name) { return script_name.substr(script_name.rfind('/') + 1).starts_with('.'); }

// In a location with `cgi *`: the first component that is no folder is the script.
event::Task<Destination> FindFile(const Route& location, std::string_view path,
                                  const handlers::HandlerContext& context) {
  const size_t skipped = location.path == "/" ? 0 : location.path.size();
  const std::array<std::string, 1> every_name = {""};
  cgi::ScriptSplitReader splits(path.substr(skipped), every_name);
  cgi::ScriptSplit split;
  Destination destination{.route = &location, .guard = &location, .added = location.added.get(), .refusal = 403};
  while (splits.Next(split)) {
    Finding finding = Finding::kNothing;
    if (location.dotfiles || !IsHidden(split.script_name)) {
      files::DocumentRoot root = *location.script_root;
      finding = co_await LookFor(std::move(root), split.script_name, context);
    }
    if (finding == Finding::kFolder) continue;
    destination.refusal = finding == Finding::kNothing ? 404 : 0;
    destination.script_name = path.substr(0, skipped + split.script_name.size());
    destination.path_below = split.path_info;
    break;
  }
  co_return destination;
}

}  // namespace

event::Task<Destination> FindDestination(const VirtualHost& host, std::string_view path,
                                         const handlers::HandlerContext& context) {
  const Route* const location = host.Match(path);
  if (location != nullptr && location->script_root) co_return co_await FindFile(*location, path, context);
  const bool may_be_script = location == nullptr || (!location->is_program && location->runs_scripts);
  cgi::ScriptSplitReader splits(path, host.script_extensions());
  cgi::ScriptSplit split;
  while (may_be_script && splits.Next(split)) {
    const ScriptRoute& script = host.scripts()[split.extension];
    files::DocumentRoot root = script.root;
    const Finding finding = co_await LookFor(std::move(root), split.script_name, context);
    if (finding != Finding::kScript) continue;
    co_return Destination{.route = script.route.get(),
                          .guard = location != nullptr ? location : script.route.get(),
                          .added = location != nullptr ? location->added_to_scripts.get() : script.route->added.get(),
                          .script_name = split.script_name,
                          .path_below = split.path_info};
  }
  co_return LocationOf(host, path);
}

Destination LocationOf(const VirtualHost& host, std::string_view path) {
  const Route* const location = host.Match(path);
  if (location == nullptr) return {};
  const bool at_root = location->path == "/";
  return Destination{.route = location,
                     .guard = location,
                     .added = location->added.get(),
                     .script_name = location->is_program && !at_root ? location->path : std::string_view(),
                     .path_below = at_root ? path : path.substr(location->path.size())};
}

}  // namespace brilliant::server
