// The neighbours of files that hold the same content compressed beforehand (`app.css.br` for `app.css`), and which of
// them a request gets (RFC 9110 section 12.5.3). One for each location, owned by its StaticHandler.
#ifndef BRILLIANT_HANDLERS_PRECOMPRESSED_FILES_H_
#define BRILLIANT_HANDLERS_PRECOMPRESSED_FILES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "files/document_root.h"
#include "handlers/api.h"
#include "handlers/file_response.h"
#include "http/content_coding.h"

namespace brilliant::handlers {

class PrecompressedFiles final : public files::FileRenderer {
 public:
  // `location` and `responder` outlive this. `script_extensions`: a coding whose extension is that of a program is not
  // used, because such files are never sent as bytes.
  PrecompressedFiles(const config::Location& location, const FileResponder& responder,
                     const std::vector<std::string>& script_extensions);

  // The best representation of `file`, a regular file as it is: one of its neighbours or itself. Without any system
  // call or allocation; nothing: not all that matters is known, call Choose.
  [[nodiscard]] std::optional<Representation> TryChoose(const Request& request, const Representation& file,
                                                        files::FileStore& store) const;
  // The same, opening what is not known. A neighbour that can't be used is as good as none.
  [[nodiscard]] event::Task<Representation> Choose(const Request& request, Representation file,
                                                   const HandlerContext& context) const;

  // Of a neighbour.
  [[nodiscard]] files::RenderedFile Render(std::string_view path, const files::OpenFile& file, std::string content,
                                           WallTime now) const override;

 private:
  const FileResponder& responder_;
  std::vector<http::ContentCoding> codings_;
  // The location's root once more: what is rendered as a neighbour is another thing than the same file asked for by its
  // own name.
  const files::DocumentRoot root_;
  mutable log::RateLimit forbidden_reports_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_PRECOMPRESSED_FILES_H_
