#include "config/directives.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "config/apply.h"
#include "config/limits.h"
#include "config/program_directives.h"

namespace brilliant::config {
namespace {

constexpr Places kTop = static_cast<Places>(Place::kTop);
constexpr Places kServer = static_cast<Places>(Place::kServer);
constexpr Places kLocation = static_cast<Places>(Place::kLocation);
constexpr Places kServerAndLocation = static_cast<Places>(kServer | kLocation);
constexpr Places kCgi = static_cast<Places>(Place::kCgi);

template <Milliseconds Limits::* field, int64_t least_ms>
void ApplyTimeLimit(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto time = builder.Value(word, ParseTime(word.text, Milliseconds(least_ms))))
    builder.config.limits.*field = *time;
}

template <uint64_t Limits::* field, uint64_t least, uint64_t most>
void ApplyCountLimit(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto count = builder.Value(word, ParseCount(word.text, least, most))) builder.config.limits.*field = *count;
}

template <uint64_t Limits::* field, uint64_t least, uint64_t most>
void ApplySizeLimit(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  const auto size = builder.Value(word, ParseSize(word.text));
  if (!size) return;
  builder.config.limits.*field = *size;
  if (*size >= least && *size <= most) return;
  builder.Fail(
      word, {fmt::format("\"{}\" is out of range", word.text), fmt::format("a size from {} to {} bytes", least, most)});
}

constexpr uint64_t kMany = 1'000'000'000;

