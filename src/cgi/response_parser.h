// Reads the head of a script's output as it comes (RFC 3875 sections 5 and 6): field lines, ended by LF or CR LF, up to
// an empty line. What follows is content, which is not its business. Pure: it sees bytes and limits.
//
// One parser reads the output of one script; whoever reads that output owns it.
#ifndef BRILLIANT_CGI_RESPONSE_PARSER_H_
#define BRILLIANT_CGI_RESPONSE_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgi/output_fault.h"
#include "cgi/response_rules.h"
#include "cgi/script_response.h"

namespace brilliant::cgi {

struct OutputLimits {
  size_t head_bytes_max = 32'768;  // up to and with the empty line
  size_t fields_max = 100;         // field lines, those that are left out included
};

enum class OutputStatus : uint8_t {
  kNeedMore,  // all of the input is consumed
  kDone,      // see response(); what is not consumed is content
  kError,     // see fault()
};

struct OutputStep {
  OutputStatus status = OutputStatus::kNeedMore;
  size_t consumed = 0;  // bytes of the input that belong to the head
};

class ResponseParser {
 public:
  explicit ResponseParser(OutputForm form, const OutputLimits& limits = {});
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // `output`: the bytes after those that were consumed. The outcome does not depend on how the bytes were split. Not to
  // be called after kDone.
  [[nodiscard]] OutputStep Next(std::string_view output);

  // The output has ended while Next() said kNeedMore. From then on there is a fault().
  void End();

  // After kDone; may be moved from.
  [[nodiscard]] ScriptResponse& response() { return response_; }
  // After kError or End().
  [[nodiscard]] const OutputFault& fault() const { return fault_; }

 private:
  enum class Phase : uint8_t { kFirstLine, kFields, kDone, kError };
  // A field line in head_, as offsets.
  struct FieldSpan {
    size_t begin = 0;
    size_t end = 0;  // without the line end
    size_t name_size = 0;
    uint64_t line = 1;
  };

  // `line` is in head_, at line_begin_, without its line end. These return false after a refusal.
  bool ReadLine(std::string_view line);
  bool ReadStatusLine(std::string_view line);
  bool ReadFieldLine(std::string_view line);
  bool FinishHead();
  bool Refuse(OutputFaultKind kind, size_t offset, const char* reason, std::string_view line);

  const OutputForm form_;
  const OutputLimits limits_;
  Phase phase_ = Phase::kFirstLine;
  std::string head_;
  size_t line_begin_ = 0;  // in head_
  uint64_t line_ = 1;
  bool has_status_line_ = false;  // it is the first line
  size_t status_line_size_ = 0;
  std::vector<FieldSpan> field_spans_;
  ScriptResponse response_;
  OutputFault fault_;
};

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_RESPONSE_PARSER_H_
