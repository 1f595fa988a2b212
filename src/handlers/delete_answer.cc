#include "handlers/delete_answer.h"

#include <string_view>
#include <utility>

#include "handlers/html.h"
#include "handlers/json.h"
#include "http/accept.h"
#include "http/target.h"

namespace brilliant::handlers {
namespace {

constexpr std::string_view kHtml = "text/html";
constexpr std::string_view kJson = "application/json";

bool WantsJson(const Request& request) { return http::Prefers(request.head, kJson, kHtml); }
bool WantsPage(const Request& request) { return http::Prefers(request.head, kHtml, kJson); }

void SetContent(Response& response, std::string_view type, std::string bytes) {
  response.fields.Add("Content-Type", type);
  response.fields.Add("X-Content-Type-Options", "nosniff");
  response.fields.Add("Cache-Control", "no-store");
  response.body = MemoryBody{std::move(bytes)};
}

// `heading` and the last name of the path, then `more` HTML.
void SetPage(Response& response, const Request& request, std::string_view heading, std::string_view more) {
  std::string_view path = request.path;
  if (path.ends_with('/')) path.remove_suffix(1);
  const size_t name_at = path.rfind('/') + 1;
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>";
  page += heading;
  page += "</title>\n<h1>";
  page += heading;
  page += "</h1>\n<p><code>";
  AppendHtmlText(page, path.substr(name_at));
  page += "</code></p>\n";
  page += more;
  page += "<p><a href=\"";
  AppendHtmlText(page, http::EncodePath(path.substr(0, name_at)));
  page += "\">Go to the folder</a></p>\n</html>\n";
  response.fields.Add("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'");
  SetContent(response, "text/html; charset=utf-8", std::move(page));
}

}  // namespace

Response AnswerDeleted(const Request& request, const std::optional<std::string>& token) {
  Response response;
  const std::string path = http::EncodePath(request.path);
  const std::string undo = token ? path + "?undo=" + *token : "";
  if (WantsJson(request)) {
    std::string json = "{\"path\":";
    AppendJsonString(json, path);
    json += ",\"undo\":";
    if (token) {
      AppendJsonString(json, undo);
    } else {
      json += "null";
    }
    SetContent(response, kJson, json + "}\n");
  } else if (WantsPage(request)) {
    std::string form;
    if (token) {
      form = "<form method=\"post\" action=\"";
      AppendHtmlText(form, undo);
      form += "\"><button>Bring it back</button></form>\n";
    }
    SetPage(response, request, "Deleted", form);
  } else {
    response.status = 204;
  }
  return response;
}

Response AnswerRestored(const Request& request) {
  Response response;
  response.status = 201;
  const std::string path = http::EncodePath(request.path);
  response.fields.Add("Location", path);
  if (WantsPage(request)) {
    std::string link = "<p><a href=\"";
    AppendHtmlText(link, path);
    link += "\">Open it</a></p>\n";
    SetPage(response, request, "Brought back", link);
  } else {
    std::string json = "{\"path\":";
    AppendJsonString(json, path);
    SetContent(response, kJson, json + "}\n");
  }
  return response;
}

}  // namespace brilliant::handlers
