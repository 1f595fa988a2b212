#include "cgi/field_rules.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace brilliant::cgi {
namespace {

struct Row {
  std::string_view name;
  FieldRule rule;
};

constexpr auto kRows = std::to_array<Row>({
    {"Content-Type", FieldRule::kContentType},
    {"Location", FieldRule::kLocation},
    {"Status", FieldRule::kStatus},
    {"Content-Length", FieldRule::kContentLength},
    {"Transfer-Encoding", FieldRule::kTransferEncoding},
    {"Connection", FieldRule::kConnection},
    {"X-Sendfile", FieldRule::kSendFile},

    {"Keep-Alive", FieldRule::kConnectionLevel},
    {"Proxy-Connection", FieldRule::kConnectionLevel},
    {"TE", FieldRule::kConnectionLevel},
    {"Trailer", FieldRule::kConnectionLevel},
    {"Upgrade", FieldRule::kConnectionLevel},

    {"Date", FieldRule::kServersOwn},
    {"Server", FieldRule::kServersOwn},

    // Singletons of RFC 9110 and RFC 9111: recipients differ in which of two they believe.
    {"Age", FieldRule::kPassOnce},
    {"Content-Disposition", FieldRule::kPassOnce},
    {"Content-Location", FieldRule::kPassOnce},
    {"Content-Range", FieldRule::kPassOnce},
    {"ETag", FieldRule::kPassOnce},
    {"Expires", FieldRule::kPassOnce},
    {"Last-Modified", FieldRule::kPassOnce},
    {"Retry-After", FieldRule::kPassOnce},
});

constexpr std::string_view kExtensionPrefix = "X-CGI-";

}  // namespace

FieldRule RuleForField(std::string_view name) {
  const auto row = std::ranges::find_if(kRows, [name](const Row& r) { return EqualsIgnoreCase(r.name, name); });
  if (row != kRows.end()) return row->rule;
  if (EqualsIgnoreCase(name.substr(0, kExtensionPrefix.size()), kExtensionPrefix)) return FieldRule::kExtension;
  return FieldRule::kPass;
}

}  // namespace brilliant::cgi
