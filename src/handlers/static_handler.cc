#include "handlers/static_handler.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "handlers/answer_fields.h"
#include "handlers/answers.h"
#include "http/media_type.h"
#include "http/target.h"

namespace brilliant::handlers {
namespace {

using files::OpenFile;
using files::RenderedFile;
using files::StoredFile;

// Folder and index name together, for the look-up without allocation; longer ones take the other way.
constexpr size_t kIndexPathBytesMax = 512;

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

files::DocumentRoot ServedRoot(const config::Location& location, const std::vector<std::string>& script_extensions,
                               const std::vector<std::string>& script_folders) {
  files::DocumentRoot root(location.root, location.symlink_roots);
  root.Withhold(script_extensions, script_folders);
  const bool changes = config::StoresUploads(location) || location.methods.Contains(http::Method::kDelete);
  if (changes) root.ExpectChanges();
  return root;
}

}  // namespace

StaticHandler::StaticHandler(const config::Location& location, const files::MimeTypes& types,
                             std::vector<std::string> script_extensions, const std::vector<std::string>& script_folders)
    : location_(location),
      types_(types),
      names_(std::make_shared<const files::ServedNames>(location.dotfiles, std::move(script_extensions))),
      root_(ServedRoot(location, names_->script_extensions(), script_folders)),
      responder_(location, types),
      precompressed_(location, responder_, names_->script_extensions()),
      lister_(location.autoindex ? std::make_unique<const FolderLister>(location, types, root_, names_) : nullptr) {}

event::Task<Answer> StaticHandler::Handle(const Request& request, RequestBody& /*body*/,
                                          const HandlerContext& context) const {
  std::string_view path = request.path_below;
  const bool is_folder = path.ends_with('/');
  if (path.starts_with('/')) path.remove_prefix(1);

  std::array<char, kIndexPathBytesMax> index_path;
  std::string_view stored_path = path;
  if (is_folder && !location_.index.empty()) {
    const std::string& index = location_.index.front();
    if (path.size() + index.size() <= index_path.size()) {
      std::ranges::copy(index, std::ranges::copy(path, index_path.data()).out);
      stored_path = {index_path.data(), path.size() + index.size()};
    }
  }
  std::optional<Response> served = TryServe(request, stored_path, context);
  if (served) co_return std::move(*served);
  co_return co_await HandleUncached(request, path, context);
}

// Only what passed the checks of HandleUncached was ever stored, so what is found here needs none; except for scripts,
// which are stored when they are looked for as an index.
std::optional<Response> StaticHandler::TryServe(const Request& request, std::string_view path,
                                                const HandlerContext& context) const {
  if (IsScript(path)) return std::nullopt;
  std::optional<StoredFile> known = context.files.FindKnown(root_, path);
  if (!known || !known->is_regular()) return std::nullopt;
  const Representation file{.path = path, .stored = std::move(*known)};
  std::optional<Representation> chosen = precompressed_.TryChoose(request, file, context.files);
  if (!chosen) return std::nullopt;
  return responder_.Respond(request, std::move(*chosen), context.loop.wall());
}

event::Task<Answer> StaticHandler::HandleUncached(const Request& request, std::string_view path,
                                                  const HandlerContext& context) const {
  // 404, not 403: whether there is a hidden file is nobody's business.
  if (IsHidden(path)) co_return ErrorResponse(404);
  // A script that the `cgi` block does not find below its own root; never its source.
  if (IsScript(path)) co_return ErrorResponse(404);
  if (request.path_below.empty()) co_return FolderRedirect(request);
  if (path.empty() || path.ends_with('/')) co_return co_await ServeFolder(request, path, context);
  Result<StoredFile> found = co_await context.files.Open(root_, path, *this, context.scope);
  if (!found) co_return co_await NotOpened(request, path, found.error(), context);
  if (found->file != nullptr && found->file->is_directory) co_return FolderRedirect(request);
  Representation file{.path = path, .stored = std::move(*found)};
  co_return co_await ServeFile(request, std::move(file), context);
}

event::Task<Answer> StaticHandler::ServeFolder(const Request& request, std::string_view path,
                                               const HandlerContext& context) const {
  for (const std::string& index : location_.index) {
    const std::string index_path = std::string(path) + index;
    Result<StoredFile> found = co_await context.files.Open(root_, index_path, *this, context.scope);
    if (!found && found.error().code == ErrorCode::kNotFound) continue;
    if (!found) co_return FileError(found.error(), index_path, context);
    if (found->file != nullptr && found->file->is_directory) continue;
    if (IsScript(index_path)) co_return RunIndex(request, index);
    Representation file{.path = index_path, .stored = std::move(*found)};
    co_return co_await ServeFile(request, std::move(file), context);
  }
  const Result<StoredFile> folder = co_await context.files.Open(root_, path, *this, context.scope);
  if (!folder) co_return co_await NotOpened(request, path, folder.error(), context);
  if (lister_ != nullptr) co_return co_await lister_->List(request, path, folder->file, context);
  co_return ErrorResponse(403, "This folder has no start page, and its content is not listed.");
}

// The same request, to the script.
Answer StaticHandler::RunIndex(const Request& request, std::string_view index) {
  std::string target = http::EncodePath(std::string(request.path) + std::string(index));
  if (request.head.has_query) {
    target += '?';
    target += request.head.query;
  }
  return LocalRedirect{.target = std::move(target), .keeps_request = true};
}

event::Task<Answer> StaticHandler::ServeFile(const Request& request, Representation file,
                                             const HandlerContext& context) const {
  Representation chosen = co_await precompressed_.Choose(request, std::move(file), context);
  co_return responder_.Respond(request, std::move(chosen), context.loop.wall());
}

event::Task<Answer> StaticHandler::NotOpened(const Request& request, std::string_view path, Error error,
                                             const HandlerContext& context) const {
  if (error.code != ErrorCode::kNotFound || !FallsBack(request, path)) co_return FileError(error, path, context);
  const std::string_view fallback = std::string_view(location_.fallback).substr(1);
  if (IsScript(fallback)) co_return ErrorResponse(404);
  Result<StoredFile> found = co_await context.files.Open(root_, fallback, *this, context.scope);
  const bool is_missing =
      found ? found->file != nullptr && found->file->is_directory : found.error().code == ErrorCode::kNotFound;
  if (is_missing) {
    context.error_log.Report(fallback_reports_, log::Level::kWarn, "the fallback is no file root={} fallback={}",
                             location_.root, location_.fallback);
    co_return ErrorResponse(404);
  }
  if (!found) co_return FileError(found.error(), fallback, context);
  Representation file{.path = fallback, .stored = std::move(*found)};
  co_return co_await ServeFile(request, std::move(file), context);
}

// A file that a page refers to must not become a page, or browsers, caches and people would look for the mistake in the
// wrong place; nor may what is well-known (RFC 8615) seem to exist.
bool StaticHandler::FallsBack(const Request& request, std::string_view path) const {
  if (location_.fallback.empty() || path.starts_with('.') || path.contains("/.")) return false;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.contains('.')) return true;
  return http::AsksForPage(request.head) && !http::IsPagePart(types_.TypeOf(path));
}

RenderedFile StaticHandler::Render(std::string_view path, const OpenFile& file, std::string content,
                                   WallTime now) const {
  return responder_.Render(path, http::ContentCoding::kIdentity, file, std::move(content), now);
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

bool StaticHandler::IsHidden(std::string_view path) const {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (names_->IsHidden(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace brilliant::handlers
