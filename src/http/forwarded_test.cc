#include "http/forwarded.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brilliant::http {
namespace {

AddressSet Trusted() {
  AddressSet set;
  set.Add({.first = *IpAddress::Parse("10.0.0.0"), .bits = IpAddress::kMappedBits + 8});
  set.Add({.first = *IpAddress::Parse("2001:db8:f::"), .bits = 48});
  return set;
}

// "address scheme", each "-" if there is none; behind the address its port, if there is one.
std::string Read(ForwardedField field, const std::vector<Field>& fields) {
  const ForwardedClient client = ReadForwarded(fields, field, Trusted());
  const auto shown = [](std::string_view text) { return text.empty() ? std::string("-") : std::string(text); };
  const std::string port = client.port == 0 ? "" : " port " + std::to_string(client.port);
  return shown(client.address) + port + " " + shown(client.scheme);
}

std::string Address(std::string_view value) {
  const std::string text = Read(ForwardedField::kXForwardedFor, {{"X-Forwarded-For", value}});
  return text.substr(0, text.find(' '));
}

std::string Forwarded(std::string_view value) { return Read(ForwardedField::kForwarded, {{"Forwarded", value}}); }

TEST(Forwarded, TheLastAddressThatIsNoTrustedProxyIsTheClient) {
  EXPECT_EQ(Address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(Address("192.0.2.1, 10.0.0.1"), "192.0.2.1");
  EXPECT_EQ(Address("192.0.2.1, 198.51.100.2, 10.0.0.1 ,10.9.9.9"), "198.51.100.2");
  EXPECT_EQ(Address("10.0.0.1, 192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(Address("10.0.0.1, 192.0.2.1, 10.0.0.2"), "192.0.2.1");
  EXPECT_EQ(Address("2001:db8::1, 2001:db8:f::5, 10.0.0.1"), "2001:db8::1");
  EXPECT_EQ(Address("::ffff:192.0.2.1, ::ffff:10.0.0.1"), "192.0.2.1");
  EXPECT_EQ(Address("10.0.0.1, 10.0.0.2"), "10.0.0.1");  // a request of the proxies' own
}

TEST(Forwarded, PortsAndBracketsAreTakenOff) {
  EXPECT_EQ(Address("192.0.2.1:4242"), "192.0.2.1");
  EXPECT_EQ(Address("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(Address("[2001:db8::1]:4242, 10.0.0.1:80"), "2001:db8::1");
  EXPECT_EQ(Address("2001:db8::1"), "2001:db8::1");
}

TEST(Forwarded, PortsAreThoseOfTheClient) {
  EXPECT_EQ(Forwarded("for=\"192.0.2.1:4242\";proto=https"), "192.0.2.1 port 4242 https");
  EXPECT_EQ(Forwarded("for=\"[2001:db8::1]:65535\", for=\"10.0.0.1:80\""), "2001:db8::1 port 65535 -");
  EXPECT_EQ(Read(ForwardedField::kXForwardedFor, {{"X-Forwarded-For", "192.0.2.1:4242"}}), "192.0.2.1 port 4242 -");
  // RFC 7239 section 6: a name may stand in a port's place; and what is no port is none.
  for (const char* node : {"192.0.2.1", "192.0.2.1:_x", "192.0.2.1:0", "192.0.2.1:65536"})
    EXPECT_EQ(Forwarded("for=\"" + std::string(node) + "\""), "192.0.2.1 -") << node;
}

TEST(Forwarded, WhatIsMalformedAndWhatStandsBeforeItProvesNothing) {
  for (const std::string_view value : {"",
                                       " , ",
                                       "unknown",
                                       "_hidden",
                                       "localhost",
                                       "192.0.2.1, unknown",
                                       "192.0.2.1, x y",
                                       "192.0.2.256",
                                       "192.0.2.1:",
                                       "192.0.2.1:port",
                                       "192.0.2.1:123456",
                                       "[2001:db8::1",
                                       "[192.0.2.1]",
                                       "2001:db8::1]",
                                       "[2001:db8::1]x",
                                       "fe80::1%eth0",
                                       "\"192.0.2.1\"",
                                       "<script>",
                                       "for=192.0.2.1",
                                       "0x7f000001",
                                       "192.0.2.1;10.0.0.1"}) {
    EXPECT_EQ(Address(value), "-") << value;
  }
  EXPECT_EQ(Address("192.0.2.1, unknown, 10.0.0.1, 10.0.0.2"), "10.0.0.1");
  EXPECT_EQ(Address("unknown, 198.51.100.2, 10.0.0.1"), "198.51.100.2");
  EXPECT_EQ(Address("192.0.2.1,,, 10.0.0.1,"), "192.0.2.1");  // RFC 9110 section 5.6.1.2
}

TEST(Forwarded, SeveralLinesAreOneList) {
  const std::vector<Field> fields = {{"X-Forwarded-For", "192.0.2.1"},
                                     {"Host", "h"},
                                     {"x-forwarded-for", "198.51.100.2"},
                                     {"X-FORWARDED-FOR", "10.0.0.1"}};
  EXPECT_EQ(Read(ForwardedField::kXForwardedFor, fields), "198.51.100.2 -");
  EXPECT_EQ(
      Read(ForwardedField::kForwarded, {{"Forwarded", "for=192.0.2.1;proto=https"}, {"forwarded", "for=10.0.0.1"}}),
      "192.0.2.1 https");
}

TEST(Forwarded, OnlyTheFieldThatWasAskedForIsBelieved) {
  const std::vector<Field> both = {{"X-Forwarded-For", "192.0.2.1"},
                                   {"X-Forwarded-Proto", "https"},
                                   {"Forwarded", "for=198.51.100.2;proto=http"},
                                   {"X-Real-IP", "203.0.113.1"}};
  EXPECT_EQ(Read(ForwardedField::kXForwardedFor, both), "192.0.2.1 https");
  EXPECT_EQ(Read(ForwardedField::kForwarded, both), "198.51.100.2 http");
  EXPECT_EQ(Read(ForwardedField::kForwarded, {{"X-Forwarded-For", "192.0.2.1"}}), "- -");
  EXPECT_EQ(Read(ForwardedField::kXForwardedFor, {}), "- -");
}

TEST(Forwarded, TheSchemeIsTheLastOneAndHttpOrHttps) {
  const auto scheme = [](std::string_view value) {
    return Read(ForwardedField::kXForwardedFor, {{"X-Forwarded-Proto", value}});
  };
  EXPECT_EQ(scheme("https"), "- https");
  EXPECT_EQ(scheme("HTTP"), "- http");
  EXPECT_EQ(scheme("https, http"), "- http");
  EXPECT_EQ(scheme("http,https "), "- https");
  for (const std::string_view value : {"", "ftp", "https, ", "javascript", "https http", "\"https\""}) {
    EXPECT_EQ(scheme(value), "- -") << value;
  }
}

// RFC 7239 section 4.
TEST(Forwarded, TheStandardFieldIsRead) {
  EXPECT_EQ(Forwarded("for=192.0.2.1"), "192.0.2.1 -");
  EXPECT_EQ(Forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17 port 4711 -");
  EXPECT_EQ(Forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60 http");
  EXPECT_EQ(Forwarded("for=192.0.2.43, for=198.51.100.17"), "198.51.100.17 -");
  EXPECT_EQ(Forwarded("for=192.0.2.43;proto=HTTPS,for=10.0.0.1;proto=http"), "192.0.2.43 https");
  EXPECT_EQ(Forwarded("host=\"a,b;c\\\"d\";for=192.0.2.1 ; proto=\"https\""), "192.0.2.1 https");
  EXPECT_EQ(Forwarded("for=\"192.0.2.1:_secret\", ,for=10.0.0.1,"), "192.0.2.1 -");
  EXPECT_EQ(Forwarded(";for=192.0.2.1;"), "192.0.2.1 -");
}

TEST(Forwarded, NamesWithoutAnAddressAreNobody) {
  EXPECT_EQ(Forwarded("for=unknown"), "- -");
  EXPECT_EQ(Forwarded("for=\"_gazonk\";proto=https"), "- https");
  EXPECT_EQ(Forwarded("proto=https"), "- https");
  EXPECT_EQ(Forwarded("for=192.0.2.1, for=unknown;proto=http"), "- http");
  EXPECT_EQ(Forwarded("for=192.0.2.1, for=_x, for=10.0.0.1"), "10.0.0.1 -");
}

TEST(Forwarded, AMalformedLineNamesNobody) {
  for (const std::string_view value :
       {"192.0.2.1", "for", "for=", "for=\"192.0.2.1", "for=[2001:db8::1]", "for=192.0.2.1:80", "for =192.0.2.1",
        "for= 192.0.2.1", "for=192.0.2.1 proto=http", "for=192.0.2.1;for=192.0.2.2",
        "for=192.0.2.1;proto=http;proto=https", "=192.0.2.1", "for=192.0.2.1, x=\", for=198.51.100.2",
        "for=192.0.2.1, x=\", for=\"[2001:db8::9]:80\"", "for=\"192.0.2.1\\"}) {
    EXPECT_EQ(Forwarded(value), "- -") << value;
  }
}

}  // namespace
}  // namespace brilliant::http
