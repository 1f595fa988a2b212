// A location whose folder may be changed: what is read is the StaticHandler's answer, what is stored or removed that of
// other handlers. Locations that only answer GET have a StaticHandler directly.
#ifndef BRILLIANT_HANDLERS_FOLDER_HANDLER_H_
#define BRILLIANT_HANDLERS_FOLDER_HANDLER_H_

#include <string>
#include <vector>

#include "config/config.h"
#include "files/mime_types.h"
#include "handlers/api.h"
#include "handlers/delete_handler.h"
#include "handlers/static_handler.h"
#include "handlers/upload_handler.h"

namespace brilliant::handlers {

class FolderHandler final : public Handler {
 public:
  // As for StaticHandler.
  FolderHandler(const config::Location& location, const files::MimeTypes& types,
                std::vector<std::string> script_extensions, const std::vector<std::string>& script_folders = {});

  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

 private:
  const StaticHandler static_;
  const UploadHandler upload_;
  const DeleteHandler delete_;
  const bool restores_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FOLDER_HANDLER_H_
