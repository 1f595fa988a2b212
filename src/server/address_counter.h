// How many connections each client address has, for `connections_per_address`. One per worker, used on its loop's
// thread. Holds an entry for each address with a connection, and nothing for others.
#ifndef BRILLIANT_SERVER_ADDRESS_COUNTER_H_
#define BRILLIANT_SERVER_ADDRESS_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/ip_address.h"
#include "files/path_hash.h"

namespace brilliant::server {

class AddressCounter {
 public:
  // Of an IPv6 address, whose last half a client chooses as it likes.
  static constexpr int kIpv6NetworkBits = 64;

  // `connections_max`: for each address; 0: no limit.
  explicit AddressCounter(uint64_t connections_max);

  [[nodiscard]] bool enabled() const { return connections_max_ > 0; }
  // One more would be too many.
  [[nodiscard]] bool Full(const IpAddress& address) const;
  // A connection begins; each Add is followed by a Remove.
  void Add(const IpAddress& address);
  void Remove(const IpAddress& address);
  // Addresses with a connection.
  [[nodiscard]] size_t size() const { return counts_.size(); }

 private:
  // Keyed: clients choose their addresses, and may not make them collide.
  struct Hash {
    files::HashKey key;
    size_t operator()(const IpAddress& address) const { return files::SipHash<1, 3>(key).Hash(address.bytes()); }
  };

  const uint64_t connections_max_;
  std::unordered_map<IpAddress, uint64_t, Hash> counts_;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_ADDRESS_COUNTER_H_
