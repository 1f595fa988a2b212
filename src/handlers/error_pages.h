// The pages of answers that no handler wrote a body for: errors, and redirects for clients that do not follow them. The
// one place where a status becomes a page. One per virtual host, made at start, owned by it.
#ifndef BRILLIANT_HANDLERS_ERROR_PAGES_H_
#define BRILLIANT_HANDLERS_ERROR_PAGES_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "files/mime_types.h"
#include "handlers/api.h"
#include "http/request.h"
#include "log/error_log.h"

namespace brilliant::handlers {

// A configured page larger than this is not loaded.
inline constexpr size_t kErrorPageBytesMax = 1 << 20;

class ErrorPages {
 public:
  // The built-in pages alone.
  ErrorPages() = default;
  // Reads the server's `error` pages (blocking: at start only). One that can't be read is logged and the built-in page
  // stands in for it.
  ErrorPages(const config::Server& server, const files::MimeTypes& types, log::ErrorLog& error_log);

  // Gives `response` a body if its status is a redirect or an error and it has none. `target`: what was asked for, as
  // sent; may be anything. An error that `head` (if there is one) would rather have as JSON, by name, is
  // {"status":413,"reason":"Content Too Large","detail":"One sentence."}.
  void Complete(Response& response, std::string_view target, const http::RequestHead* head = nullptr) const;

 private:
  struct Page {
    std::string content_type;
    std::string bytes;
  };

  std::map<int, std::shared_ptr<const Page>> by_status_;
  std::shared_ptr<const Page> for_all_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_ERROR_PAGES_H_
