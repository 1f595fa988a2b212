// From the bytes of a request head to a RequestHead (RFC 9112 sections 2 to 6, RFC 9110 sections 5 to 7). Strict:
// whatever two recipients could understand differently is refused. Pure: it sees bytes and limits, never a socket or a
// clock.
//
// One parser serves all requests of a connection in turn; its owner calls Reset() before each. After warm-up it
// allocates nothing. It keeps offsets, never pointers, until a head is done, so the buffer may grow and move in
// between.
#ifndef BRILLIANT_HTTP_REQUEST_PARSER_H_
#define BRILLIANT_HTTP_REQUEST_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/request.h"

namespace brilliant::http {

struct HeadLimits {
  size_t head_bytes_max = 32768;   // request line and field lines, with leading empty lines and the final one: 431
  size_t target_bytes_max = 8192;  // the request-target: 414
  size_t fields_max = 100;         // field lines: 431
};

// No method in the IANA registry is longer than 17 bytes; one longer than this is answered 501 (RFC 9112 section 3).
inline constexpr size_t kMethodBytesMax = 32;
// RFC 9112 section 2.2 asks to ignore at least one empty line before a request line.
inline constexpr size_t kLeadingEmptyLinesMax = 2;

enum class ParseStatus : uint8_t { kNeedMore, kDone, kError };

class RequestParser {
 public:
  // `limits.head_bytes_max` is below 2^31.
  explicit RequestParser(const HeadLimits& limits);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Forgets the request, keeps the memory.
  void Reset();

  // `buffered`: all bytes received since the request's first byte, at whatever address; what follows the head is not
  // looked at. Call it again with more bytes while it says kNeedMore. After kDone a further call makes the views of
  // head() anew, for a buffer that has moved; after kError it says kError again. The outcome doesn't depend on how the
  // bytes were split.
  ParseStatus Parse(std::string_view buffered);

  // After kDone: the length of the head, with leading empty lines and the final CRLF.
  [[nodiscard]] size_t head_bytes() const { return position_; }
  // A byte other than those of leading empty lines was seen.
  [[nodiscard]] bool started() const { return phase_ != Phase::kLeading; }
  // After kDone; its views point into the last `buffered`, or to a literal "/". After kError it has method, method_name
  // and target only, as far as they were read whole: for the access log, and to leave out the content of an answer to
  // HEAD.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  // After kError.
  [[nodiscard]] const RequestError& error() const { return error_; }

 private:
  enum class Phase : uint8_t { kLeading, kMethod, kTarget, kVersion, kFields, kDone, kError };
  // A part of the head, as offset and size.
  struct Span {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  struct FieldSpan {
    Span name;
    Span value;
  };

  // Each of these works off one phase from position_ on. True: go on with the next phase; false: bytes are missing, or
  // phase_ is kError.
  bool SkipEmptyLines(std::string_view buffered);
  bool ReadMethod(std::string_view buffered);
  bool ReadTarget(std::string_view buffered);
  bool ReadVersion(std::string_view buffered);
  bool ReadFields(std::string_view buffered);

  // Each of these judges one part of the head; false: refused.
  bool AnalyseTarget(std::string_view buffered);
  bool AnalyseAbsoluteForm(std::string_view buffered);
  bool AnalyseAuthorityForm(std::string_view buffered);
  void SplitPathAndQuery(std::string_view buffered, size_t begin);
  bool ReadFieldLine(std::string_view buffered, size_t line_end);
  bool ReadKnownField(std::string_view buffered, const FieldSpan& field);
  bool ReadHost(std::string_view buffered, Span value);
  bool ReadContentLength(std::string_view buffered, Span value);
  bool ReadTransferEncoding(std::string_view buffered, Span value);
  bool ReadTransferCoding(std::string_view coding, bool has_parameters, size_t offset);
  bool ReadExpect(std::string_view buffered, Span value);
  void ReadConnection(std::string_view value);
  bool FinishHead();

  void MakeRequestLineViews(std::string_view buffered);
  void MakeViews(std::string_view buffered);
  bool Refuse(int status, size_t offset, const char* reason);

  const HeadLimits limits_;
  Phase phase_ = Phase::kLeading;
  uint8_t empty_lines_ = 0;
  uint8_t target_classes_ = 0;        // union of the classes of the target's bytes
  bool path_is_empty_ = false;        // absolute-form without a path: "/"
  bool authority_in_target_ = false;  // which beats Host
  bool host_seen_ = false;
  bool length_seen_ = false;
  bool encoding_seen_ = false;
  bool chunked_seen_ = false;
  bool chunked_is_last_ = false;
  bool other_coding_seen_ = false;
  bool continue_expected_ = false;
  size_t position_ = 0;         // everything before it has been handled
  size_t scanned_ = 0;          // up to here there is no LF after position_ (kFields)
  size_t encoding_offset_ = 0;  // of the last Transfer-Encoding value
  Span method_;
  Span target_;
  Span path_;
  Span query_;
  Span host_;
  std::vector<FieldSpan> field_spans_;
  std::vector<Field> fields_;
  RequestHead head_;
  RequestError error_;
};

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_REQUEST_PARSER_H_
