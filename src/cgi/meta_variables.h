// From a request to the environment of a script: the meta-variables of RFC 3875 section 4.1, HTTP_* among them, and
// those that programs in use expect besides. docs/cgi.md has them as a table. Pure.
#ifndef BRILLIANT_CGI_META_VARIABLES_H_
#define BRILLIANT_CGI_META_VARIABLES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "cgi/environment.h"
#include "http/request.h"

namespace brilliant::cgi {

// The request that a script has answered with a local redirect (RFC 3875 section 6.2.2), so that there is another one.
struct RedirectFacts {
  std::string_view path{};   // decoded: REDIRECT_URL
  std::string_view query{};  // raw: REDIRECT_QUERY_STRING
};

// What the head of the request doesn't say. What is empty or zero is not known, and its variable is not set unless the
// RFC says that it must be.
struct RequestFacts {
  std::string_view script_name{};  // decoded; empty if the script is the root
  std::string_view path_info{};    // decoded; empty, or begins with "/"
  std::string_view script_filename{};
  std::string_view path_translated{};  // counts only if there is a path_info
  std::string_view document_root{};
  std::string_view server_name{};     // for requests whose authority is no host name; an IPv6 address with its brackets
  uint16_t server_port = 0;           // on which the request came in
  std::string_view remote_address{};  // an IPv6 address without brackets
  uint16_t remote_port = 0;
  std::string_view scheme = "http";  // or "https"
  std::string_view auth_type{};      // if the server itself has authenticated the client
  std::string_view remote_user{};
  // Of the content as the script will read it, transfer codings removed. Nothing: no content, or passed on as it comes.
  std::optional<uint64_t> content_length{};
  std::string_view server_software{};
  std::optional<RedirectFacts> redirect{};
};

struct VariableOptions {
  // HTTP_AUTHORIZATION: the script does its own authentication. The server's users' passwords are in it.
  bool pass_authorization = false;
  // A field whose value begins with "() {" gets an empty value: for shells from before 2014 ("Shellshock").
  bool blank_shell_functions = false;
  // Name and value, from the configuration.
  std::span<const std::pair<std::string, std::string>> configured{};
};

struct MetaVariables {
  Environment environment;
  // Fields that have no variable because their name has other characters than letters, digits and "-":
  // "X_Forwarded_For" would have the variable of "X-Forwarded-For". For the log; `first_odd_field` is a view into the
  // head.
  size_t odd_fields = 0;
  std::string_view first_odd_field{};
};

// Errors: kTooLarge, the request has more than an environment holds (431); kInvalid, a configured variable is one that
// is computed or has no proper name, or a fact has a NUL (500).
[[nodiscard]] Result<MetaVariables> MakeMetaVariables(const http::RequestHead& head, const RequestFacts& facts,
                                                      const VariableOptions& options);

// Whether a variable of this name is the server's to set, in every request or in some, so that the configuration may
// not.
[[nodiscard]] bool IsComputedVariable(std::string_view name);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_META_VARIABLES_H_
