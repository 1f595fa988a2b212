// The text around the parts of a multipart/byteranges (RFC 9110 section 14.6, RFC 2046 section 5.1). For WriteResponse.
#ifndef BRILLIANT_SERVER_MULTIPART_H_
#define BRILLIANT_SERVER_MULTIPART_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/api.h"
#include "server/output_queue.h"

namespace brilliant::server {

// A boundary nobody can foretell, so that no file has it in its content by chance or by intention. One system call.
[[nodiscard]] std::string MakeBoundary();

class Multipart {
 public:
  // `boundary`: a token of at most 70 bytes (RFC 2046 section 5.1.1).
  Multipart(handlers::MultipartBody body, std::string boundary);

  // The value of the answer's Content-Type.
  [[nodiscard]] std::string ContentType() const { return "multipart/byteranges; boundary=" + boundary_; }
  // Of everything that Queue queues.
  [[nodiscard]] uint64_t content_length() const { return content_length_; }
  // Once. Refers to the file, copies nothing of it.
  void Queue(OutputQueue& output);

 private:
  handlers::MultipartBody body_;
  const std::string boundary_;
  std::string text_;                     // all heads of parts and the end, one behind the other
  std::vector<size_t> part_heads_ends_;  // in text_
  uint64_t content_length_ = 0;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_MULTIPART_H_
