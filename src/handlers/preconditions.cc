#include "handlers/preconditions.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "handlers/file_response.h"
#include "http/conditions.h"
#include "http/content_coding.h"

namespace brilliant::handlers {

bool HasPreconditions(const http::RequestHead& head) {
  static constexpr std::array<std::string_view, 3> kNames = {"If-Match", "If-None-Match", "If-Unmodified-Since"};
  return std::ranges::any_of(kNames, [&](std::string_view name) { return head.Find(name).data() != nullptr; });
}

bool PreconditionsHold(const http::RequestHead& head, bool exists, const std::optional<files::FileIdentity>& file,
                       WallTime now) {
  std::string etag;
  http::Validators current{.exists = exists};
  if (file) {
    etag = EntityTagOf(*file, http::ContentCoding::kIdentity, now);
    current.etag = etag;
    current.last_modified_seconds = LastModifiedOf(*file, now);
  }
  return http::EvaluateConditions(head, current, now.seconds()) == http::ConditionResult::kProceed;
}

}  // namespace brilliant::handlers
