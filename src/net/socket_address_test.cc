#include "net/socket_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>

namespace brilliant::net {
namespace {

TEST(SocketAddressTest, TextOfAnAddressIsCanonical) {
  struct Case {
    const char* host;
    uint16_t port;
    const char* text;
    bool loopback;
  };
  const Case cases[] = {
      {"127.0.0.1", 80, "127.0.0.1:80", true},
      {"127.9.9.9", 1, "127.9.9.9:1", true},
      {"0.0.0.0", 65535, "0.0.0.0:65535", false},
      {"::1", 80, "[::1]:80", true},
      {"::", 8080, "[::]:8080", false},
      {"2001:DB8:0:0::7", 443, "[2001:db8::7]:443", false},
      {"::ffff:10.0.0.7", 80, "10.0.0.7:80", false},
      {"::ffff:127.0.0.1", 80, "127.0.0.1:80", true},
      {"10.1.2.3", 0, "10.1.2.3:0", false},
  };
  for (const Case& c : cases) {
    const Result<SocketAddress> address = SocketAddress::FromIp(c.host, c.port);
    ASSERT_TRUE(address) << c.host;
    EXPECT_EQ(address->ToString(), c.text);
    EXPECT_EQ(address->port(), c.port);
    EXPECT_EQ(address->is_loopback(), c.loopback) << c.host;
    EXPECT_FALSE(address->is_unix());
    EXPECT_EQ(address->path(), "");
  }
}

TEST(SocketAddressTest, NamesAndMalformedAddressesAreRefused) {
  for (const char* host :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "::1%lo", "[::1]", ":::", " ::1"}) {
    const Result<SocketAddress> address = SocketAddress::FromIp(host, 80);
    ASSERT_FALSE(address) << host;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalid);
  }
  EXPECT_FALSE(SocketAddress::FromIp(std::string_view("127.0.0.1\0x", 11), 80));
}

TEST(SocketAddressTest, UnixPathsRoundTripUpToWhatTheSystemHolds) {
  const std::string longest(sizeof(sockaddr_un::sun_path) - 1, 'x');
  for (const std::string& path : {std::string("/run/x.sock"), std::string("/a b"), longest}) {
    const Result<SocketAddress> address = SocketAddress::FromUnixPath(path);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->path(), path);
    EXPECT_EQ(address->ToString(), "unix:" + path);
    EXPECT_TRUE(address->is_unix());
    EXPECT_TRUE(address->is_loopback());
  }
  EXPECT_EQ(SocketAddress::FromUnixPath(longest + "x").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(SocketAddress::FromUnixPath("").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SocketAddress::FromUnixPath(std::string_view("/a\0b", 4)).error().code, ErrorCode::kInvalid);
}

TEST(SocketAddressTest, WhatTheSystemFilledInIsReadBack) {
  const Result<SocketAddress> address = SocketAddress::FromIp("::1", 81);
  ASSERT_TRUE(address);
  sockaddr_storage storage{};
  std::memcpy(&storage, address->data(), address->length());
  EXPECT_EQ(SocketAddress::FromSystem(storage, address->length()).ToString(), "[::1]:81");
}

TEST(SocketAddressTest, AnUnnamedUnixPeerAndNoAddressHaveTexts) {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  EXPECT_EQ(SocketAddress::FromSystem(storage, sizeof(sa_family_t)).ToString(), "unix:");
  EXPECT_EQ(SocketAddress().ToString(), "unknown");
}

}  // namespace
}  // namespace brilliant::net
