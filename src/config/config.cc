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

}  // namespace brilliant::config
