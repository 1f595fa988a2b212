#include "server/router.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/ip_address.h"
#include "base/strings.h"
#include "handlers/asset_handler.h"
#include "handlers/cgi_handler.h"
#include "handlers/fixed_handlers.h"
#include "handlers/folder_handler.h"
#include "handlers/static_handler.h"

namespace brilliant::server {
namespace {

// No host name is longer (RFC 1035 section 2.3.4); one that is matches no server_name.
constexpr size_t kHostBytesMax = 255;

// Whatever is asked of it, a redirect says where to ask. But TRACE would show a script the cookies it may not see, and
// CONNECT names no resource.
constexpr http::MethodSet kRedirectedMethods = {http::Method::kGet,  http::Method::kHead,   http::Method::kPost,
                                                http::Method::kPut,  http::Method::kDelete, http::Method::kOptions,
                                                http::Method::kPatch};

// A program that lists OPTIONS answers it itself.
bool AnswersOptions(const config::Location& location) {
  return location.cgi && location.methods.Contains(http::Method::kOptions);
}

http::MethodSet AnsweredMethods(http::MethodSet configured) {
  if (configured.Contains(http::Method::kGet)) configured.Add(http::Method::kHead);
  configured.Add(http::Method::kOptions);
  return configured;
}

// Requests may write below it.
bool TakesUploads(const config::Location& location) {
  if (location.cgi || location.redirect) return false;
  return location.upload_path.has_value() || location.methods.Contains(http::Method::kPut);
}

bool ChecksHosts(config::HostCheck host_check, const config::ListenAddress& address) {
  if (host_check == config::HostCheck::kOnLoopback) return address.IsLoopback();
  return host_check == config::HostCheck::kOn;
}

// The programs of a host, which are never sent as bytes: by extension, and all below these folders.
struct ScriptNames {
  const std::vector<std::string>& extensions;
  const std::vector<std::string>& folders;
};

std::unique_ptr<handlers::Handler> MakeHandler(const config::Location& location, const RuleNumbers& rules,
                                               const files::MimeTypes& types, const ScriptNames& scripts) {
  if (location.redirect) return std::make_unique<handlers::RedirectHandler>(*location.redirect);
  if (location.cgi) return std::make_unique<handlers::CgiHandler>(location, rules.at(&location), types);
  if (location.methods != http::MethodSet{http::Method::kGet})
    return std::make_unique<handlers::FolderHandler>(location, types, scripts.extensions, scripts.folders);
  return std::make_unique<handlers::StaticHandler>(location, types, scripts.extensions, scripts.folders);
}

// What the pages of listings load.
std::unique_ptr<Route> MakeAssetRoute() {
  auto route = std::make_unique<Route>();
  route->path = handlers::AssetHandler::Path();
  route->methods = AnsweredMethods({http::Method::kGet});
  route->allow = route->methods.ToAllow();
  route->runs_scripts = false;
  route->handler = std::make_unique<handlers::AssetHandler>();
  return route;
}

std::unique_ptr<const handlers::AnswerFields> MakeAdded(const std::vector<config::AddHeader>& headers,
                                                        std::string_view cache_control) {
  if (headers.empty() && cache_control.empty()) return nullptr;
  return std::make_unique<const handlers::AnswerFields>(headers, cache_control);
}

}  // namespace

VirtualHost::VirtualHost(const config::Server& server, const RuleNumbers& rules, const files::MimeTypes& types,
                         log::ErrorLog& error_log)
    : error_pages_(server, types, error_log), added_(MakeAdded(server.add_headers, "")) {
  for (const config::Location& block : server.cgi_extensions) AddScripts(block, rules.at(&block), types);
  for (const config::Location& location : server.locations) {
    if (location.cgi && location.cgi->every_file) script_folders_.push_back(location.root);
  }
  const ScriptNames scripts{.extensions = script_extensions_, .folders = script_folders_};
  for (const config::Location& location : server.locations) {
    auto route = std::make_unique<Route>();
    route->path = location.path;
    route->is_program = location.cgi && !location.cgi->every_file;
    if (location.cgi && location.cgi->every_file) {
      route->script_root.emplace(location.root, location.symlink_roots);
      route->dotfiles = location.dotfiles;
    }
    route->runs_scripts = !TakesUploads(location);
    has_programs_ = has_programs_ || route->is_program;
    route->methods = location.redirect ? kRedirectedMethods : AnsweredMethods(location.methods);
    route->allow = route->methods.ToAllow();
    route->body_max = location.body_max;
    route->any_method = location.redirect.has_value() || AnswersOptions(location);
    if (location.auth) route->auth.emplace(*location.auth);
    if (!location.cgi && !location.redirect) route->allowed_origins = &location.allowed_origins;
    route->restores = !location.deletion.trash.empty() && location.methods.Contains(http::Method::kDelete);
    route->handler = MakeHandler(location, rules, types, scripts);
    route->added = MakeAdded(location.add_headers, location.cgi ? "" : location.cache_control);
    if (!scripts_.empty()) route->added_to_scripts = MakeAdded(location.add_headers, "");
    Add(std::move(route));
  }
  const auto lists = [](const config::Location& location) { return location.autoindex && !location.cgi; };
  if (std::ranges::any_of(server.locations, lists)) Add(MakeAssetRoute());
}

void VirtualHost::AddScripts(const config::Location& block, uint32_t rule, const files::MimeTypes& types) {
  auto route = std::make_unique<Route>();
  route->methods = AnsweredMethods(block.methods);
  route->allow = route->methods.ToAllow();
  route->body_max = block.body_max;
  route->any_method = AnswersOptions(block);
  if (block.auth) route->auth.emplace(*block.auth);
  route->handler = std::make_unique<handlers::CgiHandler>(block, rule, types);
  route->added = MakeAdded(block.add_headers, "");  // a script says itself what caches may do
  script_extensions_.push_back(block.cgi->extension);
  scripts_.push_back(
      ScriptRoute{.root = files::DocumentRoot(block.root, block.symlink_roots), .route = std::move(route)});
}

void VirtualHost::Add(std::unique_ptr<Route> route) {
  std::string path = route->path;
  routes_.insert_or_assign(std::move(path), std::move(route));
}

const Route* VirtualHost::Match(std::string_view path) const {
  const Route* longest = nullptr;
  // "/a/b" tries "/a/b", "/a", "/": as many look-ups as the path has segments, however many locations there are.
  while (true) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const auto found = routes_.find(path);
    if (found != routes_.end()) {
      const Route* const route = found->second.get();
      if (!has_programs_ || route->is_program) return route;
      if (longest == nullptr) longest = route;
    }
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || path.size() <= 1) return longest;
    path = path.substr(0, std::max<size_t>(slash, 1));
  }
}

