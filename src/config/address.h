// Addresses in the words of directives: those of `listen`, from their text to the sockets they mean, and blocks of
// them.
#ifndef BRILLIANT_CONFIG_ADDRESS_H_
#define BRILLIANT_CONFIG_ADDRESS_H_

#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "config/config.h"
#include "config/values.h"

namespace brilliant::config {

// PORT, HOST:PORT, *:PORT, [IPV6]:PORT. No host and `*` are all addresses, IPv4 and IPv6; `localhost` is 127.0.0.1 and
// ::1. Never asks a resolver: other names are errors. Not for unix:PATH.
[[nodiscard]] Parsed<std::vector<ListenAddress>> ParseListenAddress(std::string_view text);

// ADDRESS or ADDRESS/BITS: "192.0.2.1", "10.0.0.0/8", "2001:db8::/32".
[[nodiscard]] Parsed<AddressBlock> ParseAddressBlock(std::string_view text);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_ADDRESS_H_
