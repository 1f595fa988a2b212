// Errors as values. Every operation that can fail for reasons outside the program returns Result<T>; the caller either
// handles the Error or hands it up. Programmer errors are CHECKs (base/check.h), never Errors.
//
// Any thread may use these types; they own nothing.
#ifndef BRILLIANT_BASE_RESULT_H_
#define BRILLIANT_BASE_RESULT_H_

#include <cstdint>
#include <expected>
#include <utility>

namespace brilliant {

enum class ErrorCode : uint8_t {
  kCancelled,    // the scope the operation ran in was cancelled
  kDeadline,     // the time allowed for the operation is over
  kClosed,       // the peer or the other end of a pipe is gone
  kWouldBlock,   // nothing to do now: wait for readiness, then try again
  kNotFound,     // no such thing
  kForbidden,    // it exists, but may not be used
  kInvalid,      // the input is malformed
  kTooLarge,     // a limit would be exceeded
  kUnavailable,  // out of a resource now, perhaps not later
  kSystem,       // the operating system failed: see system_errno
};

// Trivially copyable and without heap memory: errors are common under attack.
struct Error {
  ErrorCode code = ErrorCode::kSystem;
  int system_errno = 0;
  const char* context = "";  // a string literal: the operation that failed, for the log
};

template <typename T>
using Result = std::expected<T, Error>;

// The literal form of "this failed": `return Failure(ErrorCode::kInvalid, "port");`
[[nodiscard]] inline std::unexpected<Error> Failure(ErrorCode code, const char* context) {
  return std::unexpected(Error{.code = code, .system_errno = 0, .context = context});
}

// An Error from errno. Maps the few values that callers tell apart to their own code, all others to kSystem.
[[nodiscard]] Error ErrorFromErrno(int system_errno, const char* context);

// `return SystemFailure("openat2");` directly after the call that set errno.
[[nodiscard]] std::unexpected<Error> SystemFailure(const char* context);

// A short English name of the code ("not found"), for logs and diagnostics.
[[nodiscard]] const char* ErrorCodeName(ErrorCode code);

}  // namespace brilliant

// Statement macros, because GNU statement expressions are miscompiled in coroutines (docs: CONTRIBUTING.md).
#define BRILLIANT_CONCAT_INNER(a, b) a##b
#define BRILLIANT_CONCAT(a, b) BRILLIANT_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                                          \
  do {                                                                       \
    auto brilliant_result = (expression);                                    \
    if (!brilliant_result) return std::unexpected(brilliant_result.error()); \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_INNER(BRILLIANT_CONCAT(brilliant_result_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                   \
  if (!result) return std::unexpected(result.error());          \
  declaration = std::move(*result)

// The same in a coroutine: CO_ASSIGN_OR_RETURN(size_t count, co_await stream.ReadSome(into));
#define CO_RETURN_IF_ERROR(expression)                                          \
  do {                                                                          \
    auto brilliant_result = expression;                                         \
    if (!brilliant_result) co_return std::unexpected(brilliant_result.error()); \
  } while (false)

#define CO_ASSIGN_OR_RETURN(declaration, expression) \
  CO_ASSIGN_OR_RETURN_INNER(BRILLIANT_CONCAT(brilliant_result_, __LINE__), declaration, expression)
#define CO_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = expression;                                        \
  if (!result) co_return std::unexpected(result.error());          \
  declaration = std::move(*result)

#endif  // BRILLIANT_BASE_RESULT_H_
