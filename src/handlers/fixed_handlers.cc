#include "handlers/fixed_handlers.h"

#include "handlers/answers.h"

namespace brilliant::handlers {

event::Task<Answer> RedirectHandler::Handle(const Request& /*request*/, RequestBody& /*body*/,
                                            const HandlerContext& /*context*/) const {
  co_return RedirectResponse(redirect_.code, redirect_.target);
}

event::Task<Answer> UnsupportedHandler::Handle(const Request& /*request*/, RequestBody& /*body*/,
                                               const HandlerContext& /*context*/) const {
  co_return ErrorResponse(501, explanation_);
}

}  // namespace brilliant::handlers
