#include "handlers/upload_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/strings.h"
#include "handlers/answers.h"
#include "handlers/html.h"
#include "handlers/json.h"
#include "handlers/page_template.h"
#include "http/accept.h"
#include "http/media_type.h"
#include "http/target.h"
#include "web/assets.h"

namespace brilliant::handlers {
namespace {

// {"files":[{"name":"x_1.txt","path":"/up/x_1.txt","size":123}]}
std::string JsonOf(std::span<const StoredUpload> files) {
  std::string json = "{\"files\":[";
  for (const StoredUpload& file : files) {
    if (json.back() == '}') json += ',';
    json += "{\"name\":";
    AppendJsonString(json, file.name);
    json += ",\"path\":";
    AppendJsonString(json, file.path);
    json += fmt::format(",\"size\":{}}}", file.size);
  }
  json += "]}\n";
  return json;
}

std::string PageOf(std::span<const StoredUpload> files, std::string_view folder) {
  std::string list;
  for (const StoredUpload& file : files) {
    list += "<li><a href=\"";
    AppendHtmlText(list, file.path);
    list += "\">";
    AppendHtmlText(list, file.name);
    list += fmt::format("</a> ({} bytes)</li>\n", file.size);
  }
  const std::string heading =
      files.size() == 1 ? "1 file was stored" : fmt::format("{} files were stored", files.size());
  PageValues values = {{"heading", heading}, {"files", std::move(list)}};
  AppendHtmlText(values["folder"], folder);
  std::string page;
  AppendPage(page, web::kStoredPage, values);
  return page;
}

bool AsksForJson(const Request& request) { return http::Prefers(request.head, "application/json", "text/html"); }

void SetContent(Response& response, std::string_view type, std::string bytes) {
  response.fields.Add("Content-Type", type);
  response.fields.Add("X-Content-Type-Options", "nosniff");
  response.body = MemoryBody{std::move(bytes)};
}

}  // namespace

Response AnswerStoredFile(const Request& request, const StoredUpload& file, bool created) {
  Response response;
  const bool json = AsksForJson(request);
  response.status = created ? 201 : json ? 200 : 204;
  if (created) response.fields.Add("Location", file.path);
  if (json) SetContent(response, "application/json", JsonOf({&file, 1}));
  return response;
}

Response AnswerStoredForm(const Request& request, std::span<const StoredUpload> files, std::string_view folder) {
  Response response;
  response.status = 201;
  response.fields.Add("Location", files.size() == 1 ? std::string_view(files[0].path) : folder);
  if (AsksForJson(request)) {
    SetContent(response, "application/json", JsonOf(files));
  } else if (http::AsksForPage(request.head)) {
    response.fields.Add("Content-Security-Policy", web::kContentSecurityPolicy);
    SetContent(response, "text/html; charset=utf-8", PageOf(files, folder));
  } else {
    std::string lines;
    for (const StoredUpload& file : files) lines += file.path + "\n";
    SetContent(response, "text/plain; charset=utf-8", std::move(lines));
  }
  return response;
}

const char* FaultInName(std::string_view name) {
  if (name.empty()) return "A file needs a name.";
  if (name.starts_with('.')) return "Names that begin with a dot are not stored.";
  if (name.contains('/')) return "A file is stored under a bare name, without the folders it came from.";
  if (std::ranges::any_of(name, IsControl)) return "Names with control characters are not stored.";
  if (name.size() > http::kPathSegmentBytesMax) return "The name is longer than 255 bytes.";
  return nullptr;
}

Response AnswerUploadError(const Error& error) {
  switch (error.system_errno) {
    case ENOSPC:
    case EDQUOT:
      return ErrorResponse(507);
    case EFBIG:
      return ErrorResponse(413, "The file system can't hold so large a file.");
    case EEXIST:
    case EISDIR:
    case ENOTEMPTY:
      return ErrorResponse(409, "Something else has this name.");
    case EROFS:
      return ErrorResponse(403, "This folder can't be written to.");
    default:
      break;
  }
  if (error.code == ErrorCode::kTooLarge) return ErrorResponse(400, "The name is too long.");
  if (error.code == ErrorCode::kForbidden) return ErrorResponse(403, "This folder can't be written to.");
  return ResponseForError(error);
}

}  // namespace brilliant::handlers
