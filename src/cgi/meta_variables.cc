#include "cgi/meta_variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace brilliant::cgi {
namespace {

// Fields that never become HTTP_* variables, in lower case.
constexpr auto kFieldsWithoutVariable = std::to_array<std::string_view>({
    // Credentials (RFC 3875 sections 4.1.18 and 9.2). Authorization has a switch.
    "authorization",
    "proxy-authorization",
    // They have variables of their own.
    "content-length",
    "content-type",
    // Between the client and the server (RFC 9110 section 7.6.1); Expect is answered by the server.
    "connection",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // Programs take their variables for settings: of a proxy (CVE-2016-5385), of TLS, of a session (CVE-2018-1283).
    "https",
    "proxy",
    "session",
});

constexpr auto kComputedVariables = std::to_array<std::string_view>({
    // RFC 3875 section 4.1.
    "AUTH_TYPE",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "GATEWAY_INTERFACE",
    "PATH_INFO",
    "PATH_TRANSLATED",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_IDENT",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
    // Not of the RFC, but known to many programs.
    "DOCUMENT_ROOT",
    "HTTPS",
    "REMOTE_PORT",
    "REQUEST_SCHEME",
    "REQUEST_URI",
    "SCRIPT_FILENAME",
});

bool IsVariableField(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return IsAlpha(c) || IsDigit(c) || c == '-'; });
}

bool IsWithoutVariable(std::string_view name, const VariableOptions& options) {
  if (options.pass_authorization && EqualsIgnoreCase(name, "authorization")) return false;
  return std::ranges::any_of(kFieldsWithoutVariable,
                             [name](std::string_view field) { return EqualsIgnoreCase(name, field); });
}

// RFC 3875 section 4.1.18.
std::string VariableNameOf(std::string_view field_name) {
  std::string name = "HTTP_";
  for (const char c : field_name) {
    if (c == '-') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

// All values of that field in order (RFC 9110 section 5.3; RFC 9113 section 8.2.3 for Cookie, which is no list).
std::string JoinedValue(const http::RequestHead& head, std::string_view name, const VariableOptions& options) {
  const std::string_view separator = EqualsIgnoreCase(name, "cookie") ? "; " : ", ";
  std::string joined;
  bool is_first = true;
  for (const http::Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, name)) continue;
    if (!is_first) joined += separator;
    joined += field.value;
    is_first = false;
  }
  if (options.blank_shell_functions && joined.starts_with("() {")) joined.clear();
  return joined;
}

// RFC 3875 section 4.1.14: hostname | ipv4-address | ( "[" ipv6-address "]" ). A Host field may hold more than that
// (RFC 3986: "$(x)" is a reg-name), which no program expects in a name. "_" is in use.
bool IsServerName(std::string_view host) {
  const bool is_literal = host.starts_with('[') && host.ends_with(']');
  if (is_literal) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::ranges::all_of(host, [is_literal](char c) {
    if (is_literal) return HexValue(c) >= 0 || c == ':' || c == '.';
    return IsAlpha(c) || IsDigit(c) || c == '-' || c == '.' || c == '_';
  });
}

// As the client sent it, but for scheme and authority of the absolute-form.
std::string RequestUri(const http::RequestHead& head) {
  if (head.form != http::TargetForm::kAbsolute) return std::string(head.target);
  std::string uri(head.path);
  if (head.has_query) uri.append("?").append(head.query);
  return uri;
}

// RFC 9112 section 3.2.2: the authority of the absolute-form takes the place of the Host field.
std::string HostValue(const http::RequestHead& head) {
  if (head.form != http::TargetForm::kAbsolute) return std::string(head.Find("Host"));
  return head.port == 0 ? std::string(head.host) : fmt::format("{}:{}", head.host, head.port);
}

std::string PortOrNothing(uint16_t port) { return port == 0 ? std::string() : fmt::format_int(port).str(); }

// Whether a variable is set when its value is empty.
enum class IfEmpty : uint8_t { kSet, kLeaveOut };

struct Computed {
  std::string_view name;
  std::string_view value;
  IfEmpty if_empty = IfEmpty::kLeaveOut;
};

Result<void> AddComputed(std::span<const Computed> variables, Environment& environment) {
  for (const Computed& variable : variables) {
    if (variable.value.empty() && variable.if_empty == IfEmpty::kLeaveOut) continue;
    RETURN_IF_ERROR(environment.Add(variable.name, variable.value));
  }
  return {};
}

