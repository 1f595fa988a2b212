#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "config/apply.h"
#include "config/limits.h"
#include "config/text.h"
#include "http/response_head.h"

namespace brilliant::config {
namespace {

using http::Method;

// Fields that are the server's own business, and what to write instead, if anything.
struct OwnField {
  std::string_view name;
  std::string_view hint;
};
constexpr std::string_view kFraming = "the server decides it for each answer: remove it";
constexpr OwnField kOwnFields[] = {
    {"Content-Length", kFraming},
    {"Transfer-Encoding", kFraming},
    {"Connection", kFraming},
    {"Keep-Alive", kFraming},
    {"Proxy-Connection", kFraming},
    {"TE", kFraming},
    {"Trailer", kFraming},
    {"Upgrade", kFraming},
    {"Date", kFraming},
    {"Age", kFraming},
    {"Content-Range", kFraming},
    {"Accept-Ranges", kFraming},
    {"Content-Encoding", kFraming},
    {"ETag", kFraming},
    {"Last-Modified", kFraming},
    {"Content-Type", "write \"types\", \"default_type\" or \"charset\""},
    {"Location", "write \"redirect_to\", in a location"},
    {"Allow", "write \"methods\", in a location"},
    {"WWW-Authenticate", "write \"auth_basic\""},
    {"Cache-Control", "write \"cache_control\""},
};

// Members of Cache-Control (RFC 9111 section 5.2.2, RFC 5861, RFC 8246).
enum class CacheArgument : uint8_t { kNone, kFields, kSeconds };
struct CacheMember {
  std::string_view name;
  CacheArgument argument;
};
constexpr CacheMember kCacheMembers[] = {
    {"public", CacheArgument::kNone},
    {"private", CacheArgument::kFields},
    {"no-cache", CacheArgument::kFields},
    {"no-store", CacheArgument::kNone},
    {"no-transform", CacheArgument::kNone},
    {"must-revalidate", CacheArgument::kNone},
    {"proxy-revalidate", CacheArgument::kNone},
    {"must-understand", CacheArgument::kNone},
    {"immutable", CacheArgument::kNone},
    {"max-age", CacheArgument::kSeconds},
    {"s-maxage", CacheArgument::kSeconds},
    {"stale-while-revalidate", CacheArgument::kSeconds},
    {"stale-if-error", CacheArgument::kSeconds},
};
// What caches must be able to hold (RFC 9111 section 1.2.2).
constexpr uint64_t kSecondsMax = uint64_t{1} << 31;

std::vector<AddHeader>& HeadersOf(Builder& builder) {
  return builder.location != nullptr ? builder.location->location.add_headers : builder.server->server.add_headers;
}

std::optional<ValueError> FieldNameError(std::string_view name) {
  if (!http::IsToken(name)) {
    const std::string_view hint = name.ends_with(':') ? "leave out the colon" : "letters, digits and \"-\"";
    return ValueError{fmt::format("{} is not the name of a field", Quoted(name)), std::string(hint)};
  }
  const auto same = [name](const OwnField& field) { return EqualsIgnoreCase(field.name, name); };
  const auto found = std::find_if(std::begin(kOwnFields), std::end(kOwnFields), same);
  if (found == std::end(kOwnFields)) return std::nullopt;
  return ValueError{fmt::format("{} can't be set here", Quoted(name)), std::string(found->hint)};
}

// The time behind "=", in seconds.
std::optional<ValueError> SecondsError(std::string_view name, std::string_view text) {
  const std::optional<uint64_t> seconds = ParseDecimal(text);
  if (seconds && *seconds <= kSecondsMax) return std::nullopt;
  const Parsed<Milliseconds> time = ParseTime(text, Milliseconds(0));
  const std::string example =
      fmt::format("{}={}", name, !seconds && time && !text.empty() ? time->count() / 1000 : int64_t{3600});
  return ValueError{fmt::format("{} takes a number of seconds, up to {}", name, kSecondsMax), "write " + example};
}

bool IsQuotedString(std::string_view text) {
  return text.size() >= 2 && text.starts_with('"') && text.ends_with('"') && http::IsFieldValue(text) &&
         text.substr(1, text.size() - 2).find_first_of("\"\\") == std::string_view::npos;
}

// What is wrong with `name` or `name=argument`.
std::optional<ValueError> CacheMemberError(const CacheMember* known, std::string_view name, std::string_view member) {
  const bool has_argument = member.size() > name.size();
  const std::string_view argument = has_argument ? member.substr(name.size() + 1) : std::string_view();
  if (!IsToken(name)) {
    return ValueError{fmt::format("{} is no part of a Cache-Control field", Quoted(member)),
                      "for example: cache_control public max-age=3600"};
  }
  if (name == "max-stale" || name == "min-fresh" || name == "only-if-cached") {
    return ValueError{fmt::format("\"{}\" is said by clients, not by servers", name), "remove it"};
  }
  if (known != nullptr && known->argument == CacheArgument::kSeconds) return SecondsError(name, argument);
  if (known != nullptr && known->argument == CacheArgument::kNone && has_argument) {
    return ValueError{fmt::format("\"{}\" takes no value", name), fmt::format("write {}", name)};
  }
  if (has_argument && !IsToken(argument) && !IsQuotedString(argument)) {
    return ValueError{fmt::format("the value of \"{}\" is neither a word nor a text in quotes", Printable(name)), ""};
  }
  return std::nullopt;
}

// The Cache-Control field being put together.
struct CacheControl {
  std::string value;
  std::vector<std::string> names;

