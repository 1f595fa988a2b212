#include "handlers/folder_handler.h"

#include <utility>

namespace brilliant::handlers {

FolderHandler::FolderHandler(const config::Location& location, const files::MimeTypes& types,
                             std::vector<std::string> script_extensions, const std::vector<std::string>& script_folders)
    : static_(location, types, script_extensions, script_folders),
      upload_(location, static_.root(), files::ServedNames(location.dotfiles, script_extensions)),
      delete_(location, static_.root(), files::ServedNames(location.dotfiles, std::move(script_extensions))),
      restores_(!location.deletion.trash.empty()) {}

// No coroutine, so that reading costs no more here than elsewhere.
event::Task<Answer> FolderHandler::Handle(const Request& request, RequestBody& body,
                                          const HandlerContext& context) const {
  switch (request.head.method) {
    case http::Method::kPost:
      if (restores_ && IsUndo(request.head)) return delete_.Handle(request, body, context);
      [[fallthrough]];
    case http::Method::kPut:
      return upload_.Handle(request, body, context);
    case http::Method::kDelete:
      return delete_.Handle(request, body, context);
    default:
      return static_.Handle(request, body, context);
  }
}

}  // namespace brilliant::handlers
