// Stores files below one location's root: PUT under the target's name, POST below `upload_path`, as it comes or as a
// form. A file appears when all of it is there, and everything that can be refused is refused before the content is
// asked for.
#ifndef BRILLIANT_HANDLERS_UPLOAD_HANDLER_H_
#define BRILLIANT_HANDLERS_UPLOAD_HANDLER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "files/document_root.h"
#include "files/served_names.h"
#include "files/unfinished_files.h"
#include "files/upload_file.h"
#include "files/upload_place.h"
#include "handlers/api.h"
#include "handlers/upload_answer.h"
#include "handlers/upload_writer.h"
#include "http/multipart_form.h"
#include "log/rate_limit.h"

namespace brilliant::handlers {

class UploadHandler final : public Handler {
 public:
  // `location` outlives the handler. `root`: the one that reads them. `names`: nothing is stored under that of a
  // script.
  UploadHandler(const config::Location& location, files::DocumentRoot root, files::ServedNames names);

  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

 private:
  struct Form;

  event::Task<Answer> StoreContent(const Request& request, RequestBody& body, const HandlerContext& context) const;
  event::Task<Answer> StoreForm(const Request& request, RequestBody& body, const HandlerContext& context) const;
  // What the parser makes of the bytes in `form`. A response: why the form is given up.
  event::Task<std::optional<Response>> TakeFormBytes(Form& form, std::string_view bytes) const;
  event::Task<std::optional<Response>> BeginPart(Form& form) const;
  event::Task<std::optional<Response>> EndPart(Form& form) const;
  // Everything of the content to `writer`.
  event::Task<Result<void>> Receive(RequestBody& body, UploadWriter& writer) const;

  [[nodiscard]] std::optional<Response> RefuseByHead(const Request& request) const;
  [[nodiscard]] std::optional<Response> RefuseName(std::string_view path) const;
  [[nodiscard]] std::optional<Response> RefuseByPlace(const Request& request, const files::UploadPlace& place,
                                                      WallTime now) const;
  [[nodiscard]] Response Refuse(const Request& request, const Error& error, const HandlerContext& context) const;
  [[nodiscard]] std::string PathOf(const Request& request) const;
  [[nodiscard]] std::string AddressOf(std::string_view path) const;
  [[nodiscard]] files::UploadTarget TargetOf(std::string path, const HandlerContext& context) const;
  [[nodiscard]] files::PublishPlan PlanFor(const Request& request, std::string name) const;
  [[nodiscard]] uint64_t BytesMax(const files::UploadPlace& place) const;

  const config::Location& location_;
  const files::DocumentRoot root_;
  const files::ServedNames names_;
  const std::string upload_prefix_;  // "" or "in/": what POST puts before the path below the location
  std::optional<files::FolderQuota> quota_;
  mutable UploadRoom room_;
  mutable files::SweepTimes sweeps_;
  mutable log::RateLimit failure_reports_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_UPLOAD_HANDLER_H_
