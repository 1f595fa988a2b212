// Runs a program for a request and turns what it prints into a response (RFC 3875): `cgi PROGRAM` in a location, or the
// script that a `cgi .ext` block covers. Finding the script, methods and limits are decided before (server/); the
// spawner starts it.
#ifndef BRILLIANT_HANDLERS_CGI_HANDLER_H_
#define BRILLIANT_HANDLERS_CGI_HANDLER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cgi/response_parser.h"
#include "config/config.h"
#include "files/mime_types.h"
#include "handlers/api.h"
#include "handlers/file_sender.h"
#include "handlers/script_exchange.h"

namespace brilliant::handlers {

class CgiHandler final : public Handler {
 public:
  // `location` and `types` outlive the handler; `rule`: its place in config::CgiRules().
  CgiHandler(const config::Location& location, uint32_t rule, const files::MimeTypes& types)
      : location_(location), rule_(rule), document_root_(DocumentRootOf(location)), sender_(location, types) {}

  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

 private:
  struct Content;  // what is known of the request's content before the program starts

  event::Task<Result<void>> TakeContent(const Request& request, RequestBody& body, const HandlerContext& context,
                                        Content& content) const;
  event::Task<Answer> AnswerFrom(std::unique_ptr<ScriptExchange> exchange, const Request& request,
                                 const HandlerContext& context) const;
  event::Task<Answer> SendFile(cgi::ScriptResponse made, const Request& request, const HandlerContext& context) const;
  [[nodiscard]] Result<cgi::SpawnOrder> MakeOrder(const Request& request, const Content& content,
                                                  const HandlerContext& context) const;
  // What the program's DOCUMENT_ROOT is: where the path "/" would lie.
  [[nodiscard]] static std::string DocumentRootOf(const config::Location& location);
  // The script below the location's root, with a slash first; not for `cgi PROGRAM`.
  [[nodiscard]] std::string_view PathBelowRoot(const Request& request) const;
  [[nodiscard]] std::string ScriptPath(const Request& request) const;
  [[nodiscard]] Answer NotLaunched(const Error& error, const Request& request, const HandlerContext& context) const;
  [[nodiscard]] Answer Failed(const ScriptExchange& exchange, const Error& error, const Request& request,
                              const HandlerContext& context) const;
  [[nodiscard]] Answer Malformed(const cgi::OutputFault& fault, const ScriptExchange& exchange, const Request& request,
                                 const HandlerContext& context) const;
  [[nodiscard]] Answer Explained(int status, std::string cause, std::string_view remedy, const Request& request,
                                 const HandlerContext& context) const;

  const config::Location& location_;
  const uint32_t rule_;
  const std::string document_root_;
  const FileSender sender_;
  mutable log::RateLimit fault_reports_;
  mutable log::RateLimit cut_reports_;
  mutable log::RateLimit sendfile_reports_;
  mutable log::RateLimit odd_field_reports_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_CGI_HANDLER_H_
