// How a file becomes an answer: its fields, the request's conditions (RFC 9110 section 13), byte ranges (section 14).
// One for each location, owned by its StaticHandler; immutable.
#ifndef BRILLIANT_HANDLERS_FILE_RESPONSE_H_
#define BRILLIANT_HANDLERS_FILE_RESPONSE_H_

#include <string>
#include <string_view>

#include "config/config.h"
#include "files/file_store.h"
#include "files/mime_types.h"
#include "handlers/api.h"
#include "http/conditions.h"
#include "http/content_coding.h"
#include "http/ranges.h"

namespace brilliant::handlers {

// What was chosen to be sent: a file as it is, or its neighbour in a content coding.
struct Representation {
  std::string_view path;     // of the file itself, beneath the root: it has the media type
  files::StoredFile stored;  // a regular file
  http::ContentCoding coding = http::ContentCoding::kIdentity;
};

// The validators of a file as GET sends them.
[[nodiscard]] std::string EntityTagOf(const files::FileIdentity& file, http::ContentCoding coding, WallTime now);
[[nodiscard]] int64_t LastModifiedOf(const files::FileIdentity& file, WallTime now);

class FileResponder {
 public:
  // Both outlive the responder.
  FileResponder(const config::Location& location, const files::MimeTypes& types) : location_(location), types_(types) {}

  // The answer to a GET or HEAD: 200, 206, 304, 412 or 416.
  [[nodiscard]] Response Respond(const Request& request, Representation file, WallTime now) const;

  // Prepares a small file, which `path` (or its neighbour in `coding`) names, for Respond: for FileRenderer::Render.
  [[nodiscard]] files::RenderedFile Render(std::string_view path, http::ContentCoding coding,
                                           const files::OpenFile& file, std::string content, WallTime now) const;

 private:
  [[nodiscard]] Response RespondWith(const Request& request, Representation file, const http::Validators& validators,
                                     WallTime now) const;
  [[nodiscard]] Response Refused(int status) const;
  [[nodiscard]] Response Whole(Representation file, const http::Validators& validators) const;
  [[nodiscard]] Response NotModified(Representation file, const http::Validators& validators) const;
  [[nodiscard]] Response Partial(Representation file, const http::Validators& validators,
                                 std::vector<http::ByteRange> ranges, bool client_has_fields) const;
  [[nodiscard]] http::FieldList ContentFields(std::string_view path, http::ContentCoding coding) const;
  [[nodiscard]] bool IsUpload(std::string_view path) const;
  void AddSharedFields(http::FieldList& fields, std::string_view etag) const;
  void AddFileFields(http::FieldList& fields, const http::Validators& validators) const;
  [[nodiscard]] std::string ContentType(std::string_view path) const;

  const config::Location& location_;
  const files::MimeTypes& types_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FILE_RESPONSE_H_
