#include "handlers/static_handler.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"
#include "handlers/answers.h"
#include "http/conditions.h"
#include "http/date.h"
#include "http/etag.h"
#include "http/media_type.h"
#include "http/target.h"

namespace brilliant::handlers {
namespace {

using files::OpenFile;
using files::RenderedFile;
using files::StoredFile;

// A file this young may change again within the resolution of its time stamp (RFC 9110 section 8.8.1).
constexpr int64_t kYoungNanoseconds = 2'000'000'000;
// Folder and index name together, for the look-up without allocation; longer ones take the other way.
constexpr size_t kIndexPathBytesMax = 512;

constexpr std::string_view kNoSniff = "nosniff";

std::string EntityTagOf(const OpenFile& file, WallTime now) {
  const bool weak = now.nanoseconds - file.mtime_ns < kYoungNanoseconds;
  return http::MakeEntityTag(file.mtime_ns, file.size, "", weak);
}

// RFC 9110 section 8.8.2.1: never later than the answer's own date.
int64_t LastModifiedOf(const OpenFile& file, WallTime now) {
  return std::min(WallTime{.nanoseconds = file.mtime_ns}.seconds(), now.seconds());
}

// Evaluates the request's conditions for a GET or HEAD: 200, 304 or 412.
int StatusFor(const Request& request, std::string_view etag, int64_t last_modified_seconds, WallTime now) {
  const http::Validators validators{.etag = etag, .last_modified_seconds = last_modified_seconds};
  switch (http::EvaluateConditions(request.head, validators, now.seconds())) {
    case http::ConditionResult::kProceed:
      return 200;
    case http::ConditionResult::kNotModified:
      return 304;
    case http::ConditionResult::kPreconditionFailed:
      return 412;
  }
  return 500;
}

// Path-absolute, so that it is right behind every proxy; EncodePath collapses leading slashes, so that "//host" leads
// nowhere else.
Answer FolderRedirect(const Request& request) {
  std::string location = http::EncodePath(request.path) + "/";
  if (request.head.has_query) {
    location += "?";
    location += request.head.query;
  }
  return RedirectResponse(301, http::EncodeTarget(location));
}

}  // namespace

StaticHandler::StaticHandler(const config::Location& location, const files::MimeTypes& types,
                             std::vector<std::string> script_extensions)
    : location_(location),
      types_(types),
      script_extensions_(std::move(script_extensions)),
      root_(location.root, location.symlink_roots) {}

event::Task<Answer> StaticHandler::Handle(const Request& request, RequestBody& /*body*/,
                                          const HandlerContext& context) const {
  if (request.head.method != http::Method::kGet && request.head.method != http::Method::kHead) {
    co_return ErrorResponse(501, "Uploads and deletion are not part of this version yet.");
  }
  std::string_view path = request.path_below;
  const bool is_folder = path.ends_with('/');
  if (path.starts_with('/')) path.remove_prefix(1);

  // Only what passed the checks below was ever stored, so what is found here needs none; except for scripts, which are
  // stored when they are looked for as an index.
  std::array<char, kIndexPathBytesMax> index_path;
  std::string_view stored_path = path;
  if (is_folder && !location_.index.empty()) {
    const std::string& index = location_.index.front();
    if (path.size() + index.size() <= index_path.size()) {
      std::ranges::copy(index, std::ranges::copy(path, index_path.data()).out);
      stored_path = {index_path.data(), path.size() + index.size()};
    }
  }
  files::RenderedFilePtr rendered;
  if (!IsScript(stored_path)) rendered = context.files.FindRendered(root_, stored_path);
  if (rendered != nullptr) co_return ServeRendered(request, std::move(rendered), context.loop.wall());
  co_return co_await HandleUncached(request, path, context);
}

event::Task<Answer> StaticHandler::HandleUncached(const Request& request, std::string_view path,
                                                  const HandlerContext& context) const {
  // 404, not 403: whether there is a hidden file is nobody's business.
  if (IsHidden(path)) co_return ErrorResponse(404);
  if (IsScript(path)) co_return ErrorResponse(501, "Scripts are not part of this version yet.");
  if (request.path_below.empty()) co_return FolderRedirect(request);
  if (path.empty() || path.ends_with('/')) co_return co_await ServeFolder(request, path, context);
  Result<StoredFile> found = co_await context.files.Open(root_, path, *this, context.scope);
  if (!found) co_return FileError(found.error(), path, context);
  if (found->file != nullptr && found->file->is_directory) co_return FolderRedirect(request);
  co_return ServeFound(request, path, std::move(*found), context.loop.wall());
}

event::Task<Answer> StaticHandler::ServeFolder(const Request& request, std::string_view path,
                                               const HandlerContext& context) const {
  for (const std::string& index : location_.index) {
    const std::string index_path = std::string(path) + index;
    Result<StoredFile> found = co_await context.files.Open(root_, index_path, *this, context.scope);
    if (!found && found.error().code == ErrorCode::kNotFound) continue;
    if (!found) co_return FileError(found.error(), index_path, context);
    if (found->file != nullptr && found->file->is_directory) continue;
    if (IsScript(index_path)) co_return ErrorResponse(501, "Scripts are not part of this version yet.");
    co_return ServeFound(request, index_path, std::move(*found), context.loop.wall());
  }
  const Result<StoredFile> folder = co_await context.files.Open(root_, path, *this, context.scope);
  if (!folder) co_return FileError(folder.error(), path, context);
  if (location_.autoindex) co_return ErrorResponse(501, "Folder listings are not part of this version yet.");
  co_return ErrorResponse(403, "This folder has no start page, and its content is not listed.");
}

Answer StaticHandler::ServeFound(const Request& request, std::string_view path, StoredFile found, WallTime now) const {
  if (found.rendered != nullptr) return ServeRendered(request, std::move(found.rendered), now);
  return ServeLarge(request, path, std::move(found.file), now);
}

Answer StaticHandler::ServeRendered(const Request& request, files::RenderedFilePtr file, WallTime now) const {
  const int status = StatusFor(request, file->etag, file->last_modified_seconds, now);
  if (status >= 400) return ErrorResponse(status);
  Response response;
  response.status = status;
  response.body = RenderedBody{.file = std::move(file), .with_content = status == 200};
  return response;
}

Answer StaticHandler::ServeLarge(const Request& request, std::string_view path, files::OpenFilePtr file,
                                 WallTime now) const {
  const std::string etag = EntityTagOf(*file, now);
  const int64_t last_modified = LastModifiedOf(*file, now);
  const int status = StatusFor(request, etag, last_modified, now);
  if (status >= 400) return ErrorResponse(status);
  Response response;
  response.status = status;
  response.fields.Add("ETag", etag);
  if (status == 304) return response;
  response.fields.Add("Last-Modified", http::HttpDate(last_modified));
  response.fields.Add("Content-Type", ContentType(path));
  response.fields.Add("X-Content-Type-Options", kNoSniff);
  const uint64_t size = file->size;
  response.body = FileBody{.file = std::move(file), .offset = 0, .length = size};
  return response;
}

RenderedFile StaticHandler::Render(std::string_view path, const OpenFile& file, std::string content,
                                   WallTime now) const {
  RenderedFile rendered;
  rendered.etag = EntityTagOf(file, now);
  rendered.last_modified_seconds = LastModifiedOf(file, now);
  http::AppendFieldLine(rendered.fields_304, "ETag", rendered.etag);
  http::AppendFieldLine(rendered.fields, "Content-Length", std::to_string(content.size()));
  http::AppendFieldLine(rendered.fields, "Content-Type", ContentType(path));
  http::AppendFieldLine(rendered.fields, "Last-Modified", http::HttpDate(rendered.last_modified_seconds));
  http::AppendFieldLine(rendered.fields, "ETag", rendered.etag);
  http::AppendFieldLine(rendered.fields, "X-Content-Type-Options", kNoSniff);
  rendered.content = std::move(content);
  return rendered;
}

Answer StaticHandler::FileError(const Error& error, std::string_view path, const HandlerContext& context) const {
  if (error.code == ErrorCode::kForbidden) {
    context.error_log.Report(forbidden_reports_, log::Level::kWarn,
                             "file refused root={} path={} reason=\"{}\" errno={}", location_.root, path, error.context,
                             error.system_errno);
  } else if (error.code == ErrorCode::kSystem || error.code == ErrorCode::kUnavailable) {
    context.error_log.Report(failure_reports_, log::Level::kError, "file not opened root={} path={} call={} errno={}",
                             location_.root, path, error.context, error.system_errno);
  }
  return ResponseForError(error);
}

std::string StaticHandler::ContentType(std::string_view path) const {
  std::string type(types_.TypeOf(path));
  if (!location_.charset.empty() && http::IsTextType(type)) type += "; charset=" + location_.charset;
  return type;
}

bool StaticHandler::IsHidden(std::string_view path) const {
  if (location_.dotfiles) return false;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    // RFC 8615: the one dot folder that is meant for the world.
    if (segment.starts_with('.') && segment != ".well-known") return true;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

bool StaticHandler::IsScript(std::string_view path) const {
  if (script_extensions_.empty()) return false;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    for (const std::string& extension : script_extensions_) {
      if (segment.size() < extension.size()) continue;
      if (EqualsIgnoreCase(segment.substr(segment.size() - extension.size()), extension)) return true;
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace brilliant::handlers
