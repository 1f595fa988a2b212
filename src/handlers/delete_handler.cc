#include "handlers/delete_handler.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/strings.h"
#include "event/offload.h"
#include "handlers/answers.h"
#include "handlers/delete_answer.h"
#include "handlers/preconditions.h"

namespace brilliant::handlers {
namespace {

using files::Removable;
using files::RemovableKind;
using Token = std::optional<std::string>;

constexpr std::string_view kUndoQuery = "undo=";
constexpr const char* kNoFolder = "the folder is gone";

}  // namespace

bool IsUndo(const http::RequestHead& head) {
  return head.method == http::Method::kPost && head.query.starts_with(kUndoQuery);
}

DeleteHandler::DeleteHandler(const config::Location& location, files::DocumentRoot root, files::ServedNames names)
    : location_(location),
      root_(std::move(root)),
      names_(std::move(names)),
      trash_(location.deletion.trash.empty()
                 ? std::nullopt
                 : std::optional<files::Trash>(std::in_place, location.deletion.trash, location.deletion.trash_age)) {}

// No coroutine: it only decides which one.
event::Task<Answer> DeleteHandler::Handle(const Request& request, RequestBody& /*body*/,
                                          const HandlerContext& context) const {
  std::string_view path = request.path_below;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (request.head.method == http::Method::kPost) return Undo(request, path, context);
  return Delete(request, path, context);
}

event::Task<Answer> DeleteHandler::Delete(const Request& request, std::string_view path,
                                          const HandlerContext& context) const {
  if (path.empty()) co_return ErrorResponse(403, "The start folder of a location is not deleted.");
  if (!IsServed(path)) co_return ErrorResponse(404);
  auto find = [root = root_, path = std::string(path), now = context.loop.now()] {
    return files::FindRemovable(root, path, now);
  };
  Result<Removable> found = co_await event::Offload(context.loop, context.scope, std::move(find));
  if (!found) co_return Refuse(found.error(), path, context);
  if (found->entry.kind == RemovableKind::kFolder && !location_.deletion.empty_folders)
    co_return ErrorResponse(409, "Folders are not deleted here.");
  const bool conditional = HasPreconditions(request.head);
  if (conditional && !PreconditionsHold(request.head, true, found->content, context.loop.wall()))
    co_return ErrorResponse(412);
  const Result<Token> removed = co_await Remove(std::move(*found), OriginOf(path), conditional, context);
  if (!removed) co_return Refuse(removed.error(), path, context);
  Forget(path, context);
  co_return AnswerDeleted(request, *removed);
}

event::Task<Result<Token>> DeleteHandler::Remove(Removable thing, std::string origin, bool conditional,
                                                 const HandlerContext& context) const {
  auto remove = [trash = trash_, thing = std::move(thing), origin = std::move(origin), conditional]() -> Result<Token> {
    // An empty folder holds nothing that somebody could want back.
    if (!trash || thing.entry.kind == RemovableKind::kFolder) {
      RETURN_IF_ERROR(files::Remove(thing, conditional));
      return Token();
    }
    ASSIGN_OR_RETURN(std::string token, trash->Take(thing, origin, conditional));
    return Token(std::move(token));
  };
  co_return co_await event::Offload(context.loop, context.scope, std::move(remove));
}

event::Task<Answer> DeleteHandler::Undo(const Request& request, std::string_view path,
                                        const HandlerContext& context) const {
  if (!trash_ || path.empty() || path.ends_with('/') || !IsServed(path)) co_return ErrorResponse(404);
  auto restore = [trash = *trash_, root = root_, path = std::string(path), origin = OriginOf(path),
                  token = std::string(request.head.query.substr(kUndoQuery.size())),
                  now = context.loop.now()]() -> Result<void> {
    Result<files::ParentFolder> parent = root.OpenParent(path, now);
    if (!parent && parent.error().code == ErrorCode::kNotFound) return Failure(ErrorCode::kNotFound, kNoFolder);
    if (!parent) return std::unexpected(parent.error());
    return trash.Restore(token, origin, parent->folder.get(), parent->name);
  };
  const Result<void> restored = co_await event::Offload(context.loop, context.scope, std::move(restore));
  if (!restored && restored.error().context == files::Trash::kUnknownContext)
    co_return ErrorResponse(404, "There is nothing to bring back: it has been brought back, or its time is over.");
  if (!restored) co_return Refuse(restored.error(), path, context);
  Forget(path, context);
  co_return AnswerRestored(request);
}

bool DeleteHandler::IsServed(std::string_view path) const {
  if (names_.IsScript(path)) return false;
  while (!path.empty()) {
    const size_t length = std::min(path.find('/'), path.size());
    if (names_.IsHidden(path.substr(0, length))) return false;
    path.remove_prefix(std::min(length + 1, path.size()));
  }
  return true;
}

// Locations may share a trash.
std::string DeleteHandler::OriginOf(std::string_view path) const { return root_.path() + "/" + std::string(path); }

// A folder is known with and without its slash.
void DeleteHandler::Forget(std::string_view path, const HandlerContext& context) const {
  if (path.ends_with('/')) path.remove_suffix(1);
  context.files.Forget(root_, path);
  context.files.Forget(root_, std::string(path) + "/");
}

Response DeleteHandler::Refuse(const Error& error, std::string_view path, const HandlerContext& context) const {
  const bool is_trash = error.context == files::Trash::kTrashContext || error.system_errno == EXDEV;
  if (is_trash || error.code == ErrorCode::kForbidden || error.code == ErrorCode::kSystem) {
    context.error_log.Report(failure_reports_, log::Level::kWarn,
                             "not deleted root={} path={} trash={} call={} errno={}", location_.root, path,
                             location_.deletion.trash, error.context, error.system_errno);
  }
  if (error.context == kNoFolder) return ErrorResponse(409, "The folder that it was in is gone.");
  if (error.context == files::Trash::kTrashContext) return ErrorResponse(500, "The trash can't be used.");
  if (error.code == ErrorCode::kInvalid) return ErrorResponse(412);
  if (error.code == ErrorCode::kForbidden) return ErrorResponse(403, "The server may not change this.");
  switch (error.system_errno) {
    case EXDEV:
      return ErrorResponse(500, "The trash is on another file system than this file.");
    case EROFS:
      return ErrorResponse(403, "The server may not change this.");
    case EEXIST:
      return ErrorResponse(409, "There is something else under this name now.");
    case ENOTEMPTY:
      return ErrorResponse(409, "This folder has something in it, perhaps files that are not shown.");
    case EBUSY:
      return ErrorResponse(409, "This is in use: something is mounted here.");
    case EISDIR:
      return ErrorResponse(409, "There is something else under this name now.");
    default:
      return ResponseForError(error);
  }
}

}  // namespace brilliant::handlers
