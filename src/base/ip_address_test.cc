#include "base/ip_address.h"

#include <gtest/gtest.h>

#include <iterator>

namespace brilliant {
namespace {

IpAddress Address(std::string_view text) {
  const std::optional<IpAddress> address = IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(IpAddress());
}

AddressBlock Block(std::string_view first, int bits) {
  const IpAddress address = Address(first);
  return {.first = address, .bits = address.is_ipv4() ? IpAddress::kMappedBits + bits : bits};
}

TEST(IpAddress, IsReadAndWritten) {
  const char* const texts[][2] = {
      {"0.0.0.0", "0.0.0.0"},
      {"192.0.2.1", "192.0.2.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0::01", "2001:db8::1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
  for (const auto& [text, canonical] : texts) EXPECT_EQ(Address(text).ToString(), canonical);
}

TEST(IpAddress, WhatIsNoneIsRefused) {
  for (const std::string_view text :
       {"",          " ",        "1",        "1.2.3",      "1.2.3.4.5",
        "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4",   "1.2.3.4:80",
        "[::1]",     "::1%lo",   ":::",      "1::2::3",    "fe80::1%eth0",
        "localhost", "unknown",  "_hidden",  "0x7f.0.0.1", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255 "}) {
    EXPECT_FALSE(IpAddress::Parse(text).has_value()) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string_view("1.2.3.4\0", 8)).has_value());
  EXPECT_FALSE(IpAddress::Parse(std::string(10'000, '1')).has_value());
}

TEST(IpAddress, BothFormsOfAnIpv4AddressAreOne) {
  EXPECT_EQ(Address("::ffff:10.1.2.3"), Address("10.1.2.3"));
  EXPECT_EQ(IpAddress::FromBytes({"\x0a\x01\x02\x03", 4}), Address("10.1.2.3"));
  EXPECT_TRUE(Address("::ffff:10.1.2.3").is_ipv4());
  EXPECT_FALSE(Address("::10.1.2.3").is_ipv4());
}

TEST(IpAddress, MaskedKeepsTheFirstBits) {
  EXPECT_EQ(Address("2001:db8:1:2:3:4:5:6").Masked(64).ToString(), "2001:db8:1:2::");
  EXPECT_EQ(Address("2001:db8:ffff::").Masked(33).ToString(), "2001:db8:8000::");
  EXPECT_EQ(Address("2001:db8::1").Masked(0).ToString(), "::");
  EXPECT_EQ(Address("2001:db8::1").Masked(128).ToString(), "2001:db8::1");
  EXPECT_EQ(Address("10.1.2.3").Masked(96 + 8).ToString(), "10.0.0.0");
}

TEST(AddressBlock, ContainsWhatBeginsAlike) {
  EXPECT_TRUE(Block("10.0.0.0", 8).Contains(Address("10.255.0.1")));
  EXPECT_FALSE(Block("10.0.0.0", 8).Contains(Address("11.0.0.0")));
  EXPECT_TRUE(Block("172.16.0.0", 12).Contains(Address("172.31.255.255")));
  EXPECT_FALSE(Block("172.16.0.0", 12).Contains(Address("172.32.0.0")));
  EXPECT_TRUE(Block("192.0.2.1", 32).Contains(Address("::ffff:192.0.2.1")));
  EXPECT_FALSE(Block("192.0.2.1", 32).Contains(Address("192.0.2.2")));
  EXPECT_TRUE(Block("0.0.0.0", 0).Contains(Address("1.2.3.4")));
  EXPECT_FALSE(Block("0.0.0.0", 0).Contains(Address("::1")));
  EXPECT_TRUE(Block("2001:db8::", 32).Contains(Address("2001:db8:ffff::1")));
  EXPECT_FALSE(Block("2001:db8::", 32).Contains(Address("2001:db9::1")));
}

TEST(AddressBlock, IsWrittenAsPeopleDo) {
  EXPECT_EQ(Block("10.0.0.0", 8).ToString(), "10.0.0.0/8");
  EXPECT_EQ(Block("192.0.2.1", 32).ToString(), "192.0.2.1");
  EXPECT_EQ(Block("2001:db8::", 32).ToString(), "2001:db8::/32");
}

TEST(AddressSet, FindsEveryAddressOfItsBlocksInWhateverOrderTheyCame) {
  const AddressBlock blocks[] = {Block("10.0.0.0", 8),    Block("10.1.0.0", 16),     Block("192.0.2.7", 32),
                                 Block("2001:db8::", 32), Block("2001:db8:1::", 48), Block("::1", 128)};
  for (size_t rotation = 0; rotation < std::size(blocks); ++rotation) {
    AddressSet set;
    EXPECT_TRUE(set.empty());
    for (size_t i = 0; i < std::size(blocks); ++i) set.Add(blocks[(i + rotation) % std::size(blocks)]);
    EXPECT_EQ(set.blocks().size(), 4U);
    for (const char* in :
         {"10.0.0.0", "10.1.2.3", "10.255.255.255", "192.0.2.7", "2001:db8::1", "2001:db8:1::5", "::1"})
      EXPECT_TRUE(set.Contains(Address(in))) << in;
    for (const char* out :
         {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "2001:db7::", "2001:db9::", "::", "::2"})
      EXPECT_FALSE(set.Contains(Address(out))) << out;
  }
}

}  // namespace
}  // namespace brilliant
