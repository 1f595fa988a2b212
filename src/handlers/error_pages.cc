#include "handlers/error_pages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <variant>

#include "base/unique_fd.h"
#include "handlers/html.h"
#include "handlers/json.h"
#include "handlers/page_template.h"
#include "http/accept.h"
#include "http/media_type.h"
#include "http/status.h"
#include "web/assets.h"

namespace brilliant::handlers {
namespace {

// What of an overlong target is worth showing.
constexpr size_t kTargetBytesShown = 200;

Result<std::string> ReadSmallFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return SystemFailure("open");
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return SystemFailure("fstat");
  if (!S_ISREG(status.st_mode)) return Failure(ErrorCode::kInvalid, "not a regular file");
  if (static_cast<uint64_t>(status.st_size) > kErrorPageBytesMax)
    return Failure(ErrorCode::kTooLarge, "more than 1 MiB");
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  const ssize_t count = pread(fd.get(), bytes.data(), bytes.size(), 0);
  if (count < 0) return SystemFailure("read");
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

// One sentence for people who meet the error, not for those who made it.
std::string_view Explanation(int status) {
  switch (status) {
    case 400:
      return "The request was malformed and was not processed.";
    case 401:
      return "This page needs a name and a password.";
    case 403:
      return "You may not see this page.";
    case 404:
      return "There is nothing at this address. It may have been moved or removed, or the address has a typing error.";
    case 405:
      return "This address does not answer requests of that kind.";
    case 408:
      return "The request took too long to arrive.";
    case 411:
      return "The request must say how long its content is.";
    case 412:
      return "The page has changed since your copy was made.";
    case 413:
      return "The content sent is larger than this address accepts.";
    case 414:
      return "The address is too long.";
    case 416:
      return "The page does not have the part that was asked for.";
    case 417:
      return "The server can't do what the request expects of it.";
    case 421:
      return "This server does not answer for that host name.";
    case 431:
      return "The request's header fields are too large.";
    case 500:
      return "The server met an error. Its log says more.";
    case 501:
      return "The server does not know how to do this.";
    case 502:
      return "The program that should answer has failed. The server's log says more.";
    case 503:
      return "The server is too busy at the moment. Try again in a little while.";
    case 504:
      return "The program that should answer has taken too long.";
    case 505:
      return "The server does not speak that version of HTTP.";
    default:
      return status >= 500 ? "The server could not answer the request." : "The request could not be answered.";
  }
}

std::string BuiltInPage(const Response& response, std::string_view explanation, std::string_view target) {
  PageValues values = {{"status", std::to_string(response.status)},
                       {"reason", std::string(http::ReasonPhrase(response.status))}};
  AppendHtmlText(values["explanation"], explanation);
  AppendHtmlText(values["path"], target);
  AppendHtmlLines(values["detail"], response.detail);
  std::string page;
  AppendPage(page, web::kErrorPage, values);
  return page;
}

std::string ErrorJson(int status, std::string_view explanation) {
  std::string json = "{\"status\":" + std::to_string(status) + ",\"reason\":";
  AppendJsonString(json, http::ReasonPhrase(status));
  json += ",\"detail\":";
  AppendJsonString(json, explanation);
  json += "}\n";
  return json;
}

// RFC 9110 section 15.4: the content of a redirect usually is a short note with a link.
std::string RedirectNote(const Response& response) {
  std::string note = "<!doctype html>\n<meta charset=\"utf-8\">\n<title>";
  note += http::ReasonPhrase(response.status);
  note += "</title>\n<p>This page is at <a href=\"";
  AppendHtmlText(note, response.fields.Find("Location"));
  note += "\">";
  AppendHtmlText(note, response.fields.Find("Location"));
  note += "</a>.</p>\n";
  return note;
}

}  // namespace

ErrorPages::ErrorPages(const config::Server& server, const files::MimeTypes& types, log::ErrorLog& error_log) {
  for (const config::ErrorPage& configured : server.error_pages) {
    Result<std::string> bytes = ReadSmallFile(configured.path);
    if (!bytes) {
      const Error error = bytes.error();
      error_log.Write(
          log::Level::kWarn,
          fmt::format("error page not loaded, the built-in one is used path={} reason=\"{}\"", configured.path,
                      error.system_errno != 0 ? std::strerror(error.system_errno) : error.context));
      continue;
    }
    std::string type(types.TypeOf(configured.path));
    if (http::IsTextType(type)) type += "; charset=utf-8";
    auto page = std::make_shared<const Page>(Page{.content_type = std::move(type), .bytes = std::move(*bytes)});
    if (configured.codes.empty()) for_all_ = page;
    for (const int code : configured.codes) by_status_[code] = page;
  }
}

void ErrorPages::Complete(Response& response, std::string_view target, const http::RequestHead* head) const {
  if (!std::holds_alternative<std::monostate>(response.body)) return;
  if (http::IsRedirection(response.status) && response.fields.Contains("Location")) {
    response.fields.Set("Content-Type", "text/html; charset=utf-8");
    response.body = MemoryBody{RedirectNote(response)};
    return;
  }
  if (!http::IsError(response.status)) return;
  // An error is true now, not for ever: a cache that may guess would keep some of them (RFC 9110 section 15.1).
  response.fields.Set("Cache-Control", "no-store");
  response.fields.Set("X-Content-Type-Options", "nosniff");
  const std::string_view explanation =
      response.explanation[0] != '\0' ? std::string_view(response.explanation) : Explanation(response.status);
  if (head != nullptr && http::Prefers(*head, "application/json", "text/html")) {
    response.fields.Set("Content-Type", "application/json");
    response.body = MemoryBody{ErrorJson(response.status, explanation)};
    return;
  }
  const auto found = by_status_.find(response.status);
  const Page* page = found != by_status_.end() ? found->second.get() : for_all_.get();
  if (page != nullptr) {
    response.fields.Set("Content-Type", page->content_type);
    response.body = MemoryBody{page->bytes};
    return;
  }
  response.fields.Set("Content-Type", "text/html; charset=utf-8");
  response.fields.Set("Content-Security-Policy", web::kContentSecurityPolicy);
  response.body = MemoryBody{BuiltInPage(response, explanation, target.substr(0, kTargetBytesShown))};
}

}  // namespace brilliant::handlers
