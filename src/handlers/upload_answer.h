// What is said of uploads: of those that were stored, and why one was not.
#ifndef BRILLIANT_HANDLERS_UPLOAD_ANSWER_H_
#define BRILLIANT_HANDLERS_UPLOAD_ANSWER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "handlers/api.h"

namespace brilliant::handlers {

struct StoredUpload {
  std::string name;
  std::string path;  // where GET finds it, percent-encoded
  uint64_t size = 0;
};

// To a file sent by itself: 201 with Location, or 204 if it has replaced another. With JSON where that is asked for:
// then 201 or 200.
[[nodiscard]] Response AnswerStoredFile(const Request& request, const StoredUpload& file, bool created);

// To a form: 201, with a page, JSON or plain lines that name each file. `folder`: its path, percent-encoded.
[[nodiscard]] Response AnswerStoredForm(const Request& request, std::span<const StoredUpload> files,
                                        std::string_view folder);

// Why `name` can't be the name of a stored file, as a literal for the answer; null: it can.
[[nodiscard]] const char* FaultInName(std::string_view name);

// An error of the file system while a file was stored. No room is 507, a name that is taken by something else 409.
[[nodiscard]] Response AnswerUploadError(const Error& error);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_UPLOAD_ANSWER_H_
