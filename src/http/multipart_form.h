// Forms with files: multipart/form-data (RFC 7578; RFC 2046 section 5.1), read as it comes. Pure; content is handed out
// as views, and no more than one part's head is kept, so a file may be of any size.
//
// Strict where two readers could see different things in one form: lines end with CR LF, a part says exactly once what
// it is, and RFC 7578's ban on `filename*` (section 4.2) holds: such a form is refused. What stands before the first
// boundary and behind the last one is ignored, as RFC 2046 section 5.1.1 says.
//
// In quoted values `\"` and `\\` stand for the byte behind the backslash (RFC 9110 section 5.6.4), any other backslash
// for itself; `%22`, which browsers and curl send for a quote, becomes one, and no other percent-encoding is decoded: a
// file may be called "100%25.txt".
#ifndef BRILLIANT_HTTP_MULTIPART_FORM_H_
#define BRILLIANT_HTTP_MULTIPART_FORM_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"

namespace brilliant::http {

inline constexpr size_t kFormBoundaryBytesMax = 70;     // RFC 2046 section 5.1.1
inline constexpr size_t kFormPartHeadBytesMax = 8'192;  // of one part: 431 above it
inline constexpr size_t kFormPartFieldsMax = 16;        // of one part: 431 above it
inline constexpr size_t kFormPartsMax = 1'000;          // of a form: 413 above it
inline constexpr size_t kFormPreambleBytesMax = 4'096;  // to the end of the first boundary: 400 above it

// Whether the media type of content is multipart/form-data.
[[nodiscard]] bool IsForm(std::string_view content_type);
// The boundary of a Content-Type field with that type; nothing if there is none, or several, or a malformed one.
[[nodiscard]] std::optional<std::string> FormBoundary(std::string_view content_type);

struct FormPart {
  std::string name;                      // of the form's field
  std::optional<std::string> file_name;  // as sent, but for the quotes; nothing: no file. Any bytes but CR, LF and NUL
};

class FormParser {
 public:
  enum class Event : uint8_t {
    kNeedMore,  // all of the input has been used
    kPart,      // a part begins: part()
    kContent,   // some of its content
    kPartEnd,   // it was complete
    kEnd,       // of the form; whatever follows is not part of it
    kError,     // error(); for good
  };
  struct Step {
    Event event = Event::kNeedMore;
    size_t consumed = 0;
    std::string_view content;  // kContent: never empty; valid until the input changes or the parser is destroyed
  };

  // `boundary`: from FormBoundary.
  explicit FormParser(std::string_view boundary) : delimiter_("\r\n--" + std::string(boundary)) {}

  // Deals with a prefix of `input`. How the form is cut into inputs makes no difference, but for the size of contents.
  [[nodiscard]] Step Next(std::string_view input);

  [[nodiscard]] const FormPart& part() const { return part_; }
  // `offset` counts from the form's first byte.
  [[nodiscard]] const RequestError& error() const { return error_; }

 private:
  enum class State : uint8_t { kPreamble, kContent, kBehindDelimiter, kHead, kEnd, kFailed };

  Step ReadContent(std::string_view input);
  Step ReadBehindDelimiter(std::string_view input);
  Step ReadHead(std::string_view input);
  // Of the bytes that follow `delimiter_[0, matched_)`: how many go on matching.
  [[nodiscard]] size_t MatchMore(std::string_view input) const;
  [[nodiscard]] const char* TakeFieldLine(std::string_view line);
  [[nodiscard]] const char* TakeDisposition(std::string_view value);
  Step Fail(int status, size_t consumed, const char* reason);

  const std::string delimiter_;
  State state_ = State::kPreamble;
  size_t matched_ = 2;   // of the delimiter: the form begins as if behind a line
  size_t borrowed_ = 2;  // of those, bytes that end the line before and are no content
  std::string line_;     // what stands behind a delimiter, or a field line, as far as it has come
  size_t head_bytes_ = 0;
  size_t fields_ = 0;
  size_t preamble_bytes_ = 0;
  size_t parts_ = 0;
  bool has_disposition_ = false;
  uint64_t offset_ = 0;
  FormPart part_;
  RequestError error_;
};

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_MULTIPART_FORM_H_
