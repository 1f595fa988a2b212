// What is said of something that was deleted or brought back: 204, or a page or JSON where that is asked for.
#ifndef BRILLIANT_HANDLERS_DELETE_ANSWER_H_
#define BRILLIANT_HANDLERS_DELETE_ANSWER_H_

#include <optional>
#include <string>

#include "handlers/api.h"

namespace brilliant::handlers {

// `token`: brings it back. 200 with {"path":"/a/x","undo":"/a/x?undo=TOKEN"} (null without a token), 200 with a page
// that has a button for it, or 204.
[[nodiscard]] Response AnswerDeleted(const Request& request, const std::optional<std::string>& token);

// 201 with Location; a page or {"path":"/a/x"} in it.
[[nodiscard]] Response AnswerRestored(const Request& request);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_DELETE_ANSWER_H_
