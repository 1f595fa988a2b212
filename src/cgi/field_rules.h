// What becomes of each field a script prints, by name: one table, which docs/cgi.md shows to script authors. For the
// files of cgi/ only; pure.
#ifndef BRILLIANT_CGI_FIELD_RULES_H_
#define BRILLIANT_CGI_FIELD_RULES_H_

#include <cstdint>
#include <string_view>

namespace brilliant::cgi {

enum class FieldRule : uint8_t {
  kPass,              // as often as it comes
  kPassOnce,          // the first; a field that may occur once only
  kContentType,       // CGI-fields, RFC 3875 section 6.3
  kLocation,          //
  kStatus,            //
  kContentLength,     // taken out: framing
  kTransferEncoding,  // taken out: framing
  kConnection,        // taken out, and what it names (RFC 9110 section 7.6.1)
  kConnectionLevel,   // left out: between server and client only
  kServersOwn,        // left out: the server knows better
  kSendFile,          // taken out: an order to the server
  kExtension,         // left out: "X-CGI-", RFC 3875 section 6.3.5
};

[[nodiscard]] FieldRule RuleForField(std::string_view name);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_FIELD_RULES_H_
