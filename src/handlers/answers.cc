#include "handlers/answers.h"

namespace brilliant::handlers {

Response ErrorResponse(int status, const char* explanation) {
  Response response;
  response.status = status;
  response.explanation = explanation;
  return response;
}

Response ResponseForError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return ErrorResponse(404);
    case ErrorCode::kForbidden:
      return ErrorResponse(403);
    case ErrorCode::kTooLarge:
      return ErrorResponse(414);
    case ErrorCode::kUnavailable: {
      Response response = ErrorResponse(503);
      response.fields.Add("Retry-After", "1");
      return response;
    }
    case ErrorCode::kDeadline:
      return ErrorResponse(504);
    default:
      return ErrorResponse(500);
  }
}

Response MethodNotAllowed(std::string_view allow) {
  Response response = ErrorResponse(405);
  response.fields.Add("Allow", allow);
  return response;
}

Response OptionsResponse(std::string_view allow) {
  Response response;
  response.status = 204;
  response.fields.Add("Allow", allow);
  return response;
}

Response RedirectResponse(int status, std::string_view location) {
  Response response;
  response.status = status;
  response.fields.Add("Location", location);
  return response;
}

}  // namespace brilliant::handlers
