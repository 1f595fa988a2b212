#include "server/script_finder.h"

#include <utility>

#include "cgi/script_path.h"
#include "event/offload.h"

namespace brilliant::server {
namespace {

enum class Finding : uint8_t { kScript, kNothing };

Finding Judge(const Result<files::OpenFile>& file) {
  if (file) return file->is_directory ? Finding::kNothing : Finding::kScript;
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

std::string_view PathBelow(std::string_view path, const Route& route) {
  return route.path == "/" ? path : path.substr(route.path.size());
}

}  // namespace

event::Task<Destination> FindDestination(const VirtualHost& host, std::string_view path,
                                         const handlers::HandlerContext& context) {
  Destination destination{.route = host.Match(path), .script_name = {}, .path_below = {}};
  const Route* const location = destination.route;
  const bool may_be_script = location == nullptr || (!location->is_program && location->runs_scripts);
  cgi::ScriptSplitReader splits(path, host.script_extensions());
  cgi::ScriptSplit split;
  while (may_be_script && splits.Next(split)) {
    const ScriptRoute& script = host.scripts()[split.extension];
    files::DocumentRoot root = script.root;
    const Finding finding = co_await LookFor(std::move(root), split.script_name, context);
    if (finding == Finding::kNothing) continue;
    co_return Destination{.route = script.route.get(), .script_name = split.script_name, .path_below = split.path_info};
  }
  if (location == nullptr) co_return destination;
  destination.path_below = PathBelow(path, *location);
  if (location->is_program && location->path != "/") destination.script_name = location->path;
  co_return destination;
}

}  // namespace brilliant::server
