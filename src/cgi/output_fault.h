// Why the output of a script can't be turned into a response: what is wrong, where, and what its author can do. Pure.
#ifndef BRILLIANT_CGI_OUTPUT_FAULT_H_
#define BRILLIANT_CGI_OUTPUT_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace brilliant::cgi {

enum class OutputFaultKind : uint8_t {
  kNoOutput,        // it has ended without a byte
  kEndInsideHead,   // it has ended before the empty line
  kNoFields,        // it begins with the empty line
  kNotAField,       // a line that is no field line
  kBadValue,        // a control character in a value
  kHeadTooLarge,    // a limit
  kTooManyFields,   // a limit
  kNoCgiField,      // neither Content-Type nor Status nor Location
  kDuplicateField,  // one of these twice, with different values
  kBadStatus,
  kBadLocation,
  kBadStatusLine,  // of an nph- script
  kBadCoding,      // an nph- script with another transfer coding than chunked
};

inline constexpr size_t kExcerptBytesMax = 80;

struct OutputFault {
  OutputFaultKind kind = OutputFaultKind::kNoOutput;
  uint64_t line = 1;        // of the output, from 1
  uint64_t offset = 0;      // bytes from the start of the output
  const char* reason = "";  // a string literal, no sentence: "field line without a colon"
  std::string excerpt{};    // the beginning of that line in printable ASCII, other bytes as \xNN; may be empty
};

// `line_text` is the line at fault or what there is of it.
[[nodiscard]] OutputFault MakeFault(OutputFaultKind kind, uint64_t line, uint64_t offset, const char* reason,
                                    std::string_view line_text);

// What the script's author can do about it: a string literal, a sentence without a full stop.
[[nodiscard]] const char* RemedyFor(OutputFaultKind kind);

// All of it for a log or an error page: `line 2, byte 24: field line without a colon: "Hello"`.
[[nodiscard]] std::string Describe(const OutputFault& fault);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_OUTPUT_FAULT_H_
