// The input is what a script printed; its first byte says in which form. However it is split, the parser must say the
// same; what it lets out must be clean, and mean the same when it is printed again.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"
#include "cgi/response_parser.h"
#include "http/response_head.h"
#include "http/status.h"
#include "http/target.h"

namespace {

using brilliant::cgi::OutputFault;
using brilliant::cgi::OutputForm;
using brilliant::cgi::OutputLimits;
using brilliant::cgi::OutputStatus;
using brilliant::cgi::OutputStep;
using brilliant::cgi::ResponseKind;
using brilliant::cgi::ResponseParser;
using brilliant::cgi::ScriptResponse;

// Small, so that short inputs reach them.
constexpr OutputLimits kLimits{.head_bytes_max = 512, .fields_max = 16};

constexpr auto kNeverSent =
    std::to_array<std::string_view>({"Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Connection", "Server",
                                     "Status", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "X-Sendfile"});

struct Outcome {
  OutputStatus status = OutputStatus::kNeedMore;
  size_t consumed = 0;
  ScriptResponse response{};
  OutputFault fault{};
};

// Feeds pieces in memory of their exact size: AddressSanitizer sees any byte read beyond one.
Outcome Parse(std::string_view input, OutputForm form, size_t piece_max) {
  ResponseParser parser(form, kLimits);
  Outcome outcome;
  while (outcome.status == OutputStatus::kNeedMore && outcome.consumed < input.size()) {
    const std::string_view piece = input.substr(outcome.consumed, piece_max);
    const std::unique_ptr<char[]> copy(new char[piece.size()]);
    std::ranges::copy(piece, copy.get());
    const OutputStep step = parser.Next(std::string_view(copy.get(), piece.size()));
    CHECK(step.consumed <= piece.size());
    CHECK(step.status != OutputStatus::kNeedMore || step.consumed == piece.size());
    outcome.status = step.status;
    outcome.consumed += step.consumed;
  }
  if (outcome.status == OutputStatus::kNeedMore) parser.End();
  if (outcome.status == OutputStatus::kDone) {
    outcome.response = parser.response();
  } else {
    outcome.fault = parser.fault();
    outcome.consumed = 0;  // what was consumed before the error depends on the splits; all else doesn't
  }
  return outcome;
}

void CheckFault(const OutputFault& fault, std::string_view input) {
  CHECK(fault.offset <= input.size() && fault.line >= 1 && fault.reason[0] != '\0');
  CHECK(brilliant::cgi::RemedyFor(fault.kind)[0] != '\0');
  CHECK(fault.excerpt.size() <= brilliant::cgi::kExcerptBytesMax + 3);
  for (const char c : brilliant::cgi::Describe(fault)) CHECK(c >= 0x20 && c < 0x7f);
}

void CheckFields(const ScriptResponse& response) {
  for (const auto& field : response.fields) {
    CHECK(brilliant::http::IsToken(field.name));
    CHECK(!field.value.empty() && brilliant::http::IsFieldValue(field.value));
    CHECK(!brilliant::EqualsIgnoreCase(field.name.substr(0, 6), "X-CGI-"));
    for (const std::string_view name : kNeverSent) CHECK(!brilliant::EqualsIgnoreCase(field.name, name));
  }
  for (const char c : response.fields.Find("Location")) CHECK(c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>');
}

void CheckResponse(const ScriptResponse& response, OutputForm form) {
  CHECK(response.status >= 200 && response.status <= 599);
  CHECK(brilliant::http::IsFieldValue(response.reason_phrase));
  CHECK(!response.content_length || *response.content_length <= INT64_MAX);
  CHECK(!response.content_is_chunked || (form == OutputForm::kNonParsedHeader && !response.content_length));
  CheckFields(response);
  const bool is_local = response.kind == ResponseKind::kLocalRedirect;
  const bool is_redirect =
      response.kind == ResponseKind::kClientRedirect || response.kind == ResponseKind::kClientRedirectWithDocument;
  CHECK(is_local == !response.location.empty());
  CHECK(!is_redirect || (brilliant::http::IsRedirection(response.status) && response.fields.Contains("Location")));
  if (is_local) {
    CHECK(response.fields.empty() && !response.content_length);
    const std::string_view path = std::string_view(response.location).substr(0, response.location.find('?'));
    std::string storage;
    CHECK(brilliant::http::NormalizePath(path, storage).has_value());
  }
}

// Printed as the server would send it, with a status line, it is the same response again.
void CheckPrintedAgain(const ScriptResponse& response) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " + response.reason_phrase + "\r\n";
  brilliant::http::AppendFieldLines(head, response.fields);
  const size_t size = head.size() + 2;
  head += "\r\nContent-Length: 1\r\n\r\n";
  ResponseParser parser(OutputForm::kNonParsedHeader);
  const OutputStep step = parser.Next(head);
  CHECK(step.status == OutputStatus::kDone && step.consumed == size);
  CHECK(parser.response().status == response.status);
  CHECK(parser.response().reason_phrase == response.reason_phrase);
  CHECK(parser.response().fields == response.fields);
  CHECK(parser.response().left_out.empty() && !parser.response().content_length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const OutputForm form = data[0] == 'n' ? OutputForm::kNonParsedHeader : OutputForm::kParsedHeader;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), std::min<size_t>(size - 1, 1024));
  const Outcome whole = Parse(input, form, input.size());
  if (whole.status == OutputStatus::kDone) {
    CheckResponse(whole.response, form);
    CheckPrintedAgain(whole.response);
  } else {
    CheckFault(whole.fault, input);
  }
  for (const size_t piece_max : {1, 2, 3, 7}) {
    const Outcome split = Parse(input, form, piece_max);
    CHECK(split.status == whole.status && split.consumed == whole.consumed && split.response == whole.response);
    CHECK(split.fault.kind == whole.fault.kind && split.fault.line == whole.fault.line);
    CHECK(split.fault.offset == whole.fault.offset && split.fault.excerpt == whole.fault.excerpt);
  }
  return 0;
}
