// The address of a `listen` directive, from its text to the sockets it means.
#ifndef BRILLIANT_CONFIG_ADDRESS_H_
#define BRILLIANT_CONFIG_ADDRESS_H_

#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/values.h"

namespace brilliant::config {

// PORT, HOST:PORT, *:PORT, [IPV6]:PORT. No host and `*` are all addresses, IPv4 and IPv6; `localhost` is 127.0.0.1 and
// ::1. Never asks a resolver: other names are errors. Not for unix:PATH.
[[nodiscard]] Parsed<std::vector<ListenAddress>> ParseListenAddress(std::string_view text);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_ADDRESS_H_
