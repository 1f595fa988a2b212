#include "server/router.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "handlers/fixed_handlers.h"
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

http::MethodSet AnsweredMethods(http::MethodSet configured) {
  if (configured.Contains(http::Method::kGet)) configured.Add(http::Method::kHead);
  configured.Add(http::Method::kOptions);
  return configured;
}

std::unique_ptr<handlers::Handler> MakeHandler(const config::Location& location, const files::MimeTypes& types,
                                               const std::vector<std::string>& script_extensions) {
  if (location.redirect) return std::make_unique<handlers::RedirectHandler>(*location.redirect);
  if (location.cgi) {
    return std::make_unique<handlers::UnsupportedHandler>("Programs (CGI) are not part of this version yet.");
  }
  return std::make_unique<handlers::StaticHandler>(location, types, script_extensions);
}

std::unique_ptr<const handlers::AnswerFields> MakeAdded(const std::vector<config::AddHeader>& headers,
                                                        std::string_view cache_control) {
  if (headers.empty() && cache_control.empty()) return nullptr;
  return std::make_unique<const handlers::AnswerFields>(headers, cache_control);
}

}  // namespace

VirtualHost::VirtualHost(const config::Server& server, const files::MimeTypes& types, log::ErrorLog& error_log)
    : error_pages_(server, types, error_log), added_(MakeAdded(server.add_headers, "")) {
  std::vector<std::string> script_extensions;
  for (const config::Location& cgi : server.cgi_extensions) script_extensions.push_back(cgi.cgi->extension);
  for (const config::Location& location : server.locations) {
    auto route = std::make_unique<Route>();
    route->path = location.path;
    route->methods = location.redirect ? kRedirectedMethods : AnsweredMethods(location.methods);
    route->allow = route->methods.ToAllow();
    route->body_max = location.body_max;
    route->any_method = location.redirect.has_value();
    if (location.auth) route->auth.emplace(*location.auth);
    route->handler = MakeHandler(location, types, script_extensions);
    route->added = MakeAdded(location.add_headers, location.cache_control);
    Add(std::move(route));
  }
}

void VirtualHost::Add(std::unique_ptr<Route> route) {
  std::string path = route->path;
  routes_.insert_or_assign(std::move(path), std::move(route));
}

const Route* VirtualHost::Match(std::string_view path) const {
  // "/a/b" tries "/a/b", "/a", "/": as many look-ups as the path has segments, however many locations there are.
  while (true) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const auto found = routes_.find(path);
    if (found != routes_.end()) return found->second.get();
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || path.size() <= 1) return nullptr;
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
  // "example.com." is the same name, fully qualified.
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > kHostBytesMax || (exact_.empty() && below_.empty())) return *default_;
  std::array<char, kHostBytesMax> lower;
  std::ranges::transform(host, lower.begin(), [](char c) { return ToLower(c); });
  const std::string_view name(lower.data(), host.size());
  if (const auto found = exact_.find(name); found != exact_.end()) return *found->second;
  // From the left: the first that matches is the longest.
  for (size_t dot = name.find('.', 1); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (const auto found = below_.find(name.substr(dot)); found != below_.end()) return *found->second;
  }
  return *default_;
}

Router::Router(const config::Config& config, log::ErrorLog& error_log) : types_(config.types, config.default_type) {
  for (const config::Server& server : config.servers) {
    const VirtualHost& host = *hosts_.emplace_back(std::make_unique<VirtualHost>(server, types_, error_log));
    for (const config::Listen& listen : server.listens) {
      ListenerHosts& hosts = listeners_[listen.address.ToString()];
      hosts.set_proxy_protocol(listen.proxy_protocol);
      hosts.Add(host, server.names);
    }
  }
}

const ListenerHosts* Router::ForListener(const std::string& name) const {
  const auto found = listeners_.find(name);
  return found == listeners_.end() ? nullptr : &found->second;
}

}  // namespace brilliant::server
