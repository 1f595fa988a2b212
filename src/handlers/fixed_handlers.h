// Handlers whose answer does not depend on files: a redirect, and what this version cannot do yet.
#ifndef BRILLIANT_HANDLERS_FIXED_HANDLERS_H_
#define BRILLIANT_HANDLERS_FIXED_HANDLERS_H_

#include "config/config.h"
#include "handlers/api.h"

namespace brilliant::handlers {

// `redirect_to [CODE] URI`, whatever the method.
class RedirectHandler final : public Handler {
 public:
  // `redirect` outlives the handler.
  explicit RedirectHandler(const config::Redirect& redirect) : redirect_(redirect) {}
  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

 private:
  const config::Redirect& redirect_;
};

// 501 with an honest sentence.
class UnsupportedHandler final : public Handler {
 public:
  // `explanation`: a literal.
  explicit UnsupportedHandler(const char* explanation) : explanation_(explanation) {}
  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

 private:
  const char* const explanation_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FIXED_HANDLERS_H_
