// The file that a program wants sent in place of its output (X-Sendfile): opened below one of `cgi_sendfile_roots` and
// nowhere else, and answered like any file, with conditions and ranges, under the program's own fields. One for each
// CgiHandler, owned by it; immutable.
#ifndef BRILLIANT_HANDLERS_FILE_SENDER_H_
#define BRILLIANT_HANDLERS_FILE_SENDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "cgi/script_response.h"
#include "cgi/start_fault.h"
#include "config/config.h"
#include "files/document_root.h"
#include "files/mime_types.h"
#include "handlers/api.h"
#include "handlers/file_response.h"

namespace brilliant::handlers {

class FileSender {
 public:
  // Both outlive it.
  FileSender(const config::Location& location, const files::MimeTypes& types);

  // Whether there is any root.
  [[nodiscard]] bool enabled() const { return !roots_.empty(); }

  // The answer with the file that `made.send_file` names. kForbidden: it lies below none of the roots, or a link leads
  // out of them; or it is no regular file, or may not be read. Else as DocumentRoot::Open.
  [[nodiscard]] event::Task<Result<Response>> Send(const Request& request, cgi::ScriptResponse made,
                                                   const HandlerContext& context) const;

  // Why Send failed.
  [[nodiscard]] static cgi::FaultText Describe(const Error& error);

 private:
  [[nodiscard]] const files::DocumentRoot* RootOf(std::string_view path) const;

  const FileResponder responder_;
  std::vector<files::DocumentRoot> roots_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FILE_SENDER_H_
