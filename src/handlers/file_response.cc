#include "handlers/file_response.h"

#include <algorithm>
#include <utility>

#include "handlers/answer_fields.h"
#include "handlers/answers.h"
#include "http/date.h"
#include "http/etag.h"
#include "http/media_type.h"

namespace brilliant::handlers {
namespace {

using files::OpenFile;
using files::RenderedFile;
using http::ContentCoding;
using http::FieldList;
using http::Validators;

// A file this young may change again within the resolution of its time stamp (RFC 9110 section 8.8.1).
constexpr int64_t kYoungNanoseconds = 2'000'000'000;

uint64_t SizeOf(const files::StoredFile& file) {
  return file.rendered != nullptr ? file.rendered->content.size() : file.file->size;
}

}  // namespace

std::string EntityTagOf(const files::FileIdentity& file, ContentCoding coding, WallTime now) {
  const bool weak = now.nanoseconds - file.mtime_ns < kYoungNanoseconds;
  return http::MakeEntityTag(file.mtime_ns, file.size, coding == ContentCoding::kIdentity ? "" : http::NameOf(coding),
                             weak);
}

// RFC 9110 section 8.8.2.1: never later than the answer's own date.
int64_t LastModifiedOf(const files::FileIdentity& file, WallTime now) {
  return std::min(WallTime{.nanoseconds = file.mtime_ns}.seconds(), now.seconds());
}

Response FileResponder::Respond(const Request& request, Representation file, WallTime now) const {
  if (const RenderedFile* rendered = file.stored.rendered.get()) {
    const Validators validators{.etag = rendered->etag, .last_modified_seconds = rendered->last_modified_seconds};
    return RespondWith(request, std::move(file), validators, now);
  }
  const files::FileIdentity identity = IdentityOf(*file.stored.file);
  const std::string etag = EntityTagOf(identity, file.coding, now);
  const Validators validators{.etag = etag, .last_modified_seconds = LastModifiedOf(identity, now)};
  return RespondWith(request, std::move(file), validators, now);
}

// In the order of RFC 9110 section 13.2.2.
Response FileResponder::RespondWith(const Request& request, Representation file, const Validators& validators,
                                    WallTime now) const {
  switch (http::EvaluateConditions(request.head, validators, now.seconds())) {
    case http::ConditionResult::kPreconditionFailed:
      return Refused(412);
    case http::ConditionResult::kNotModified:
      return NotModified(std::move(file), validators);
    case http::ConditionResult::kProceed:
      break;
  }
  const uint64_t size = SizeOf(file.stored);
  http::RangeSelection selection =
      http::SelectRanges(request.head, validators, size, location_.ranges_max, now.seconds());
  if (selection.outcome == http::RangeOutcome::kWhole) return Whole(std::move(file), validators);
  if (selection.outcome == http::RangeOutcome::kPartial) {
    const bool client_has_fields = request.head.Find("If-Range").data() != nullptr;
    return Partial(std::move(file), validators, std::move(selection.ranges), client_has_fields);
  }
  Response response = Refused(416);
  response.fields.Add("Content-Range", http::UnsatisfiedContentRange(size));
  return response;
}

Response FileResponder::Refused(int status) const {
  Response response = ErrorResponse(status);
  if (!location_.precompressed.empty()) response.fields.Add("Vary", "Accept-Encoding");
  return response;
}

Response FileResponder::Whole(Representation file, const Validators& validators) const {
  Response response;
  if (file.stored.rendered != nullptr) {
    response.body = RenderedBody{.file = std::move(file.stored.rendered), .with_content = true};
    return response;
  }
  response.fields = ContentFields(file.path, file.coding);
  AddFileFields(response.fields, validators);
  const uint64_t size = file.stored.file->size;
  response.body = FileBody{.file = std::move(file.stored.file), .offset = 0, .length = size};
  return response;
}

Response FileResponder::NotModified(Representation file, const Validators& validators) const {
  Response response;
  response.status = 304;
  if (file.stored.rendered != nullptr) {
    response.body = RenderedBody{.file = std::move(file.stored.rendered), .with_content = false};
  } else {
    AddSharedFields(response.fields, validators.etag);
  }
  return response;
}

// RFC 9110 section 15.3.7: the fields of a 200, but to a client that has those already only what is needed.
Response FileResponder::Partial(Representation file, const Validators& validators, std::vector<http::ByteRange> ranges,
                                bool client_has_fields) const {
  Response response;
  response.status = 206;
  const uint64_t size = SizeOf(file.stored);
  const auto [offset, length] = ranges[0];
  if (ranges.size() > 1) {
    MultipartBody body{.file = std::move(file.stored), .size = size, .ranges = std::move(ranges), .part_fields = {}};
    http::AppendFieldLines(body.part_fields, ContentFields(file.path, file.coding));
    response.body = std::move(body);
  } else {
    if (!client_has_fields) response.fields = ContentFields(file.path, file.coding);
    response.fields.Add("Content-Range", http::ContentRange(ranges[0], size));
    if (file.stored.rendered != nullptr) {
      response.body = SliceBody{.file = std::move(file.stored.rendered), .offset = offset, .length = length};
    } else {
      response.body = FileBody{.file = std::move(file.stored.file), .offset = offset, .length = length};
    }
  }
  if (client_has_fields) {
    AddSharedFields(response.fields, validators.etag);
  } else {
    AddFileFields(response.fields, validators);
  }
  return response;
}

RenderedFile FileResponder::Render(std::string_view path, ContentCoding coding, const OpenFile& file,
                                   std::string content, WallTime now) const {
  RenderedFile rendered;
  rendered.etag = EntityTagOf(IdentityOf(file), coding, now);
  rendered.last_modified_seconds = LastModifiedOf(IdentityOf(file), now);
  rendered.mtime_ns = file.mtime_ns;
  FieldList fields = ContentFields(path, coding);
  AddFileFields(fields, {.etag = rendered.etag, .last_modified_seconds = rendered.last_modified_seconds});
  http::AppendFieldLine(rendered.fields, "Content-Length", std::to_string(content.size()));
  http::AppendFieldLines(rendered.fields, fields);
  FieldList fields_304;
  AddSharedFields(fields_304, rendered.etag);
  http::AppendFieldLines(rendered.fields_304, fields_304);
  rendered.content = std::move(content);
  return rendered;
}

// What the content is, in a 200 and in each part of a 206.
FieldList FileResponder::ContentFields(std::string_view path, ContentCoding coding) const {
  FieldList fields;
  const std::string type = ContentType(path);
  fields.Add("Content-Type", type);
  // What strangers have stored must not act as a page of this site.
  constexpr std::string_view kPolicy = "Content-Security-Policy";
  const bool foreign = http::IsActive(type) && IsUpload(path) && !Replaces(location_.add_headers, kPolicy);
  if (foreign) fields.Add(kPolicy, "sandbox");
  if (coding != ContentCoding::kIdentity) fields.Add("Content-Encoding", http::NameOf(coding));
  return fields;
}

// Whether requests may have made it.
bool FileResponder::IsUpload(std::string_view path) const {
  if (!config::StoresUploads(location_)) return false;
  if (location_.methods.Contains(http::Method::kPut)) return true;
  const std::string_view below = std::string_view(*location_.upload_path).substr(1);
  return below.empty() || (path.starts_with(below) && path.substr(below.size()).starts_with('/'));
}

// What a 304, and a 206 that continues an earlier answer, must have like the 200 (RFC 9110 section 15.4.5).
void FileResponder::AddSharedFields(FieldList& fields, std::string_view etag) const {
  fields.Add("ETag", etag);
  if (!location_.precompressed.empty()) fields.Add("Vary", "Accept-Encoding");
}

// Everything else that a 200 has.
void FileResponder::AddFileFields(FieldList& fields, const Validators& validators) const {
  fields.Add("Last-Modified", http::HttpDate(validators.last_modified_seconds));
  AddSharedFields(fields, validators.etag);
  if (location_.ranges_max > 0) fields.Add("Accept-Ranges", "bytes");
  // So that a browser believes the type.
  constexpr std::string_view kName = "X-Content-Type-Options";
  if (!Replaces(location_.add_headers, kName)) fields.Add(kName, "nosniff");
}

std::string FileResponder::ContentType(std::string_view path) const {
  std::string type(types_.TypeOf(path));
  if (!location_.charset.empty() && http::IsTextType(type)) type += "; charset=" + location_.charset;
  return type;
}

}  // namespace brilliant::handlers