Result<void> AddRequest(const http::RequestHead& head, const RequestFacts& facts, Environment& environment) {
  const std::string_view server_name = IsServerName(head.host) ? head.host : facts.server_name;
  const std::string lower_server_name = ToLower(server_name);
  const std::string server_port = fmt::format_int(facts.server_port).str();
  const std::string content_length = facts.content_length ? fmt::format_int(*facts.content_length).str() : "";
  const std::string_view path_translated = facts.path_info.empty() ? "" : facts.path_translated;
  const Computed variables[] = {
      {"AUTH_TYPE", facts.auth_type},                        // 4.1.1
      {"CONTENT_LENGTH", content_length},                    // 4.1.2
      {"GATEWAY_INTERFACE", "CGI/1.1"},                      // 4.1.4
      {"PATH_INFO", facts.path_info},                        // 4.1.5
      {"PATH_TRANSLATED", path_translated},                  // 4.1.6: not without PATH_INFO
      {"QUERY_STRING", head.query, IfEmpty::kSet},           // 4.1.7: must be set, also if empty
      {"REMOTE_ADDR", facts.remote_address, IfEmpty::kSet},  // 4.1.8
      {"REMOTE_HOST", facts.remote_address},                 // 4.1.9: may be the address if the name is not known
      {"REMOTE_USER", facts.remote_user},                    // 4.1.11
      {"REQUEST_METHOD", head.method_name, IfEmpty::kSet},   // 4.1.12
      {"SCRIPT_NAME", facts.script_name, IfEmpty::kSet},     // 4.1.13: must be set, also if empty
      {"SERVER_NAME", lower_server_name, IfEmpty::kSet},     // 4.1.14
      {"SERVER_PORT", server_port},                          // 4.1.15
      {"SERVER_PROTOCOL", head.version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1"},  // 4.1.16; RFC 9110 section 2.5
      {"SERVER_SOFTWARE", facts.server_software, IfEmpty::kSet},               // 4.1.17
  };
  return AddComputed(variables, environment);
}

// What the RFC doesn't have.
Result<void> AddExtras(const http::RequestHead& head, const RequestFacts& facts, Environment& environment) {
  const std::string request_uri = RequestUri(head);
  const std::string remote_port = PortOrNothing(facts.remote_port);
  const Computed variables[] = {
      {"DOCUMENT_ROOT", facts.document_root},
      {"HTTPS", facts.scheme == "https" ? "on" : ""},
      {"REMOTE_PORT", remote_port},
      {"REQUEST_SCHEME", facts.scheme},
      {"REQUEST_URI", request_uri},
      {"SCRIPT_FILENAME", facts.script_filename},
      {"REDIRECT_STATUS", "200"},  // php-cgi runs nothing without it
      {"REDIRECT_URL", facts.redirect ? facts.redirect->path : ""},
      {"REDIRECT_QUERY_STRING", facts.redirect ? facts.redirect->query : ""},
  };
  return AddComputed(variables, environment);
}

// A request that comes from a local redirect has the fields of the first one, but not its content.
bool HasContentFields(const RequestFacts& facts) { return !facts.redirect || facts.content_length; }

bool IsContentField(std::string_view name) { return EqualsIgnoreCase(name.substr(0, 8), "content-"); }

// RFC 3875 sections 4.1.3 and 4.1.18: the two that are more than the value of a field.
Result<void> AddHostAndContentType(const http::RequestHead& head, const RequestFacts& facts,
                                   const VariableOptions& options, Environment& environment) {
  const std::string host = HostValue(head);
  const std::string content_type = HasContentFields(facts) ? JoinedValue(head, "Content-Type", options) : "";
  const Computed variables[] = {{"CONTENT_TYPE", content_type}, {"HTTP_HOST", host}};
  return AddComputed(variables, environment);
}

// RFC 3875 section 4.1.18.
Result<void> AddFields(const http::RequestHead& head, const RequestFacts& facts, const VariableOptions& options,
                       MetaVariables& made) {
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const std::string_view name = head.fields[i].name;
    if (!IsVariableField(name)) {
      if (made.odd_fields++ == 0) made.first_odd_field = name;
      continue;
    }
    if (EqualsIgnoreCase(name, "host") || IsWithoutVariable(name, options)) continue;
    if (IsContentField(name) && !HasContentFields(facts)) continue;
    const auto same_name = [name](const http::Field& field) { return EqualsIgnoreCase(field.name, name); };
    const bool is_joined_already = std::ranges::any_of(head.fields.first(i), same_name);
    if (is_joined_already) continue;
    RETURN_IF_ERROR(made.environment.Add(VariableNameOf(name), JoinedValue(head, name, options)));
  }
  return {};
}

Result<void> AddConfigured(const VariableOptions& options, Environment& environment) {
  for (const auto& [name, value] : options.configured) {
    if (IsComputedVariable(name)) return Failure(ErrorCode::kInvalid, "cgi_env: a variable that is computed");
    RETURN_IF_ERROR(environment.Add(name, value));
  }
  return {};
}

}  // namespace

bool IsComputedVariable(std::string_view name) {
  return name.starts_with("HTTP_") || name.starts_with("REDIRECT_") ||
         std::ranges::find(kComputedVariables, name) != kComputedVariables.end();
}

Result<MetaVariables> MakeMetaVariables(const http::RequestHead& head, const RequestFacts& facts,
                                        const VariableOptions& options) {
  MetaVariables made;
  RETURN_IF_ERROR(AddRequest(head, facts, made.environment));
  RETURN_IF_ERROR(AddExtras(head, facts, made.environment));
  RETURN_IF_ERROR(AddHostAndContentType(head, facts, options, made.environment));
  RETURN_IF_ERROR(AddFields(head, facts, options, made));
  RETURN_IF_ERROR(AddConfigured(options, made.environment));
  return made;
}

}  // namespace brilliant::cgi
