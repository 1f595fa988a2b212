// From the field lines of a script's output to a ScriptResponse: the rules of RFC 3875 sections 5 and 6, and those that
// keep the response to the client in order. For ResponseParser; pure.
#ifndef BRILLIANT_CGI_RESPONSE_RULES_H_
#define BRILLIANT_CGI_RESPONSE_RULES_H_

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "cgi/output_fault.h"
#include "cgi/script_response.h"
#include "cgi/status_value.h"

namespace brilliant::cgi {

enum class OutputForm : uint8_t {
  kParsedHeader,     // section 6: CGI-fields and others
  kNonParsedHeader,  // section 5: a whole HTTP response
};

// A field line that has the right syntax: the name is a token, the value a field value.
struct OutputField {
  std::string_view name{};
  std::string_view value{};
  std::string_view line_text{};
  uint64_t line = 1;    // of the output
  uint64_t offset = 0;  // where the line begins
};

struct OutputHead {
  OutputForm form = OutputForm::kParsedHeader;
  std::optional<StatusValue> status_line{};  // always there with kNonParsedHeader
  std::span<const OutputField> fields{};
};

[[nodiscard]] std::expected<ScriptResponse, OutputFault> MakeScriptResponse(const OutputHead& head);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_RESPONSE_RULES_H_
