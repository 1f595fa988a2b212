#include "config/loader.h"

#include <stdlib.h>
#include <unistd.h>

#include <climits>
#include <memory>
#include <utility>

#include "config/builder.h"
#include "config/checks.h"
#include "config/parser.h"
#include "config/paths.h"
#include "config/reporter.h"
#include "config/sources.h"

namespace brilliant::config {
namespace {

std::string WorkingFolder() {
  char buffer[PATH_MAX];
  return getcwd(buffer, sizeof buffer) == nullptr ? "/" : buffer;
}

// A folder somebody typed, absolute. With `..` in it only the kernel knows where it leads: it may pass a symbolic link.
std::string AbsoluteFolder(const std::string& folder) {
  if (folder.find("..") != std::string::npos) {
    const std::unique_ptr<char, void (*)(void*)> real(realpath(folder.c_str(), nullptr), free);
    if (real != nullptr) return real.get();
  }
  const Parsed<std::string> path = ResolvePath(folder.starts_with('/') ? folder : "./" + folder, WorkingFolder(), "");
  return path ? *path : folder;
}

void CheckAnyServer(const std::vector<Directive>& tree, const Builder& builder, Reporter& reporter) {
  if (!builder.config.servers.empty()) return;
  for (const Directive& directive : tree) {
    const bool meant = directive.name.text == "server" || FindDirective(directive.name.text, Place::kTop) == nullptr;
    if (meant || directive.broken) return;  // reported already
  }
  reporter.Error({.file = 0}, "the configuration has no server block",
                 "for example: server { listen 8080; location / { root www } }");
}

// The text of `bundle` through all stages. `bundle` may be growing: the machine's sources record into it.
LoadResult Load(const SourceBundle& bundle, Sources& sources) {
  Reporter reporter;
  const std::vector<Directive> tree = Parser(reporter, sources, bundle).Run();
  Builder builder(reporter, bundle);
  builder.ApplyAll(tree, Place::kTop);
  CheckServers(builder);
  if (!reporter.has_errors() || !tree.empty()) CheckAnyServer(tree, builder, reporter);
  LoadResult result;
  const bool failed = reporter.has_errors();
  result.diagnostics = reporter.Take();
  if (!failed) result.config = std::move(builder.config);
  return result;
}

}  // namespace

LoadResult LoadFile(const std::string& path, const std::string& prefix, const EnvironmentLookup& environment) {
  SourceBundle bundle;
  bundle.main_path = path;
  bundle.folder = AbsoluteFolder(std::string(ParentPath(path)));
  if (!prefix.empty()) bundle.prefix = AbsoluteFolder(prefix);
  MachineSources sources(environment, bundle);
  LoadResult result = Load(bundle, sources);
  result.sources = std::move(bundle);
  return result;
}

LoadResult LoadBundle(const SourceBundle& sources) {
  BundleSources bundle_sources(sources);
  LoadResult result = Load(sources, bundle_sources);
  result.sources = sources;
  return result;
}

}  // namespace brilliant::config
