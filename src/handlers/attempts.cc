#include "handlers/attempts.h"

#include <arpa/inet.h>

#include "base/check.h"

namespace brilliant::handlers {

std::string ClientGroup(std::string_view client) {
  if (client.starts_with("unix:")) return {};
  in6_addr address{};
  std::string text(client);
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return text;
  constexpr size_t kNetworkBytes = 8;
  text.assign(reinterpret_cast<const char*>(&address), kNetworkBytes);
  return text;
}

Attempts::~Attempts() { CHECK(total_ == 0); }

bool Attempts::TryBegin(const std::string& group) {
  if (total_ == kAttemptsMax) return false;
  if (!group.empty()) {
    size_t& count = by_group_[group];
    if (count == kAttemptsPerClientMax) return false;
    ++count;
  }
  ++total_;
  return true;
}

void Attempts::End(const std::string& group) {
  --total_;
  const auto found = by_group_.find(group);
  if (found != by_group_.end() && --found->second == 0) by_group_.erase(found);
}

}  // namespace brilliant::handlers
