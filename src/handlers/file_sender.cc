#include "handlers/file_sender.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "base/strings.h"
#include "event/offload.h"

namespace brilliant::handlers {
namespace {

using files::OpenFile;

constexpr const char* kOutside = "outside of cgi_sendfile_roots";
constexpr const char* kNoFile = "no regular file";

event::Task<Result<OpenFile>> OpenBelow(files::DocumentRoot root, std::string path, const HandlerContext& context) {
  const MonotonicTime now = context.loop.now();
  Result<OpenFile> known = root.TryOpen(path, now);
  if (known || known.error().code != ErrorCode::kWouldBlock) co_return known;
  auto open = [root = std::move(root), path = std::move(path), now] { return root.Open(path, now); };
  co_return co_await event::Offload(context.loop, context.scope, std::move(open));
}

// RFC 9110 section 15.4.5: a 304 says nothing of the content that it does not bring.
bool IsOfContent(std::string_view name) {
  constexpr std::string_view kPrefix = "Content-";
  return EqualsIgnoreCase(name.substr(0, kPrefix.size()), kPrefix) && !EqualsIgnoreCase(name, "Content-Location");
}

// The program's fields, then those of the file that it has not given. Validators and ranges are the file's: the
// server answers conditions by them.
void Merge(http::FieldList given, Response& response) {
  for (const std::string_view own : {"ETag", "Last-Modified", "Accept-Ranges", "Content-Range"}) given.Remove(own);
  if (auto* parts = std::get_if<MultipartBody>(&response.body); parts != nullptr && given.Contains("Content-Type")) {
    parts->part_fields.clear();
    http::AppendFieldLine(parts->part_fields, "Content-Type", given.Find("Content-Type"));
  }
  http::FieldList merged;
  for (const http::FieldList::Entry& field : given) {
    if (response.status != 304 || !IsOfContent(field.name)) merged.Add(field.name, field.value);
  }
  for (const http::FieldList::Entry& field : response.fields) {
    if (!given.Contains(field.name)) merged.Add(field.name, field.value);
  }
  response.fields = std::move(merged);
}

// A condition that does not hold, or a range that is not there: an error of the request, with a page of its own.
bool IsRefusal(int status) { return status == 412 || status == 416; }

}  // namespace

FileSender::FileSender(const config::Location& location, const files::MimeTypes& types) : responder_(location, types) {
  // A link below one of them may lead to another.
  for (const std::string& root : location.cgi->sendfile_roots) roots_.emplace_back(root, location.cgi->sendfile_roots);
}

const files::DocumentRoot* FileSender::RootOf(std::string_view path) const {
  const files::DocumentRoot* longest = nullptr;
  for (const files::DocumentRoot& root : roots_) {
    const std::string& folder = root.path();
    const bool below = path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
    if (below && (longest == nullptr || folder.size() > longest->path().size())) longest = &root;
  }
  return longest;
}

event::Task<Result<Response>> FileSender::Send(const Request& request, cgi::ScriptResponse made,
                                               const HandlerContext& context) const {
  const std::string path = std::move(*made.send_file);
  const files::DocumentRoot* const root = RootOf(path);
  if (root == nullptr) co_return Failure(ErrorCode::kForbidden, kOutside);
  std::string below = path.substr(root->path().size() + 1);
  files::DocumentRoot handle = *root;
  Result<OpenFile> file = co_await OpenBelow(std::move(handle), std::move(below), context);
  if (!file) co_return std::unexpected(file.error());
  if (!file->is_regular) co_return Failure(ErrorCode::kForbidden, kNoFile);

  Representation representation{.path = path, .stored = {}};
  representation.stored.file = std::make_shared<const OpenFile>(std::move(*file));
  // Conditions and ranges are about what a GET brings (RFC 9110 sections 13.1 and 14.2).
  const http::Method method = request.head.method;
  const bool is_plain = made.status == 200 && (method == http::Method::kGet || method == http::Method::kHead);
  Request asked = request;
  if (!is_plain) asked.head.fields = {};
  Response response = responder_.Respond(asked, std::move(representation), context.loop.wall());
  if (IsRefusal(response.status)) co_return response;
  if (response.status == 200) {
    response.status = made.status;
    response.reason = std::move(made.reason_phrase);
  }
  Merge(std::move(made.fields), response);
  co_return response;
}

cgi::FaultText FileSender::Describe(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return {404, "the program wants a file sent that does not exist", "mend the path in its X-Sendfile field"};
    case ErrorCode::kForbidden:
      if (std::string_view(error.context) == kNoFile) {
        return {500, "the program wants something sent that is no regular file", "name a file in its X-Sendfile field"};
      }
      if (error.system_errno == EACCES || error.system_errno == EPERM) {
        return {500, "the program wants a file sent that the user of the server may not read",
                "chmod o+r on the file, o+x on its folders"};
      }
      break;
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge:
      break;
    default:
      return {503, "the file that the program wants sent could not be opened", "see errno"};
  }
  return {500, "the program wants a file sent that does not lie below cgi_sendfile_roots",
          "add its folder to cgi_sendfile_roots, or mend the path in its X-Sendfile field: absolute, without . and .."};
}

}  // namespace brilliant::handlers
