// What the author of a handler sees: a request, its content to pull from, and the response to give back. A handler
// never sees a socket; framing, persistence, conditions of the connection and the log are decided by server/.
//
// Handlers are made once per generation by the Router, immutable afterwards, and shared by all requests of the worker.
#ifndef BRILLIANT_HANDLERS_API_H_
#define BRILLIANT_HANDLERS_API_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cgi/meta_variables.h"
#include "event/event_loop.h"
#include "event/task.h"
#include "files/file_store.h"
#include "files/spool.h"
#include "handlers/script_launcher.h"
#include "http/ranges.h"
#include "http/request.h"
#include "http/response_head.h"
#include "log/error_log.h"
#include "log/program_use.h"
#include "net/transport.h"

namespace brilliant::handlers {

class AnswerFields;

// A request that has been routed. Views are valid until its response has been written.
struct Request {
  http::RequestHead head;
  // The path decoded and normalised, beginning with "/" (http/target.h). "*" for asterisk-form.
  std::string_view path = {};
  // Who asks: "192.0.2.1", "2001:db8::1" or "unix:". The peer, or whom a trusted proxy has named.
  std::string_view client = {};
  uint16_t client_port = 0;  // 0: not known, or there is none
  // What the client speaks, "http" or "https"; the latter only if a trusted proxy says so.
  std::string_view scheme = "http";
  // The part of `path` below the location: begins with "/", or is empty if the target is the location itself.
  std::string_view path_below = {};
  // Who has shown a password (auth_basic); empty: nobody was asked.
  std::string_view user = {};
  // For programs: the part of `path` that names the script or the program's location ("" for "/"); `path_below` is then
  // what follows it.
  std::string_view script_name = {};
  // What the connection came in by, for those that don't name a host.
  std::string_view server_name = {};
  uint16_t server_port = 0;
  // The request that this one came from inside the server.
  std::optional<cgi::RedirectFacts> redirect = {};
};

struct MemoryBody {
  std::string bytes;
};
// A small file with its field lines already rendered: head and content leave in one send. `with_content` false: a 304.
struct RenderedBody {
  files::RenderedFilePtr file;
  bool with_content = true;
};
struct FileBody {
  files::OpenFilePtr file;
  uint64_t offset = 0;
  uint64_t length = 0;
};
// A stretch of a small file in memory, or of a page that is kept there.
struct SliceBody {
  files::RenderedFilePtr file;
  uint64_t offset = 0;
  uint64_t length = 0;
};
// Several stretches of a file as multipart/byteranges (RFC 9110 section 14.6). WriteResponse adds the Content-Type of
// the whole, and the Content-Range of each part.
struct MultipartBody {
  files::StoredFile file;  // a regular one
  uint64_t size = 0;       // of the file
  std::vector<http::ByteRange> ranges;
  std::string part_fields;  // field lines of each part, Content-Type and the like
};
// Content that is made while it is sent (a listing, a script's output).
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next bytes, valid until the next call; empty: the end.
  virtual event::Task<Result<std::span<const char>>> Next() = 0;
  // Whether Next() will bring the first bytes, or the end, without waiting. Asked before the first call.
  [[nodiscard]] virtual bool first_is_there() const { return false; }
  // How many bytes Next() will bring in all, if that is known before.
  [[nodiscard]] virtual std::optional<uint64_t> length() const { return std::nullopt; }
  // Awaited once when nobody asks for more, at the end or before it; then it may be destroyed.
  virtual event::Task<void> Finish() = 0;
};
using Body = std::variant<std::monostate, MemoryBody, RenderedBody, FileBody, SliceBody, MultipartBody,
                          std::unique_ptr<BodySource>>;

// Content-Length, Transfer-Encoding, Connection, Date and Server are not the handler's: WriteResponse adds them. With
// RenderedBody, `fields` is empty: the file's own are used.
struct Response {
  int status = 200;
  http::FieldList fields;
  Body body;
  // For an error without a body: one sentence for the page, a string literal; empty: the page's own for that status.
  const char* explanation = "";
  // More of it, for those who look after the site: shown below, as it is. Empty: nothing.
  std::string detail = {};
  // Instead of the registered reason phrase; empty: that one.
  std::string reason = {};
  // What the configuration adds; outlives the response. Set by server/, not by handlers.
  const AnswerFields* added = nullptr;
  // The connection ends after it: the request's content can't be skipped, or its end is unknown.
  bool close = false;
};

// To be routed again as a GET of that origin-form target (CGI local redirect, an index that is a script).
struct LocalRedirect {
  std::string target;
  // The same request to another path, its method and content kept, rather than a GET.
  bool keeps_request = false;
};
using Answer = std::variant<Response, LocalRedirect>;

// The content of a request. Implemented by server/: limits, 100 (Continue) on the first pull, deadlines.
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  // The next bytes, valid until the next call; empty: the end, and the content was complete.
  // Errors: kTooLarge above the limit set for it, kInvalid malformed framing, kClosed incomplete, kDeadline.
  // kCancelled: Interrupt() was called while it waited; it may be called again.
  virtual event::Task<Result<std::span<const char>>> Next() = 0;
  // The same for who copies the content anyway: it may come in `space`, from its beginning, and saves a copy then.
  virtual event::Task<Result<std::span<const char>>> NextInto(std::span<char> /*space*/) { return Next(); }
  // Content for a job of the offload pool, which saves the turns of the loop between its pieces: up to `bytes` of it
  // may be read, while the coroutine that waits for the job asks nothing of the body; then Took() says how many it was,
  // in any case, or the connection ends. Without a reader: only Next() brings it. How it ends, if not complete, shows
  // with the next call of Next().
  struct Ahead {
    std::shared_ptr<net::InputReader> reader;
    uint64_t bytes = 0;
  };
  virtual Ahead LookAhead() { return {}; }
  virtual void Took(uint64_t /*bytes*/) {}
  // The client has ended its side of the connection: it may have gone, or only have said all it has to say.
  [[nodiscard]] virtual bool client_half_closed() const = 0;
  // Makes a Next() that waits return; for who has handed it to another task.
  virtual void Interrupt() = 0;
};

// What a handler may use while it works on one request.
struct HandlerContext {
  event::EventLoop& loop;
  event::CancelScope& scope;  // of this request: cancelled when the client is gone
  files::FileStore& files;
  log::ErrorLog& error_log;
  ScriptLauncher& scripts;
  files::SpoolBudget& spool_budget;
  std::unique_ptr<log::ProgramUse>* program = nullptr;  // where it is noted what a program has taken; null: nowhere
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual event::Task<Answer> Handle(const Request& request, RequestBody& body,
                                     const HandlerContext& context) const = 0;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_API_H_
