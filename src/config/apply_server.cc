#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "config/address.h"
#include "config/apply.h"
#include "config/checks.h"
#include "config/paths.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

constexpr uint64_t kBacklogMax = 1'000'000;
constexpr std::string_view kUnixScheme = "unix:";

bool HasChild(const Directive& block, std::string_view name) {
  return std::any_of(block.children.begin(), block.children.end(),
                     [&](const Directive& child) { return child.name.text == name; });
}

// Something unknown in the block may be the very thing that seems to be missing.
bool HasUnknownChild(const Directive& block, Place place) {
  return std::any_of(block.children.begin(), block.children.end(),
                     [&](const Directive& child) { return FindDirective(child.name.text, place) == nullptr; });
}

std::optional<std::vector<ListenAddress>> UnixAddress(Builder& builder, const Word& word) {
  const std::string_view text = std::string_view(word.text).substr(kUnixScheme.size());
  if (text.empty()) {
    builder.Fail(word, {"the path of the socket is missing", "for example unix:/run/site.sock"});
    return std::nullopt;
  }
  auto path = builder.Value(word, ResolvePath(text, builder.sources.folder, builder.sources.prefix));
  if (!path) return std::nullopt;
  constexpr size_t kBytesMax = sizeof(sockaddr_un::sun_path) - 1;
  if (path->size() > kBytesMax) {
    builder.Fail(word,
                 {fmt::format("the path of a socket may have {} bytes, this one has {}", kBytesMax, path->size()), ""});
    return std::nullopt;
  }
  return std::vector{
      ListenAddress{.family = ListenAddress::Family::kUnix, .host = {}, .port = 0, .path = std::move(*path)}};
}

ValueError ListenOptionError(std::string_view option) {
  ValueError error{fmt::format("unknown option {}", Quoted(option)), "\"backlog=N\", \"shared\" or \"proxy_protocol\""};
  if (option == "ssl" || option == "http2" || option == "quic") error.hint = "this server speaks HTTP/1.1 without TLS";
  if (option == "default_server") error.hint = "the first server of an address is its default: leave it out";
  if (option == "reuseport") error.hint = "that is the default: leave it out";
  return error;
}

// The options behind the address of a `listen`.
void ReadListenOptions(Builder& builder, const Directive& directive, Listen& listen, ListenNotes& notes) {
  constexpr std::string_view kBacklog = "backlog=";
  for (size_t i = 1; i < directive.words.size(); ++i) {
    const Word& word = directive.words[i];
    const bool backlog = word.text.starts_with(kBacklog);
    const bool proxy_protocol = word.text == "proxy_protocol";
    if ((backlog && notes.backlog_given) || (word.text == "shared" && notes.shared_given) ||
        (proxy_protocol && notes.proxy_protocol_given)) {
      builder.Fail(word, {"this option stands twice", "remove one"});
    } else if (backlog) {
      notes.backlog_given = true;
      const auto value = builder.Value(word, ParseCount(word.text.substr(kBacklog.size()), 1, kBacklogMax));
      if (value) listen.backlog = static_cast<int>(*value);
    } else if (word.text == "shared") {
      notes.shared_given = listen.shared = true;
    } else if (proxy_protocol) {
      notes.proxy_protocol_given = listen.proxy_protocol = true;
    } else if (word.text == "automatic" && builder.sources.generated) {
      listen.automatic = true;
    } else {
      builder.Fail(word, ListenOptionError(word.text));
    }
  }
}

void AddListen(Builder& builder, const Listen& listen, const ListenNotes& notes) {
  const std::string address = listen.address.ToString();
  const auto [first, is_first] = builder.server->addresses.emplace(address, notes.span);
  if (!is_first) {
    return builder.reporter.Error(notes.span, fmt::format("this server listens on {} already", Printable(address)),
                                  fmt::format("see {}: remove one", builder.reporter.Where(first->second, notes.span)));
  }
  builder.server->server.listens.push_back(listen);
  builder.server->notes.listens.push_back(notes);
}

// True if the word was taken as a status code.
bool ReadErrorCode(Builder& builder, const Word& word, ErrorPage& page) {
  constexpr uint64_t kFirst = 400, kLast = 599;
  const auto code = builder.Value(word, ParseCount(word.text, kFirst, kLast));
  if (!code) return false;
  const int value = static_cast<int>(*code);
  const auto has_code = [&](const ErrorPage& other) {
    return std::find(other.codes.begin(), other.codes.end(), value) != other.codes.end();
  };
  const std::vector<ErrorPage>& pages = builder.server->server.error_pages;
  if (has_code(page) || std::any_of(pages.begin(), pages.end(), has_code)) {
    builder.Fail(word, {fmt::format("{} has an error page already", value), "remove one of the two"});
    return false;
  }
  page.codes.push_back(value);
  return true;
}

