#include "config/config.h"

#include <fmt/format.h>

namespace brilliant::config {

std::string ListenAddress::ToString() const {
  switch (family) {
    case Family::kIpv4:
      return fmt::format("{}:{}", host, port);
    case Family::kIpv6:
      return fmt::format("[{}]:{}", host, port);
    case Family::kUnix:
      return "unix:" + path;
  }
  return {};
}

bool ListenAddress::IsLoopback() const {
  return (family == Family::kIpv4 && host.starts_with("127.")) || (family == Family::kIpv6 && host == "::1");
}

bool StoresUploads(const Location& location) {
  if (location.cgi || location.redirect) return false;
  const bool posts = location.upload_path && location.methods.Contains(http::Method::kPost);
  return posts || location.methods.Contains(http::Method::kPut);
}

std::vector<const Location*> CgiRules(const Config& config) {
  std::vector<const Location*> rules;
  for (const Server& server : config.servers) {
    for (const Location& location : server.locations) {
      if (location.cgi) rules.push_back(&location);
    }
    for (const Location& extension : server.cgi_extensions) rules.push_back(&extension);
  }
  return rules;
}

}  // namespace brilliant::config
