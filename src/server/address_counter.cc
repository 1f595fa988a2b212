#include "server/address_counter.h"

#include "base/check.h"

namespace brilliant::server {
namespace {

IpAddress Owner(const IpAddress& address) {
  return address.is_ipv4() ? address : address.Masked(AddressCounter::kIpv6NetworkBits);
}

}  // namespace

AddressCounter::AddressCounter(uint64_t connections_max)
    : connections_max_(connections_max), counts_(0, Hash{.key = files::RandomHashKey()}) {}

bool AddressCounter::Full(const IpAddress& address) const {
  if (!enabled()) return false;
  const auto found = counts_.find(Owner(address));
  return found != counts_.end() && found->second >= connections_max_;
}

void AddressCounter::Add(const IpAddress& address) { ++counts_[Owner(address)]; }

void AddressCounter::Remove(const IpAddress& address) {
  const auto found = counts_.find(Owner(address));
  CHECK(found != counts_.end());
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace brilliant::server
