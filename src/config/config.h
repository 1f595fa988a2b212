// The configuration as the program uses it: plain values, complete (every default filled in, every path absolute) and
// immutable after Load(). Workers hold a `const Config&`; a reload makes a new generation with a new Config.
#ifndef BRILLIANT_CONFIG_CONFIG_H_
#define BRILLIANT_CONFIG_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "http/content_coding.h"
#include "http/forwarded.h"
#include "http/method.h"

namespace brilliant::config {

// Where in the text something was said, for messages: "site.conf:7:3".
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

// One address to listen on. `*` in the text is two of these, one per family.
struct ListenAddress {
  enum class Family : uint8_t { kIpv4, kIpv6, kUnix };
  Family family = Family::kIpv4;
  std::string host;   // numeric address without brackets ("0.0.0.0", "::", "127.0.0.1"); empty for unix
  uint16_t port = 0;  // 0 for unix
  std::string path;   // absolute path for unix, else empty

  // Canonical and unique: "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock". Keys of maps and messages use it.
  [[nodiscard]] std::string ToString() const;
  // 127.0.0.0/8 or ::1: only programs of this machine can connect.
  [[nodiscard]] bool IsLoopback() const;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// One `listen` directive, with its options.
struct Listen {
  ListenAddress address;
  int backlog = 4096;           // `backlog=N`
  bool shared = false;          // `shared`: one accept queue for all workers instead of one per worker (SO_REUSEPORT)
  bool proxy_protocol = false;  // `proxy_protocol`: each connection begins with a header that names its client
  bool automatic = false;       // quick mode only: take the next free port if this one is taken
  Position position;
};

// `error [CODE...] PATH`; no codes: every error of the server.
struct ErrorPage {
  std::vector<int> codes;
  std::string path;  // absolute
  Position position;
};

struct Redirect {
  int code = 301;
  std::string target;
};

// `auth_basic REALM FILE [METHOD...]`.
struct AuthBasic {
  std::string realm;
  std::string file;         // absolute
  http::MethodSet methods;  // asked for these; empty: for all. HEAD is in it with GET
  Position position;
};

// `add_header NAME VALUE [always]`.
struct AddHeader {
  std::string name;
  std::string value;    // empty: no such field is sent
  bool always = false;  // on errors too
};

struct CgiSettings {
  std::string extension;    // ".php" in a `cgi .ext` block, else empty
  std::string program;      // absolute path of `cgi PROGRAM` in a location, else empty
  bool every_file = false;  // `cgi *` in a location: each file below its root is a script
  std::string interpreter;  // absolute path, or empty: the script is executed itself
  std::vector<std::pair<std::string, std::string>> environment;  // cgi_env
  Milliseconds timeout{60'000};
  Milliseconds total_timeout{0};            // cgi_total_timeout: from the start to the end of the answer; 0: none
  Milliseconds half_close{30'000};          // cgi_half_close: a pause of the output when the client has ended its side
  bool stream = false;                      // cgi_stream: content of unknown length is passed on as it comes
  bool debug = false;                       // cgi_debug: error pages say what went wrong
  bool pass_authorization = false;          // cgi_pass_authorization
  bool search_words = false;                // cgi_search_words
  bool blank_shell_functions = false;       // cgi_blank_shell_functions
  std::vector<std::string> sendfile_roots;  // cgi_sendfile_roots: absolute
  uint64_t output_max = UINT64_MAX;         // cgi_output_max: bytes
  uint64_t processes_max = 0;          // cgi_processes_max: of this rule at one time; 0: only the server's own limit
  uint64_t memory_max = 0;             // cgi_memory_max: address space of a process, in bytes; 0: none
  uint64_t processor_seconds_max = 0;  // cgi_cpu_max: of a process; 0: none
  uint64_t user_processes_max = 0;     // cgi_user_processes_max: of the user in all; 0: none
  uint64_t script_processes_max = 0;   // cgi_script_processes_max: of one program with all it starts; 0: none
  uint64_t script_memory_max = 0;      // cgi_script_memory_max: the same, bytes of memory; 0: none
};

// What becomes of a file that is posted under a name that is taken.
enum class UploadConflict : uint8_t { kRename, kReject, kReplace };
// When an upload is answered: without waiting for the disk, when the file is there, when its name is there too.
enum class UploadSync : uint8_t { kNone, kData, kFull };

struct UploadSettings {
  UploadConflict conflict = UploadConflict::kRename;  // upload_conflict
  UploadSync sync = UploadSync::kNone;                // upload_sync
  bool make_folders = false;                          // upload_mkdir
  uint64_t quota = 0;                                 // upload_quota: bytes; 0: none
};

// What DELETE may remove besides files, and where what is deleted goes.
struct DeleteSettings {
  bool empty_folders = false;                      // delete_folders
  std::string trash;                               // absolute; empty: deleted for good
  Position trash_position;                         // of `trash`
  Milliseconds trash_age{7LL * 24 * 3600 * 1000};  // trash_age
};

// What answers below one path (`location`) or for one extension (`cgi .ext`).
struct Location {
  std::string path;  // "/", "/img": no slash at the end unless it is "/" alone. Empty for `cgi .ext`
  std::string root;  // absolute, without a slash at the end
  bool root_given = false;
  std::vector<std::string> index = {"index.html"};
  bool autoindex = false;
  bool archive = false;                        // folders that are listed can be had as zip and tar
  uint64_t archive_bytes_max = 4'294'967'296;  // archive_max: of the files in one
  std::vector<std::string> inner_paths;        // of the server's locations that lie below this one
  bool dotfiles = false;
  uint64_t ranges_max = 64;                        // max_ranges: of one request; 0: none are answered
  std::vector<http::ContentCoding> precompressed;  // in the server's order of preference; empty: off
  http::MethodSet methods = {http::Method::kGet};  // as written; HEAD and OPTIONS are implied by the router
  uint64_t body_max = 2'147'483'647;
  // Below `root`; begins with "/" and does not end with one, unless it is "/" alone: root itself.
  std::optional<std::string> upload_path;
  UploadSettings upload;
  DeleteSettings deletion;
  std::optional<Redirect> redirect;
  std::optional<CgiSettings> cgi;
  std::vector<std::string> symlink_roots;  // absolute
  std::string charset = "utf-8";           // empty: off
  std::optional<AuthBasic> auth;
  std::vector<std::string> allowed_origins;  // pages that may change files, besides the site's own: "https://a:8443"
  std::vector<AddHeader> add_headers;        // the server's that it does not replace, then its own
  std::string cache_control;                 // of files; empty: none
  std::string fallback;                      // below `root`: begins with "/"; empty: none
  Position position;                         // of the block
  Position root_position;                    // of `root`, or of the block where there is none
};

// Whether a server answers to names that it wasn't given (`host_check`).
enum class HostCheck : uint8_t {
  kOff,
  kOn,
  kOnLoopback,  // quick mode only: on, where the address is one of this machine's own
};

struct Server {
  std::vector<Listen> listens;
  std::vector<std::string> names;  // lower case; {""} when none was given
  HostCheck host_check = HostCheck::kOff;
  std::vector<ErrorPage> error_pages;
  std::vector<Location> locations;       // in the order of the text
  std::vector<Location> cgi_extensions;  // `cgi .ext` blocks; extension in `cgi->extension`
  std::vector<AddHeader> add_headers;    // for answers without a location; locations have these already
  Position position;
};

struct AccessLog {
  enum class Format : uint8_t { kCombined, kJson };
  enum class Target : uint8_t { kStdout, kFile, kOff };
  Target target = Target::kStdout;
  std::string path;  // absolute, for kFile
  Format format = Format::kCombined;
};

enum class LogLevel : uint8_t { kDebug, kInfo, kNotice, kWarn, kError };

struct ErrorLog {
  std::string path;  // absolute; empty: stderr
  LogLevel level = LogLevel::kNotice;
};

// Every limit and time of the server that somebody may want to change. Names of directives as commented.
struct Limits {
  Milliseconds header_timeout{30'000};      // client_header_timeout: a whole head, from its first byte
  Milliseconds body_timeout{60'000};        // client_body_timeout: of waiting for content, at less than rate_min
  Milliseconds send_timeout{60'000};        // send_timeout: of waiting for a reader, at less than rate_min
  uint64_t rate_min = 240;                  // client_rate_min: bytes a second; 0: one byte in each term is enough
  Milliseconds keepalive_timeout{75'000};   // keepalive_timeout: idle between requests
  Milliseconds lingering_time{30'000};      // lingering_time: of reading after the last answer
  Milliseconds lingering_timeout{5'000};    // lingering_timeout: the longest silence within it
  Milliseconds drain_idle{5'000};           // drain_idle: an idle connection while the worker drains
  Milliseconds shutdown_timeout{30'000};    // worker_shutdown_timeout: the longest a draining worker lives
  uint64_t keepalive_requests = 100'000;    // keepalive_requests: on one connection
  uint64_t head_bytes_max = 32'768;         // head_bytes_max: request line and fields together
  uint64_t target_bytes_max = 8'192;        // target_bytes_max: the request target
  uint64_t head_fields_max = 100;           // head_fields_max
  uint64_t worker_connections = 0;          // worker_connections; 0: from the descriptor limit
  uint64_t connections_per_address = 0;     // connections_per_address: on one worker; 0: no limit
  uint64_t cgi_processes = 64;              // cgi_processes: programs that run at one time
  uint64_t spool_bytes_max = 1ULL << 30;    // spool_max: request content on disk, per worker
  uint64_t cgi_queue = 256;                 // cgi_queue: requests that wait for a place
  uint64_t cgi_nice = 0;                    // cgi_nice: how much programs stand back, nice(1)
  uint64_t file_cache_bytes = 64ULL << 20;  // file_cache: memory for small files, per worker; 0: off
};

struct Config {
  int workers = 0;       // 0: auto, one per core
  std::string user;      // empty: not given
  std::string group;     // empty: the user's own
  std::string pid_file;  // absolute; empty: none
  ErrorLog error_log;
  AccessLog access_log;
  Limits limits;
  AddressSet trusted_proxies;         // trusted_proxy: who may name the client of a request
  bool unix_proxies_trusted = false;  // trusted_proxy unix:
  http::ForwardedField forwarded_field = http::ForwardedField::kXForwardedFor;
  std::map<std::string, std::string> types;  // extension without dot, lower case -> media type (`types { }`)
  std::string default_type = "application/octet-stream";
  std::vector<Server> servers;
};

// Whether requests may write below it: PUT, or POST with an `upload_path`.
[[nodiscard]] bool StoresUploads(const Location& location);

// The folders that requests may write to: root + upload_path where POST stores, root where PUT may. Absolute, sorted,
// each once. Nothing below one of them may ever be run.
[[nodiscard]] std::vector<std::string> UploadFolders(const Config& config);

// The rules that run programs: locations with `cgi PROGRAM` and `cgi .ext` blocks. Worker and spawner of a generation
// name a rule by its place in this list. Pointers into `config`.
[[nodiscard]] std::vector<const Location*> CgiRules(const Config& config);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_CONFIG_H_