void ListenerHosts::Add(const VirtualHost& host, const std::vector<std::string>& names) {
  if (default_ == nullptr) default_ = &host;
  for (const std::string& name : names) {
    if (name.starts_with("*.")) {
      below_.emplace(name.substr(1), &host);
    } else if (name.starts_with('.')) {
      below_.emplace(name, &host);
      exact_.emplace(name.substr(1), &host);
    } else {
      exact_.emplace(name, &host);
    }
  }
}

const VirtualHost& ListenerHosts::Match(std::string_view host) const {
  CHECK(default_ != nullptr);
  const VirtualHost* const found = Find(host);
  return found != nullptr ? *found : *default_;
}

bool ListenerHosts::Refuses(std::string_view host) const {
  if (!host_check_ || Find(host) != nullptr) return false;
  if (host.ends_with('.')) host.remove_suffix(1);
  // Names like "0x7f.1" are no addresses to browsers: what they resolve is up to a name server.
  const bool is_address = host.starts_with('[') || IpAddress::Parse(host).has_value();
  return !host.empty() && !is_address && !EqualsIgnoreCase(host, "localhost");
}

const VirtualHost* ListenerHosts::Find(std::string_view host) const {
  // "example.com." is the same name, fully qualified.
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > kHostBytesMax || (exact_.empty() && below_.empty())) return nullptr;
  std::array<char, kHostBytesMax> lower;
  std::ranges::transform(host, lower.begin(), [](char c) { return ToLower(c); });
  const std::string_view name(lower.data(), host.size());
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
  // From the left: the first that matches is the longest.
  for (size_t dot = name.find('.', 1); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (const auto found = below_.find(name.substr(dot)); found != below_.end()) return found->second;
  }
  return nullptr;
}

void ListenerHosts::set_address(const config::ListenAddress& address) {
  if (address.family == config::ListenAddress::Family::kUnix) return;
  port_ = address.port;
  const bool any = address.host == "0.0.0.0" || address.host == "::";
  if (!any)
    server_name_ = address.family == config::ListenAddress::Family::kIpv6 ? "[" + address.host + "]" : address.host;
}

Router::Router(const config::Config& config, log::ErrorLog& error_log) : types_(config.types, config.default_type) {
  RuleNumbers rules;
  for (const config::Location* rule : config::CgiRules(config))
    rules.emplace(rule, static_cast<uint32_t>(rules.size()));
  for (const config::Server& server : config.servers) {
    const VirtualHost& host = *hosts_.emplace_back(std::make_unique<VirtualHost>(server, rules, types_, error_log));
    for (const config::Listen& listen : server.listens) {
      ListenerHosts& hosts = listeners_[listen.address.ToString()];
      hosts.set_address(listen.address);
      hosts.set_proxy_protocol(listen.proxy_protocol);
      if (hosts.empty()) hosts.set_host_check(ChecksHosts(server.host_check, listen.address));
      hosts.Add(host, server.names);
    }
  }
}

const ListenerHosts* Router::ForListener(const std::string& name) const {
  const auto found = listeners_.find(name);
  return found == listeners_.end() ? nullptr : &found->second;
}

}  // namespace brilliant::server
