// Serves the files below one location's root with GET and HEAD: from memory where the worker's FileStore has them,
// index files for folders, a redirect for a folder without its slash. What is then sent of a file is FileResponder's;
// what a folder holds is shown by FolderLister.
#ifndef BRILLIANT_HANDLERS_STATIC_HANDLER_H_
#define BRILLIANT_HANDLERS_STATIC_HANDLER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "files/document_root.h"
#include "files/file_store.h"
#include "files/mime_types.h"
#include "files/served_names.h"
#include "handlers/api.h"
#include "handlers/file_response.h"
#include "handlers/folder_lister.h"
#include "handlers/precompressed_files.h"

namespace brilliant::handlers {

class StaticHandler final : public Handler, public files::FileRenderer {
 public:
  // `location` and `types` outlive the handler. `script_folders`: below them lie programs of this host, whatever their
  // name. `script_extensions`: with their dot; a file of such a name is a program
  // of this host and never sent as bytes.
  StaticHandler(const config::Location& location, const files::MimeTypes& types,
                std::vector<std::string> script_extensions, const std::vector<std::string>& script_folders = {});

  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

  // Where the files are: who changes one tells the FileStore by it (Forget).
  [[nodiscard]] const files::DocumentRoot& root() const { return root_; }

  [[nodiscard]] files::RenderedFile Render(std::string_view path, const files::OpenFile& file, std::string content,
                                           WallTime now) const override;

 private:
  [[nodiscard]] std::optional<Response> TryServe(const Request& request, std::string_view path,
                                                 const HandlerContext& context) const;
  // Not inlined: its frame, which most requests don't need, would become a part of Handle's.
  [[gnu::noinline]] event::Task<Answer> HandleUncached(const Request& request, std::string_view path,
                                                       const HandlerContext& context) const;
  event::Task<Answer> ServeFolder(const Request& request, std::string_view path, const HandlerContext& context) const;
  event::Task<Answer> ServeFile(const Request& request, Representation file, const HandlerContext& context) const;
  // The answer where nothing was opened for `path`.
  event::Task<Answer> NotOpened(const Request& request, std::string_view path, Error error,
                                const HandlerContext& context) const;
  [[nodiscard]] bool FallsBack(const Request& request, std::string_view path) const;
  [[nodiscard]] Answer FileError(const Error& error, std::string_view path, const HandlerContext& context) const;
  [[nodiscard]] static Answer RunIndex(const Request& request, std::string_view index);
  [[nodiscard]] bool IsHidden(std::string_view path) const;
  [[nodiscard]] bool IsScript(std::string_view path) const { return names_->IsScript(path); }

  const config::Location& location_;
  const files::MimeTypes& types_;
  const std::shared_ptr<const files::ServedNames> names_;
  const files::DocumentRoot root_;
  const FileResponder responder_;
  const PrecompressedFiles precompressed_;
  const std::unique_ptr<const FolderLister> lister_;  // null: folders are not listed
  mutable log::RateLimit forbidden_reports_;
  mutable log::RateLimit failure_reports_;
  mutable log::RateLimit fallback_reports_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_STATIC_HANDLER_H_