  [[nodiscard]] bool Has(std::string_view name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
};

void AddCacheMember(Builder& builder, const Word& word, std::string_view member, CacheControl& control) {
  const std::string name = ToLower(member.substr(0, member.find('=')));
  const auto same = [&](const CacheMember& known) { return known.name == name; };
  const auto found = std::find_if(std::begin(kCacheMembers), std::end(kCacheMembers), same);
  const CacheMember* known = found == std::end(kCacheMembers) ? nullptr : &*found;
  if (const auto error = CacheMemberError(known, name, member)) return builder.Fail(word, *error);
  if (control.Has(name)) return builder.Fail(word, {fmt::format("{} stands twice", Quoted(name)), "remove one"});
  if (known == nullptr) {
    std::vector<std::string_view> names;
    for (const CacheMember& other : kCacheMembers) names.push_back(other.name);
    const std::string_view nearest = NearestName(name, names);
    builder.reporter.Warning(word.span, fmt::format("caches will not know {}", Quoted(name)),
                             nearest.empty() ? "" : fmt::format("did you mean {}?", Quoted(nearest)));
  }
  control.names.push_back(name);
  control.value += (control.value.empty() ? "" : ", ") + name + std::string(member.substr(name.size()));
}

}  // namespace

void ApplyAuthBasic(Builder& builder, const Directive& directive) {
  static constexpr MethodRule kAsked{
      {Method::kGet, Method::kPost, Method::kPut, Method::kDelete, Method::kOptions, Method::kPatch},
      "GET, POST, PUT, DELETE, OPTIONS, PATCH"};
  const Word& realm = directive.words[0];
  const bool off = realm.text == "off";
  std::optional<AuthBasic>& auth =
      builder.location != nullptr ? builder.location->location.auth : builder.server->notes.auth;
  (builder.location != nullptr ? builder.location->notes.auth : builder.server->notes.auth_span) = directive.name.span;
  if (builder.location != nullptr) builder.location->notes.auth_given = true;
  if (off && directive.words.size() == 1) return;
  if (off) return builder.Fail(directive.words[1], {"nothing may follow \"off\"", "remove it"});
  if (directive.words.size() == 1) {
    return builder.Fail(realm, {"the password file is missing behind the realm",
                                "for example: auth_basic \"Staff only\" /etc/brilliantserver/users"});
  }
  const bool printable = http::IsFieldValue(realm.text) && realm.text.find('\t') == std::string::npos;
  if (realm.text.empty() || !printable || realm.text.size() > kRealmBytesMax) {
    return builder.Fail(realm, {fmt::format("a realm is a text of 1 to {} bytes without control characters, and "
                                            "without blanks at its ends",
                                            kRealmBytesMax),
                                "for example \"Staff only\""});
  }
  const Word& file = directive.words[1];
  if (file.text.ends_with('/')) return builder.Fail(file, {"a password file is a file, not a folder", ""});
  auto path = builder.Path(file);
  MethodWords asked = ReadMethods(builder, std::span(directive.words).subspan(2), kAsked);
  if (asked.methods.Contains(Method::kGet)) asked.methods.Add(Method::kHead);
  if (!path) return;
  auth = AuthBasic{.realm = realm.text,
                   .file = std::move(*path),
                   .methods = asked.methods,
                   .position = builder.reporter.PositionOf(file.span)};
}

void ApplyAddHeader(Builder& builder, const Directive& directive) {
  const Word& name = directive.words[0];
  const Word& value = directive.words[1];
  const bool always = directive.words.size() == 3;
  if (always && directive.words[2].text != "always") {
    return builder.Fail(directive.words[2],
                        {"only \"always\" may follow the value", "a value with blanks needs quotes around it"});
  }
  if (const auto error = FieldNameError(name.text)) return builder.Fail(name, *error);
  if (!http::IsFieldValue(value.text)) {
    return builder.Fail(value, {"the value has a control character in it, or a blank at one of its ends", ""});
  }
  WarnAboutVariable(builder, value, "write the value out");
  std::vector<AddHeader>& headers = HeadersOf(builder);
  size_t bytes = name.text.size() + value.text.size();
  for (const AddHeader& header : headers) bytes += header.name.size() + header.value.size();
  if (headers.size() >= kAddedHeadersMax || bytes > kAddedHeaderBytesMax) {
    return builder.Fail(name, {fmt::format("more than {} fields or {} bytes of them in one block", kAddedHeadersMax,
                                           kAddedHeaderBytesMax),
                               ""});
  }
  headers.push_back(AddHeader{.name = name.text, .value = value.text, .always = always});
}

void ApplyCacheControl(Builder& builder, const Directive& directive) {
  const bool in_location = builder.location != nullptr;
  (in_location ? builder.location->notes.cache_control : builder.server->notes.cache_control_span) =
      directive.name.span;
  if (in_location) builder.location->notes.cache_control_given = true;
  const bool off = directive.words[0].text == "off";
  if (off && directive.words.size() == 1) return;
  if (off) return builder.Fail(directive.words[1], {"nothing may follow \"off\"", "remove it"});
  CacheControl control;
  for (const Word& word : directive.words) {
    // As in the field itself, there may be commas.
    std::string_view rest = word.text;
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view member = TrimBlanks(rest.substr(0, comma));
      if (!member.empty()) AddCacheMember(builder, word, member, control);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  const Word& first = directive.words[0];
  if (control.Has("public") && control.Has("private")) {
    return builder.Fail(first, {"\"public\" and \"private\" contradict each other", "remove one"});
  }
  if (control.value.size() > kCacheControlBytesMax) {
    return builder.Fail(first, {fmt::format("a Cache-Control field of more than {} bytes", kCacheControlBytesMax), ""});
  }
  (in_location ? builder.location->location.cache_control : builder.server->notes.cache_control) =
      std::move(control.value);
}

void ApplyAllowedOrigins(Builder& builder, const Directive& directive) {
  if (builder.location != nullptr) builder.location->notes.allowed_origins_given = true;
  std::vector<std::string>& origins =
      builder.location != nullptr ? builder.location->location.allowed_origins : builder.server->notes.allowed_origins;
  const bool off = directive.words[0].text == "off";
  if (off && directive.words.size() == 1) return;
  if (off) return builder.Fail(directive.words[1], {"nothing may follow \"off\"", "remove it"});
  for (const Word& word : directive.words) {
    const auto origin = builder.Value(word, ParseAllowedOrigin(word.text));
    if (!origin) continue;
    if (std::find(origins.begin(), origins.end(), *origin) != origins.end()) {
      builder.Fail(word, {fmt::format("{} stands twice", Quoted(word.text)), "remove one"});
    } else if (origins.size() >= kAllowedOriginsMax) {
      return builder.Fail(word, {fmt::format("more than {} origins", kAllowedOriginsMax), ""});
    } else {
      origins.push_back(*origin);
    }
  }
}

void InheritAccess(const ServerScope& scope, Location& location, LocationNotes& notes) {
  if (!notes.auth_given) {
    location.auth = scope.notes.auth;
    notes.auth = scope.notes.auth_span;
  }
  if (!notes.cache_control_given) {
    location.cache_control = scope.notes.cache_control;
    notes.cache_control = scope.notes.cache_control_span;
  }
  if (!notes.allowed_origins_given) location.allowed_origins = scope.notes.allowed_origins;
  std::vector<AddHeader> headers;
  for (const AddHeader& header : scope.server.add_headers) {
    const auto same = [&header](const AddHeader& own) { return EqualsIgnoreCase(own.name, header.name); };
    if (std::none_of(location.add_headers.begin(), location.add_headers.end(), same)) headers.push_back(header);
  }
  std::move(location.add_headers.begin(), location.add_headers.end(), std::back_inserter(headers));
  location.add_headers = std::move(headers);
}

}  // namespace brilliant::config