void NoteInnerPaths(const Server& server, Location& location) {
  const std::string prefix = location.path == "/" ? "/" : location.path + "/";
  for (const Location& other : server.locations) {
    if (other.path != location.path && other.path.starts_with(prefix)) location.inner_paths.push_back(other.path);
  }
}

}  // namespace

void ApplyServer(Builder& builder, const Directive& directive) {
  ServerScope scope;
  scope.notes.name = directive.name.span;
  scope.server.position = builder.reporter.PositionOf(directive.name.span);
  builder.server = &scope;
  builder.ApplyAll(directive.children, Place::kServer);
  builder.server = nullptr;

  const bool unknown = HasUnknownChild(directive, Place::kServer);
  if (!HasChild(directive, "listen") && !unknown) {
    builder.reporter.Error(directive.name.span, "this server listens nowhere",
                           "give it an address, for example: listen 8080");
  }
  if (!HasChild(directive, "location") && !HasChild(directive, "cgi") && !unknown) {
    builder.reporter.Error(directive.name.span, "this server has neither a location nor a cgi block",
                           "for example: location / { root www }");
  }
  if (scope.server.names.empty()) scope.server.names = {""};
  for (size_t i = 0; i < scope.server.locations.size(); ++i) {
    if (!scope.notes.locations[i].charset_given && scope.notes.charset)
      scope.server.locations[i].charset = *scope.notes.charset;
    InheritAccess(scope, scope.server.locations[i], scope.notes.locations[i]);
    NoteInnerPaths(scope.server, scope.server.locations[i]);
  }
  for (size_t i = 0; i < scope.server.cgi_extensions.size(); ++i)
    InheritAccess(scope, scope.server.cgi_extensions[i], scope.notes.cgi_extensions[i]);
  CheckServer(scope.server, scope.notes, builder.reporter);
  builder.config.servers.push_back(std::move(scope.server));
  builder.servers.push_back(std::move(scope.notes));
}

void ApplyListen(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  const bool is_unix = word.text.starts_with(kUnixScheme);
  auto addresses = is_unix ? UnixAddress(builder, word) : builder.Value(word, ParseListenAddress(word.text));
  Listen listen;
  listen.position = builder.reporter.PositionOf(word.span);
  ListenNotes notes{.span = word.span};
  ReadListenOptions(builder, directive, listen, notes);
  if (!addresses) return;
  for (ListenAddress& address : *addresses) {
    listen.address = std::move(address);
    AddListen(builder, listen, notes);
  }
}

void ApplyServerName(Builder& builder, const Directive& directive) {
  for (const Word& word : directive.words) {
    auto name = builder.Value(word, ParseServerName(word.text));
    if (!name) continue;
    if (!builder.server->names.emplace(*name, word.span).second) {
      builder.Fail(word, {fmt::format("the name {} stands twice", Quoted(*name)), "remove one"});
      continue;
    }
    builder.server->server.names.push_back(std::move(*name));
    builder.server->notes.names.push_back(word.span);
  }
}

void ApplyHostCheck(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  HostCheck& host_check = builder.server->server.host_check;
  if (word.text == "loopback" && builder.sources.generated) {
    host_check = HostCheck::kOnLoopback;
  } else if (const auto on = builder.Value(word, ParseSwitch(word.text))) {
    host_check = *on ? HostCheck::kOn : HostCheck::kOff;
  }
}

void ApplyErrorPage(Builder& builder, const Directive& directive) {
  const Word& last = directive.words.back();
  ErrorPage page;
  page.position = builder.reporter.PositionOf(last.span);
  const bool number = !last.text.empty() && std::all_of(last.text.begin(), last.text.end(), IsDigit);
  if (number) {
    return builder.Fail(last, {"the page is missing behind the code",
                               fmt::format("for example: error {} /srv/www/error.html", last.text)});
  }
  if (last.text.ends_with('/'))
    return builder.Fail(last, {"an error page is a file, not a folder", "name the file in it"});
  for (size_t i = 0; i + 1 < directive.words.size(); ++i) {
    if (!ReadErrorCode(builder, directive.words[i], page)) return;
  }
  std::vector<ErrorPage>& pages = builder.server->server.error_pages;
  const auto is_general = [](const ErrorPage& other) { return other.codes.empty(); };
  if (page.codes.empty() && std::any_of(pages.begin(), pages.end(), is_general)) {
    return builder.Fail(last,
                        {"this server has a page for all errors already", "remove one, or put codes before the page"});
  }
  auto path = builder.Path(last);
  if (!path) return;
  page.path = std::move(*path);
  pages.push_back(std::move(page));
}

void ApplyCharset(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  auto charset = builder.Value(word, ParseCharset(word.text));
  if (!charset) return;
  if (*charset == "off") charset->clear();
  if (builder.location == nullptr) {
    builder.server->notes.charset = std::move(*charset);
  } else {
    builder.location->location.charset = std::move(*charset);
    builder.location->notes.charset_given = true;
  }
}

}  // namespace brilliant::config
