// What a script has answered, judged and cleaned (RFC 3875 section 6): a value that can't break the response it goes
// into. Made by ResponseParser.
#ifndef BRILLIANT_CGI_SCRIPT_RESPONSE_H_
#define BRILLIANT_CGI_SCRIPT_RESPONSE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/response_head.h"

namespace brilliant::cgi {

enum class ResponseKind : uint8_t {
  kDocument,                    // section 6.2.1: the rest of the output is the content
  kLocalRedirect,               // section 6.2.2: `location` is to be routed; the rest of the output is dropped
  kClientRedirect,              // section 6.2.3: the server makes the content; the rest of the output is dropped
  kClientRedirectWithDocument,  // section 6.2.4: the rest of the output is the content
};

// A field that is not passed on, and why: for the log.
struct LeftOutField {
  std::string name;
  const char* reason = "";  // a string literal
  friend bool operator==(const LeftOutField&, const LeftOutField&) = default;
};

struct ScriptResponse {
  ResponseKind kind = ResponseKind::kDocument;
  int status = 200;           // 200 to 599; of no meaning for kLocalRedirect
  std::string reason_phrase;  // the script's, a valid field value; empty: the registered one
  // For kLocalRedirect: an origin-form target (path, and query if there is one) that http::NormalizePath accepts.
  std::string location;
  // To be sent, in the script's order; Content-Type and Location are among them. Nothing about framing or the
  // connection, no Date, no Server. Empty for kLocalRedirect.
  http::FieldList fields;
  // To be enforced: the content has exactly so many bytes. Nothing: unknown, or of no use.
  std::optional<uint64_t> content_length;
  // The content is in the chunked coding, to be undone with http::ChunkedDecoder. NPH only.
  bool content_is_chunked = false;
  // X-Sendfile: the file that is to be sent in place of the content, as the script wrote it. Never passed on.
  std::optional<std::string> send_file;
  std::vector<LeftOutField> left_out;

  friend bool operator==(const ScriptResponse&, const ScriptResponse&) = default;
};

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_SCRIPT_RESPONSE_H_
