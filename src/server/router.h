// From a listener, a host name and a path to what answers: a const tree built from the configuration once per worker.
// Listener -> virtual host by name -> the longest location whose path is a prefix on whole segments.
#ifndef BRILLIANT_SERVER_ROUTER_H_
#define BRILLIANT_SERVER_ROUTER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "files/document_root.h"
#include "files/mime_types.h"
#include "handlers/answer_fields.h"
#include "handlers/api.h"
#include "handlers/auth_basic.h"
#include "handlers/error_pages.h"
#include "http/method.h"
#include "log/error_log.h"

namespace brilliant::server {

// What answers below one location, or for the scripts of one `cgi .ext` block.
struct Route {
  std::string path;         // of the location
  http::MethodSet methods;  // what it answers, HEAD and OPTIONS included
  std::string allow;        // the same as an Allow field
  uint64_t body_max = 0;
  bool is_program = false;                         // `cgi PROGRAM`: it answers everything below, whatever stands deeper
  std::optional<files::DocumentRoot> script_root;  // `cgi *`: each file below it is a script
  bool dotfiles = false;                           // with script_root: also those whose names begin with a dot
  bool runs_scripts = true;                        // false: requests may write there, so nothing there is ever run
  bool any_method = false;                         // a redirect: OPTIONS too is answered by the handler
  std::optional<handlers::AuthRealm> auth;         // who may ask; for all that lies in the location, scripts too
  // Where requests may change files: the sites whose pages may ask for it, besides this one's. Null: not looked at.
  const std::vector<std::string>* allowed_origins = nullptr;
  bool restores = false;  // `trash`: a POST may be an undo, for which the right to DELETE is needed
  std::unique_ptr<handlers::Handler> handler;
  std::unique_ptr<const handlers::AnswerFields> added;  // null: none
  // The same for scripts that lie in the location; they say themselves what caches may do.
  std::unique_ptr<const handlers::AnswerFields> added_to_scripts;
};

// A `cgi .ext` block: what answers for scripts of that extension below its root.
struct ScriptRoute {
  files::DocumentRoot root;
  std::unique_ptr<Route> route;
};

// The place of each rule that runs programs in config::CgiRules().
using RuleNumbers = std::map<const config::Location*, uint32_t>;

// Finds values by string views, without making strings of them.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <typename Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// One `server` block.
class VirtualHost {
 public:
  VirtualHost(const config::Server& server, const RuleNumbers& rules, const files::MimeTypes& types,
              log::ErrorLog& error_log);

  // Before the first Match. Replaces the route of the same path.
  void Add(std::unique_ptr<Route> route);

  // The longest matching location with a program, else the longest matching location; null if there is none.
  [[nodiscard]] const Route* Match(std::string_view path) const;
  [[nodiscard]] const handlers::ErrorPages& error_pages() const { return error_pages_; }
  // Extensions of scripts, and what answers for each, in the same order.
  [[nodiscard]] const std::vector<std::string>& script_extensions() const { return script_extensions_; }
  [[nodiscard]] const std::vector<ScriptRoute>& scripts() const { return scripts_; }
  // Whether it takes a look at files to tell what answers.
  [[nodiscard]] bool has_scripts() const { return !scripts_.empty() || !script_folders_.empty(); }
  [[nodiscard]] bool runs_programs() const { return has_programs_ || has_scripts(); }
  // For answers of no location; null: none.
  [[nodiscard]] const handlers::AnswerFields* added() const { return added_.get(); }

 private:
  void AddScripts(const config::Location& block, uint32_t rule, const files::MimeTypes& types);

  handlers::ErrorPages error_pages_;
  std::unique_ptr<const handlers::AnswerFields> added_;
  TextMap<std::unique_ptr<Route>> routes_;
  bool has_programs_ = false;
  std::vector<std::string> script_extensions_;
  std::vector<ScriptRoute> scripts_;
  std::vector<std::string> script_folders_;  // of `cgi *`
};

// The virtual hosts of one listening address.
class ListenerHosts {
 public:
  // Whether a proxy's header comes first on each connection.
  void set_proxy_protocol(bool proxy_protocol) { proxy_protocol_ = proxy_protocol; }
  [[nodiscard]] bool proxy_protocol() const { return proxy_protocol_; }
  // What the address is called by those that name no host.
  void set_address(const config::ListenAddress& address);
  [[nodiscard]] std::string_view server_name() const { return server_name_; }
  [[nodiscard]] uint16_t port() const { return port_; }
  // Whether a name must be known: those given to Add, localhost, and IP addresses (DNS rebinding).
  void set_host_check(bool host_check) { host_check_ = host_check; }
  [[nodiscard]] bool Refuses(std::string_view host) const;
  // The first is the default.
  void Add(const VirtualHost& host, const std::vector<std::string>& names);
  // By the host of the request, without port: an exact name, then the longest `*.example.com`, then the default.
  [[nodiscard]] const VirtualHost& Match(std::string_view host) const;
  [[nodiscard]] bool empty() const { return default_ == nullptr; }
  [[nodiscard]] const VirtualHost& default_host() const { return *default_; }

 private:
  // By a name it was given; null: by none.
  [[nodiscard]] const VirtualHost* Find(std::string_view host) const;

  bool proxy_protocol_ = false;
  bool host_check_ = false;
  std::string server_name_ = "localhost";
  uint16_t port_ = 80;
  const VirtualHost* default_ = nullptr;
  TextMap<const VirtualHost*> exact_;  // lower case
  TextMap<const VirtualHost*> below_;  // ".example.com": every name that ends so
};

class Router {
 public:
  // `config` outlives the router. Reads error pages: blocking, at start only.
  Router(const config::Config& config, log::ErrorLog& error_log);

  // `name`: config::ListenAddress::ToString(). Null for an address the configuration does not have (any more).
  [[nodiscard]] const ListenerHosts* ForListener(const std::string& name) const;

 private:
  files::MimeTypes types_;
  std::vector<std::unique_ptr<VirtualHost>> hosts_;
  std::map<std::string, ListenerHosts> listeners_;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_ROUTER_H_