constexpr DirectiveRow kGeneralRows[] = {
    // ---- Blocks.
    {.name = "server",
     .places = kTop,
     .words = "",
     .words_min = 0,
     .words_max = 0,
     .block = Place::kServer,
     .repeat = Repeat::kSeveral,
     .fallback = "",
     .meaning =
         "A site. There is at least one. Several may share an address: the name a client asks for chooses between "
         "them, and the first one answers every other name.",
     .example = "server {\n  listen 8080\n  location / { root /srv/www }\n}",
     .apply = ApplyServer},
    {.name = "location",
     .places = kServer,
     .words = "PATH",
     .block = Place::kLocation,
     .repeat = Repeat::kSeveral,
     .fallback = "",
     .meaning =
         "What answers for PATH and everything below it, by whole segments: `/img` covers `/img` and `/img/a`, never "
         "`/imgx`. The longest PATH wins. PATH is written decoded (a blank, not `%20`).",
     .example = "location /img {\n  root /srv/pictures\n}",
     .apply = ApplyLocation},
    {.name = "cgi",
     .places = kServer,
     .words = ".EXTENSION",
     .block = Place::kCgi,
     .repeat = Repeat::kSeveral,
     .fallback = "",
     .meaning =
         "Files with this extension are CGI scripts (RFC 3875) and are run, wherever they stand below the block's "
         "`root`. What follows the script in the path is its PATH_INFO.",
     .example = "cgi .php {\n  root /srv/www\n  interpreter /usr/bin/php-cgi\n  methods GET POST\n}",
     .apply = ApplyCgiExtension},
    {.name = "include",
     .places = static_cast<Places>(kTop | kServer | kLocation | kCgi),
     .words = "PATTERN",
     .repeat = Repeat::kSeveral,
     .fallback = "",
     .meaning =
         "Reads further files in this place, in the order of their names. PATTERN may hold `*`, `?` and `[...]`, and "
         "is relative to the file it stands in. A pattern may match nothing; a plain name must exist.",
     .example = "include sites/*.conf",
     .apply = ApplyInclude},

    // ---- The server as a process.
    {.name = "workers",
     .places = kTop,
     .words = "auto|N",
     .fallback = "auto",
     .meaning = "How many processes answer requests; `auto` is one for each core.",
     .example = "workers 4",
     .apply = ApplyWorkers},
    {.name = "user",
     .places = kTop,
     .words = "NAME [GROUP]",
     .words_max = 2,
     .fallback = "(`www-data`, else `nobody`, when started as root; else whoever started it)",
     .meaning =
         "The user that workers and scripts run as, and their group if it isn't the user's own. Scripts run as root "
         "only with `user root`.",
     .example = "user www-data www-data",
     .apply = ApplyUser},
    {.name = "pid_file",
     .places = kTop,
     .words = "PATH",
     .fallback = "(none)",
     .meaning = "A file that holds the process id of the server while it runs.",
     .example = "pid_file /run/brilliantserver.pid",
     .apply = ApplyPidFile},
    {.name = "error_log",
     .places = kTop,
     .words = "PATH|stderr [LEVEL]",
     .words_max = 2,
     .fallback = "stderr notice",
     .meaning =
         "Where the server reports what goes wrong, and from which level on: `debug`, `info`, `notice`, `warn` or "
         "`error`.",
     .example = "error_log /var/log/brilliantserver/error.log warn",
     .apply = ApplyErrorLog},
    {.name = "access_log",
     .places = kTop,
     .words = "PATH|stdout|off [combined|json]",
     .words_max = 2,
     .fallback = "stdout combined",
     .meaning = "Where each request leaves a line, and in which format: the combined one of Apache and nginx, or JSON.",
     .example = "access_log /var/log/brilliantserver/access.log json",
     .apply = ApplyAccessLog},
    {.name = "types",
     .places = kTop,
     .words = "",
     .words_min = 0,
     .words_max = 0,
     .block = Place::kTypes,
     .repeat = Repeat::kSeveral,
     .fallback = "(a table of about a thousand types)",
     .meaning = "Media types by file extension, before the built-in ones. Each line holds a type and its extensions. A "
                "`mime.types` of nginx can be included as it is.",
     .example = "types {\n  text/x-notes  notes note\n  model/gltf-binary  glb\n}",
     .apply = ApplyTypes},
    {.name = "default_type",
     .places = kTop,
     .words = "TYPE",
     .fallback = "application/octet-stream",
     .meaning = "The media type of files whose extension says nothing.",
     .example = "default_type text/plain",
     .apply = ApplyDefaultType},

    // ---- Times and limits.
    {.name = "client_header_timeout",
     .places = kTop,
     .words = "TIME",
     .fallback = "30s",
     .meaning = "How long a whole request head may take, from its first byte. 408 after it.",
     .example = "client_header_timeout 10s",
     .apply = ApplyTimeLimit<&Limits::header_timeout, 1>},
    {.name = "client_body_timeout",
     .places = kTop,
     .words = "TIME",
     .fallback = "60s",
     .meaning =
         "How long the server waits for content of a request that comes more slowly than `client_rate_min`, or not at "
         "all. 408 after it.",
     .example = "client_body_timeout 30s",
     .apply = ApplyTimeLimit<&Limits::body_timeout, 1>},
    {.name = "send_timeout",
     .places = kTop,
     .words = "TIME",
     .fallback = "60s",
     .meaning =
         "How long the server waits for a client that takes its answer more slowly than `client_rate_min`, or not at "
         "all. Then the connection is cut.",
     .example = "send_timeout 30s",
     .apply = ApplyTimeLimit<&Limits::send_timeout, 1>},
    {.name = "client_rate_min",
     .places = kTop,
     .words = "SIZE",
     .fallback = "240",
     .meaning = "Bytes a second that a client must send of its content, and take of its answer, on average over each "
                "`client_body_timeout` or `send_timeout` that the server has waited for it; with 0, a single byte in "
                "that time "
                "is enough.",
     .example = "client_rate_min 1k",
     .apply = ApplySizeLimit<&Limits::rate_min, 0, 1ULL << 20>},
    {.name = "keepalive_timeout",
     .places = kTop,
     .words = "TIME",
     .fallback = "75s",
     .meaning = "How long a connection may wait idle for its next request.",
     .example = "keepalive_timeout 20s",
     .apply = ApplyTimeLimit<&Limits::keepalive_timeout, 0>},
    {.name = "keepalive_requests",
     .places = kTop,
     .words = "N",
     .fallback = "100000",
     .meaning = "How many requests one connection may send.",
     .example = "keepalive_requests 1000",
     .apply = ApplyCountLimit<&Limits::keepalive_requests, 1, kMany>},
    {.name = "lingering_time",
     .places = kTop,
     .words = "TIME",
     .fallback = "30s",
     .meaning =
         "How long the server still reads, after the last answer of a connection, what the client is sending: closing "
         "at once could destroy the answer on its way.",
     .example = "lingering_time 1m",
     .apply = ApplyTimeLimit<&Limits::lingering_time, 0>},
    {.name = "lingering_timeout",
     .places = kTop,
     .words = "TIME",
     .fallback = "5s",
     .meaning =
         "How long the client may be silent while the server still reads what it is sending after the last answer "
         "of a connection (see `lingering_time`).",
     .example = "lingering_timeout 2s",
     .apply = ApplyTimeLimit<&Limits::lingering_timeout, 0>},
    {.name = "drain_idle",
     .places = kTop,
     .words = "TIME",
     .fallback = "5s",
     .meaning =
         "How long an idle connection is kept after a reload, so that its next request can be told to reconnect.",
     .example = "drain_idle 1s",
     .apply = ApplyTimeLimit<&Limits::drain_idle, 0>},
    {.name = "worker_shutdown_timeout",
     .places = kTop,
     .words = "TIME",
     .fallback = "30s",
     .meaning = "How long requests may take to end after a reload or a graceful stop; then they are cut off.",
     .example = "worker_shutdown_timeout 5m",
     .apply = ApplyTimeLimit<&Limits::shutdown_timeout, 0>},
    {.name = "head_bytes_max",
     .places = kTop,
     .words = "SIZE",
     .fallback = "32k",
     .meaning = "The largest request head: request line and fields together. 431 above it.",
     .example = "head_bytes_max 16k",
     .apply = ApplySizeLimit<&Limits::head_bytes_max, 1'024, 16ULL << 20>},
    {.name = "target_bytes_max",
     .places = kTop,
     .words = "SIZE",
     .fallback = "8k",
     .meaning = "The longest request target (path and query). 414 above it.",
     .example = "target_bytes_max 4k",
     .apply = ApplySizeLimit<&Limits::target_bytes_max, 256, 16ULL << 20>},
    {.name = "head_fields_max",
     .places = kTop,
     .words = "N",
     .fallback = "100",
     .meaning = "How many fields a request head may have. 431 above it.",
     .example = "head_fields_max 50",
     .apply = ApplyCountLimit<&Limits::head_fields_max, 8, 10'000>},
    {.name = "worker_connections",
     .places = kTop,
     .words = "N",
     .fallback = "(as many as the limit of open files allows)",
     .meaning = "How many connections one worker may hold.",
     .example = "worker_connections 10000",
     .apply = ApplyCountLimit<&Limits::worker_connections, 1, kMany>},
    {.name = "connections_per_address",
     .places = kTop,
     .words = "N",
     .fallback = "0",
     .meaning =
         "How many connections one worker holds for one client address (of IPv6, the first 64 bits); 0 is no limit. "
         "503 to those above it. Unix sockets and trusted proxies are exempt.",
     .example = "connections_per_address 100",
     .apply = ApplyCountLimit<&Limits::connections_per_address, 0, kMany>},
    {.name = "spool_max",
     .places = kTop,
     .words = "SIZE",
     .fallback = "1g",
     .meaning = "How much content of requests each worker may keep on disk (in unnamed temporary files) until programs "
                "take it.",
     .example = "spool_max 10g",
     .apply = ApplySizeLimit<&Limits::spool_bytes_max, 0, 1ULL << 50>},
    {.name = "cgi_processes",
     .places = kTop,
     .words = "N",
     .fallback = "64",
     .meaning = "How many programs (CGI) run at one time, in all. Further requests for programs wait.",
     .example = "cgi_processes 16",
     .apply = ApplyCountLimit<&Limits::cgi_processes, 1, 10'000>},
    {.name = "cgi_queue",
     .places = kTop,
     .words = "N",
     .fallback = "256",
     .meaning = "How many requests may wait for a program's place. 503 beyond it.",
     .example = "cgi_queue 1000",
     .apply = ApplyCountLimit<&Limits::cgi_queue, 0, 100'000>},
    {.name = "cgi_nice",
     .places = kTop,
     .words = "N",
     .fallback = "0",
     .meaning = "By how much programs (CGI) stand back behind the server and others when the processor is short: 0 is "
                "not at all, 19 the most (see nice(1)).",
     .example = "cgi_nice 5",
     .apply = ApplyCountLimit<&Limits::cgi_nice, 0, 19>},
    {.name = "file_cache",
     .places = kTop,
     .words = "SIZE",
     .fallback = "64m",
     .meaning = "Memory of each worker for small files; 0 turns it off.",
     .example = "file_cache 256m",
     .apply = ApplySizeLimit<&Limits::file_cache_bytes, 0, 1ULL << 40>},

    // ---- Behind a proxy.
    {.name = "trusted_proxy",
     .places = kTop,
     .words = "ADDRESS[/BITS]|unix:...",
     .words_max = kAnyNumber,
     .repeat = Repeat::kSeveral,
     .fallback = "(none)",
     .meaning = "Proxies that are believed when they name the client they speak for: in the field that "
                "`forwarded_field` says, "
                "or in the header of `listen ... proxy_protocol`. `unix:` is whoever connects through a Unix socket.",
     .example = "trusted_proxy 10.0.0.1 192.168.7.0/24 2001:db8::/32\ntrusted_proxy unix:",
     .apply = ApplyTrustedProxy},
    {.name = "forwarded_field",
     .places = kTop,
     .words = "X-Forwarded-For|Forwarded",
     .fallback = "X-Forwarded-For",
     .meaning =
         "The field in which trusted proxies name the client; with `X-Forwarded-For`, its scheme is in "
         "X-Forwarded-Proto. Choose the one that the proxy sets itself: it passes on the other as the client sent it.",
     .example = "trusted_proxy 10.0.0.1\nforwarded_field Forwarded",
     .apply = ApplyForwardedField},

    // ---- A server block.
    {.name = "listen",
     .places = kServer,
     .words = "[HOST:]PORT|unix:PATH [backlog=N] [shared] [proxy_protocol]",
     .words_max = 5,
     .repeat = Repeat::kSeveral,
     .fallback = "",
     .meaning =
         "An address of the server; required. HOST is an IPv4 address, an IPv6 address in brackets, `localhost` or "
         "`*`; without it, or with `*`, it is all addresses. `backlog` is the length of the kernel's queue (4096); "
         "with `shared` all workers take from one queue instead of one each; with `proxy_protocol` each connection "
         "begins with the header of the PROXY protocol, version 1 or 2, and only trusted proxies may connect.",
     .example = "listen 127.0.0.1:8080\nlisten [::1]:8080\nlisten unix:/run/site.sock backlog=512",
     .apply = ApplyListen},
    {.name = "server_name",
     .places = kServer,
     .words = "NAME...",
     .words_max = kAnyNumber,
     .fallback = "\"\"",
     .meaning = "The names this server answers to, without regard to case. `*.example.com` covers all names below, "
                "`.example.com` the name itself too. An exact name wins, then the longest such pattern.",
     .example = "server_name example.com *.example.com",
     .apply = ApplyServerName},
    {.name = "host_check",
     .places = kServer,
     .words = "on|off",
     .fallback = "off",
     .meaning = "Answers 421 to names that no server of the address has, but for `localhost` and IP addresses: a page "
                "of another site can't reach this one by a name of its own that leads here (DNS rebinding). What the "
                "first server of an address says holds for it.",
     .example = "host_check on",
     .apply = ApplyHostCheck},
    {.name = "error",
     .places = kServer,
     .words = "[CODE...] PATH",
     .words_max = kAnyNumber,
     .repeat = Repeat::kSeveral,
     .fallback = "(a built-in page)",
     .meaning = "The file sent with these status codes (400 to 599), or with all of them.",
     .example = "error 404 /srv/www/not-found.html\nerror /srv/www/error.html",
     .apply = ApplyErrorPage},
    {.name = "charset",
     .places = kServerAndLocation,
     .words = "NAME|off",
     .fallback = "utf-8",
     .meaning =
         "The charset named in the Content-Type of text files, never of XML, JSON or SVG. What a server says is the "
         "default of its locations.",
     .example = "charset iso-8859-1",
     .apply = ApplyCharset},

    {.name = "auth_basic",
     .places = kServerAndLocation,
     .words = "REALM FILE [METHOD...]|off",
     .words_max = kAnyNumber,
     .fallback = "off",
     .meaning =
         "Asks for a name and a password (RFC 7617) before anything else is done; browsers show REALM. FILE has lines "
         "`user:hash`, as `htpasswd -B` writes them. With METHODs it is asked for these only; `HEAD` counts as `GET`. "
         "What a location says replaces what its server says; `off` lifts it. See access.md.",
     .example = "auth_basic \"Staff only\" /etc/brilliantserver/users",
     .apply = ApplyAuthBasic},
    {.name = "add_header",
     .places = kServerAndLocation,
     .words = "NAME VALUE [always]",
     .words_min = 2,
     .words_max = 3,
     .repeat = Repeat::kSeveral,
     .fallback = "",
     .meaning =
         "A field for answers with the status 200, 201, 204, 206, 301, 302, 303, 304, 307 or 308; with `always`, for "
         "every answer. A location has its server's too, but for those of a NAME it gives itself. The field takes the "
         "place of one the server would send, but is added to `Vary`, `Link` and `Set-Cookie`; with an empty VALUE "
         "none is sent.",
     .example = "add_header Strict-Transport-Security max-age=63072000 always\nadd_header X-Frame-Options DENY",
     .apply = ApplyAddHeader},
    {.name = "cache_control",
     .places = kServerAndLocation,
     .words = "VALUE...|off",
     .words_max = kAnyNumber,
     .fallback = "off",
     .meaning =
         "The Cache-Control field of files: how long browsers and proxies may use a copy without asking (RFC 9111). "
         "Errors always say `no-store`. What a location says replaces what its server says.",
     .example = "cache_control public max-age=31536000 immutable",
     .apply = ApplyCacheControl},

    {.name = "allowed_origins",
     .places = kServerAndLocation,
     .words = "ORIGIN...|off",
     .words_max = kAnyNumber,
     .fallback = "off",
     .meaning =
         "Sites whose pages may store and delete files here, besides this site's own: `POST`, `PUT` and `DELETE` from "
         "pages of all others are 403. Has no effect on programs, which are asked by everybody. What a location says "
         "replaces what its server says. See access.md.",
     .example = "allowed_origins https://app.example.com http://localhost:3000",
     .apply = ApplyAllowedOrigins},

    // ---- A location, or a cgi block.
    {.name = "root",
     .places = kLocation,
     .words = "PATH",
     .fallback = "(the location's path below the folder of the configuration, or below `--prefix`)",
     .meaning = "The folder whose files answer. It stands in place of the location's path: with `location /img { root "
                "/srv/pictures }` the target `/img/a.png` is the file `/srv/pictures/a.png`.",
     .example = "root /srv/www",
     .apply = ApplyRoot},
    {.name = "root",
     .places = kCgi,
     .words = "PATH",
     .fallback = "(the folder of the configuration, or `--prefix`)",
     .meaning = "The folder that the whole path of a request is looked up in: with `cgi .py { root /srv }` the target "
                "`/app/x.py/extra` runs `/srv/app/x.py`.",
     .example = "root /srv/www",
     .apply = ApplyRoot},
    {.name = "index",
     .places = kLocation,
     .words = "FILE...",
     .words_max = kIndexNamesMax,
     .fallback = "index.html",
     .meaning = "The files that answer for a folder: the first that exists. If it is a script, it runs.",
     .example = "index index.html index.php",
     .apply = ApplyIndex},
    {.name = "fallback",
     .places = kLocation,
     .words = "FILE",
     .fallback = "(404)",
     .meaning =
         "The file, below `root`, that answers where there is none: for applications whose pages exist in the browser "
         "only. A missing file that has an extension stays 404, unless a browser asks for it as a page and it is no "
         "script, style sheet, image, font, sound or film.",
     .example = "fallback index.html",
     .apply = ApplyFallback},
    {.name = "autoindex",
     .places = kLocation,
     .words = "on|off",
     .fallback = "off",
     .meaning = "Lists the files of a folder that has none of the `index` files.",
     .example = "autoindex on",
     .apply = ApplyAutoindex},
    {.name = "archive",
     .places = kLocation,
     .words = "on|off",
     .fallback = "off",
     .meaning = "Lets people have a folder that is listed, with all that is in it, as one file: `?archive=zip` or "
                "`?archive=tar`. What lies in a deeper location is left out.",
     .example = "archive on",
     .apply = ApplyArchive},
    {.name = "archive_max",
     .places = kLocation,
     .words = "SIZE",
     .fallback = "4g",
     .meaning = "The most that the files in one such archive may have together. Beyond it the download breaks off.",
     .example = "archive_max 500m",
     .apply = ApplyArchiveMax},
    {.name = "dotfiles",
     .places = kLocation,
     .words = "on|off",
     .fallback = "off",
     .meaning = "Serves files and folders whose names begin with a dot; off, they do not exist for clients.",
     .example = "dotfiles on",
     .apply = ApplyDotfiles},
    {.name = "max_ranges",
     .places = kLocation,
     .words = "N",
     .fallback = "64",
     .meaning =
         "How many byte ranges one request may ask for, up to 1000. A `Range` field with more is ignored: the whole "
         "file is sent. 0 turns ranges off.",
     .example = "max_ranges 1",
     .apply = ApplyMaxRanges},
    {.name = "precompressed",
     .places = kLocation,
     .words = "CODING...|off",
     .words_max = kAnyNumber,
     .fallback = "off",
     .meaning =
         "Sends a file's compressed neighbour to clients that accept its coding: `br` (`app.css.br` for `app.css`), "
         "`zstd` (`app.css.zst`) or `gzip` (`app.css.gz`). The order is the server's preference where a client has "
         "none. A neighbour older than its file is not used.",
     .example = "precompressed br zstd gzip",
     .apply = ApplyPrecompressed},
    {.name = "methods",
     .places = static_cast<Places>(kLocation | kCgi),
     .words = "METHOD...",
     .words_max = kAnyNumber,
     .fallback = "GET",
     .meaning =
         "The methods allowed. In a location: of `GET`, `POST`, `PUT` and `DELETE`; `HEAD` comes with `GET`, and "
         "`OPTIONS` is always answered. For a program also `HEAD`, `OPTIONS` and `PATCH`.",
     .example = "methods GET DELETE",
     .apply = ApplyMethods},
    {.name = "body_max",
     .places = static_cast<Places>(kLocation | kCgi),
     .words = "SIZE",
     .fallback = "2147483647",
     .meaning = "The largest content of a request, after decoding. 413 above it. Sizes above 2 GiB need a unit: `5g`.",
     .example = "body_max 10m",
     .apply = ApplyBodyMax},
    {.name = "upload_path",
     .places = kLocation,
     .words = "PATH",
     .fallback = "(POST stores nothing)",
     .meaning =
         "Where `POST` stores files, below `root`: `/` is `root` itself. Nothing in a location with uploads is ever "
         "run.",
     .example = "methods GET POST\nupload_path /incoming",
     .apply = ApplyUploadPath},
    {.name = "upload_conflict",
     .places = kLocation,
     .words = "rename|reject|replace",
     .fallback = "rename",
     .meaning = "What becomes of a file that is posted under a name that is taken: it gets another one (`x_1.txt`), is "
                "refused "
                "(409), or replaces the other. `PUT` always replaces. See uploads.md.",
     .example = "methods GET POST\nupload_path /\nupload_conflict reject",
     .apply = ApplyUploadConflict},
    {.name = "upload_sync",
     .places = kLocation,
     .words = "none|data|full",
     .fallback = "none",
     .meaning =
         "What has reached the disk before an upload is answered: nothing need have, the file, or its name in the "
         "folder too. No file is ever seen in part, whatever is chosen.",
     .example = "methods GET PUT\nupload_sync full",
     .apply = ApplyUploadSync},
    {.name = "upload_mkdir",
     .places = kLocation,
     .words = "on|off",
     .fallback = "off",
     .meaning = "Makes the folders that are missing on the way to a file that is sent by itself.",
     .example = "methods GET PUT\nupload_mkdir on",
     .apply = ApplyUploadMkdir},
    {.name = "upload_quota",
     .places = kLocation,
     .words = "SIZE|off",
     .fallback = "off",
     .meaning =
         "How large all files together may be that lie where the location's requests may write: below `root` with "
         "`PUT`, else below `upload_path`. 507 above it. They are counted for each upload.",
     .example = "methods GET PUT\nupload_quota 10g",
     .apply = ApplyUploadQuota},
    {.name = "upload_path",
     .places = kCgi,
     .words = "PATH",
     .fallback = "",
     .meaning = "Accepted for old configurations, without effect: the script gets what is posted.",
     .example = "upload_path /tmp",
     .apply = ApplyCgiUploadPath},
    {.name = "delete_folders",
     .places = kLocation,
     .words = "off|empty",
     .fallback = "off",
     .meaning = "Whether `DELETE` removes folders: `empty` ones, or none. One with something in it never is.",
     .example = "methods GET DELETE\ndelete_folders empty",
     .apply = ApplyDeleteFolders},
    {.name = "trash",
     .places = kLocation,
     .words = "PATH",
     .fallback = "(deleted for good)",
     .meaning =
         "The folder that `DELETE` moves files to, from where they can be brought back. It lies on the file system "
         "of `root`, outside of all that is served, and exists. It keeps 1000 files. See deleting.md.",
     .example = "methods GET DELETE\ntrash /srv/trash",
     .apply = ApplyTrash},
    {.name = "trash_age",
     .places = kLocation,
     .words = "TIME",
     .fallback = "168h",
     .meaning = "How long deleted files stay in `trash`.",
     .example = "methods GET DELETE\ntrash /srv/trash\ntrash_age 24h",
     .apply = ApplyTrashAge},
    {.name = "redirect_to",
     .places = kLocation,
     .words = "[CODE] URI",
     .words_max = 2,
     .fallback = "(none)",
     .meaning = "Sends every request of the location elsewhere. CODE is 301 (the default), 302, 303, 307 or 308.",
     .example = "redirect_to 308 https://example.com/new",
     .apply = ApplyRedirect},
    {.name = "symlink_roots",
     .places = kLocation,
     .words = "PATH...",
     .words_max = kAnyNumber,
     .fallback = "(none)",
     .meaning = "Folders outside of `root` that symbolic links may lead into. Any other way out of `root` is 403.",
     .example = "symlink_roots /srv/shared /srv/media",
     .apply = ApplySymlinkRoots},
};

constexpr auto kRows = [] {
  std::array<DirectiveRow, std::size(kGeneralRows) + std::size(kProgramRows)> rows{};
  std::ranges::copy(kProgramRows, std::ranges::copy(kGeneralRows, rows.begin()).out);
  return rows;
}();

}  // namespace

std::string_view PlaceName(Place place) {
  switch (place) {
    case Place::kTop:
      return "at the top level";
    case Place::kServer:
      return "in a server block";
    case Place::kLocation:
      return "in a location block";
    case Place::kCgi:
      return "in a cgi block";
    case Place::kTypes:
      return "in a types block";
    case Place::kNowhere:
      break;
  }
  return "here";
}

std::string PlacesName(Places places) {
  std::string result;
  for (const Place place : {Place::kTop, Place::kServer, Place::kLocation, Place::kCgi}) {
    if (!Includes(places, place)) continue;
    if (!result.empty()) result += " or ";
    result += PlaceName(place);
  }
  return result;
}

std::span<const DirectiveRow> Directives() { return kRows; }

const DirectiveRow* FindDirective(std::string_view name, Place place) {
  const auto matches = [&](const DirectiveRow& row) { return Includes(row.places, place) && row.name == name; };
  const auto found = std::find_if(std::begin(kRows), std::end(kRows), matches);
  return found == std::end(kRows) ? nullptr : &*found;
}

Places PlacesOf(std::string_view name) {
  Places places = 0;
  for (const DirectiveRow& row : kRows) {
    if (row.name == name) places = static_cast<Places>(places | row.places);
  }
  return places;
}

}  // namespace brilliant::config
