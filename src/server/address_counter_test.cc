#include "server/address_counter.h"

#include <gtest/gtest.h>

#include <string>

namespace brilliant::server {
namespace {

IpAddress Address(std::string_view text) { return IpAddress::Parse(text).value(); }

TEST(AddressCounter, EachAddressHasItsOwnCount) {
  AddressCounter counter(2);
  const IpAddress first = Address("192.0.2.1");
  const IpAddress second = Address("192.0.2.2");
  counter.Add(first);
  EXPECT_FALSE(counter.Full(first));
  counter.Add(first);
  EXPECT_TRUE(counter.Full(first));
  EXPECT_TRUE(counter.Full(Address("::ffff:192.0.2.1")));
  EXPECT_FALSE(counter.Full(second));
  counter.Add(second);
  EXPECT_EQ(counter.size(), 2U);
  counter.Remove(first);
  EXPECT_FALSE(counter.Full(first));
}

TEST(AddressCounter, Ipv6IsCountedByNetwork) {
  AddressCounter counter(1);
  counter.Add(Address("2001:db8:1:2::1"));
  EXPECT_TRUE(counter.Full(Address("2001:db8:1:2:ffff::9")));
  EXPECT_FALSE(counter.Full(Address("2001:db8:1:3::1")));
}

TEST(AddressCounter, RemembersNobodyWhoHasLeft) {
  AddressCounter counter(1'000'000);
  for (int i = 0; i < 50'000; ++i)
    counter.Add(Address("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256)));
  EXPECT_EQ(counter.size(), 50'000U);
  for (int i = 0; i < 50'000; ++i) {
    counter.Remove(Address("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256)));
  }
  EXPECT_EQ(counter.size(), 0U);
}

TEST(AddressCounter, WithoutALimitNobodyIsTooMany) {
  const AddressCounter counter(0);
  EXPECT_FALSE(counter.enabled());
  EXPECT_FALSE(counter.Full(Address("192.0.2.1")));
}

}  // namespace
}  // namespace brilliant::server
