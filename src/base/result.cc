#include "base/result.h"

#include <cerrno>

namespace brilliant {

Error ErrorFromErrno(int system_errno, const char* context) {
  ErrorCode code = ErrorCode::kSystem;
  switch (system_errno) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
      code = ErrorCode::kWouldBlock;
      break;
    case ENOENT:
    case ENOTDIR:
      code = ErrorCode::kNotFound;
      break;
    case EACCES:
    case EPERM:
      code = ErrorCode::kForbidden;
      break;
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
    case ESHUTDOWN:
      code = ErrorCode::kClosed;
      break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      code = ErrorCode::kUnavailable;
      break;
    default:
      break;
  }
  return Error{.code = code, .system_errno = system_errno, .context = context};
}

std::unexpected<Error> SystemFailure(const char* context) { return std::unexpected(ErrorFromErrno(errno, context)); }

const char* ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kDeadline:
      return "deadline passed";
    case ErrorCode::kClosed:
      return "closed by the peer";
    case ErrorCode::kWouldBlock:
      return "would block";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kTooLarge:
      return "too large";
    case ErrorCode::kUnavailable:
      return "resource unavailable";
    case ErrorCode::kSystem:
      return "system error";
  }
  return "unknown";
}

}  // namespace brilliant
