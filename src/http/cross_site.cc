#include "http/cross_site.h"

#include <algorithm>

#include "base/strings.h"
#include "http/authority.h"

namespace brilliant::http {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

uint16_t DefaultPort(bool is_https) { return is_https ? kHttpsPort : kHttpPort; }

bool NamesAuthorityOf(const Origin& origin, const RequestHead& head) {
  const uint16_t port = head.port != 0 ? head.port : DefaultPort(origin.is_https);
  return !head.host.empty() && EqualsIgnoreCase(origin.host, head.host) && origin.port == port;
}

bool IsAllowed(const Origin& origin, std::span<const std::string> allowed) {
  return std::ranges::any_of(allowed, [&](const std::string& text) { return ParseOrigin(text) == origin; });
}

}  // namespace

bool operator==(const Origin& a, const Origin& b) {
  return a.is_https == b.is_https && a.port == b.port && EqualsIgnoreCase(a.host, b.host);
}

std::optional<Origin> ParseOrigin(std::string_view text) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  const bool is_https = EqualsIgnoreCase(text.substr(0, kHttps.size()), kHttps);
  if (!is_https && !EqualsIgnoreCase(text.substr(0, kHttp.size()), kHttp)) return std::nullopt;
  const auto authority = ParseAuthority(text.substr(is_https ? kHttps.size() : kHttp.size()));
  if (!authority || authority->host.empty()) return std::nullopt;
  const uint16_t port = authority->has_port ? authority->port : DefaultPort(is_https);
  return Origin{.is_https = is_https, .host = authority->host, .port = port};
}

CrossSite JudgeSite(const RequestHead& head, std::span<const std::string> allowed) {
  const Field* origin_field = nullptr;
  bool is_other_site = false;
  for (const Field& field : head.fields) {
    if (EqualsIgnoreCase(field.name, "Origin")) {
      if (origin_field != nullptr) return CrossSite::kOtherOrigin;
      origin_field = &field;
    } else if (EqualsIgnoreCase(field.name, "Sec-Fetch-Site")) {
      is_other_site = is_other_site || (field.value != "same-origin" && field.value != "none");
    }
  }
  if (origin_field != nullptr) {
    if (origin_field->value == "null") return CrossSite::kNullOrigin;
    const std::optional<Origin> origin = ParseOrigin(origin_field->value);
    if (!origin) return CrossSite::kOtherOrigin;
    if (IsAllowed(*origin, allowed)) return CrossSite::kNo;
    if (!NamesAuthorityOf(*origin, head)) return CrossSite::kOtherOrigin;
  }
  return is_other_site ? CrossSite::kOtherSite : CrossSite::kNo;
}

}  // namespace brilliant::http
