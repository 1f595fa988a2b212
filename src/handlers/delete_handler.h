// Removes files below one location's root: DELETE removes a file, a link itself or an empty folder, or moves it to the
// location's trash, from where POST with the query "undo=TOKEN" brings it back. What GET does not show can't be
// removed: hidden names and scripts are 404.
#ifndef BRILLIANT_HANDLERS_DELETE_HANDLER_H_
#define BRILLIANT_HANDLERS_DELETE_HANDLER_H_

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "files/document_root.h"
#include "files/removal.h"
#include "files/served_names.h"
#include "files/trash.h"
#include "handlers/api.h"
#include "http/request.h"
#include "log/rate_limit.h"

namespace brilliant::handlers {

// Whether a request to a location with a trash is to bring something back.
[[nodiscard]] bool IsUndo(const http::RequestHead& head);

class DeleteHandler final : public Handler {
 public:
  // `location` outlives the handler. `root`: the one that reads them.
  DeleteHandler(const config::Location& location, files::DocumentRoot root, files::ServedNames names);

  // For DELETE, and for what IsUndo.
  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

 private:
  event::Task<Answer> Delete(const Request& request, std::string_view path, const HandlerContext& context) const;
  event::Task<Answer> Undo(const Request& request, std::string_view path, const HandlerContext& context) const;
  // Moves it to the trash or removes it. The token, if it can be brought back.
  event::Task<Result<std::optional<std::string>>> Remove(files::Removable thing, std::string origin, bool conditional,
                                                         const HandlerContext& context) const;
  [[nodiscard]] bool IsServed(std::string_view path) const;
  [[nodiscard]] std::string OriginOf(std::string_view path) const;
  void Forget(std::string_view path, const HandlerContext& context) const;
  [[nodiscard]] Response Refuse(const Error& error, std::string_view path, const HandlerContext& context) const;

  const config::Location& location_;
  const files::DocumentRoot root_;
  const files::ServedNames names_;
  const std::optional<files::Trash> trash_;
  mutable log::RateLimit failure_reports_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_DELETE_HANDLER_H_
