#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace brilliant::net {
namespace {

using Client = ProxyHeader::Client;
using std::string_literals::operator""s;

// The status after each byte is kNeedMore until the last one of the header; returns the final one.
ProxyStatus ParseBytewise(const std::string& input, ProxyHeader& header) {
  for (size_t size = 0; size <= input.size(); ++size) {
    const ProxyStatus status = ParseProxyHeader(std::string_view(input).substr(0, size), header);
    if (status != ProxyStatus::kNeedMore) return status;
  }
  return ProxyStatus::kNeedMore;
}

void ExpectParsed(const std::string& bytes, Client client, std::string_view endpoint) {
  for (const std::string& behind : {""s, "GET / HTTP/1.1\r\n"s, "\r\n"s, "PROXY "s}) {
    ProxyHeader header;
    EXPECT_EQ(ParseProxyHeader(bytes + behind, header), ProxyStatus::kDone) << bytes;
    EXPECT_EQ(header.bytes, bytes.size()) << bytes;
    EXPECT_EQ(header.client, client) << bytes;
    if (client == Client::kIp) {
      EXPECT_EQ(header.address.ToString() + " " + std::to_string(header.port), endpoint) << bytes;
    }
  }
  ProxyHeader header;
  EXPECT_EQ(ParseBytewise(bytes, header), ProxyStatus::kDone) << bytes;
  EXPECT_EQ(header.bytes, bytes.size()) << bytes;
}

void ExpectMalformed(const std::string& bytes) {
  ProxyHeader header;
  EXPECT_EQ(ParseProxyHeader(bytes, header), ProxyStatus::kMalformed) << bytes;
  EXPECT_EQ(ParseBytewise(bytes, header), ProxyStatus::kMalformed) << bytes;
  EXPECT_EQ(header.bytes, 0U);
}

// A header of version 2.
std::string Binary(char command, char family, const std::string& rest) {
  const auto length = static_cast<unsigned>(rest.size());
  return "\r\n\r\n\0\r\nQUIT\n"s + command + family + static_cast<char>(length >> 8) +
         static_cast<char>(length & 0xff) + rest;
}

constexpr char kLocal = 0x20;
constexpr char kProxy = 0x21;
const std::string kIpv4Endpoints = "\xc0\x00\x02\x07\x7f\x00\x00\x01\x10\x92\x00\x50"s;
const std::string kIpv6Endpoints =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07" + std::string(15, '\0') + "\x01" + "\x10\x92\x00\x50"s;

// Section 2.1.
TEST(ProxyProtocol, LinesOfVersionOneNameTheSource) {
  ExpectParsed("PROXY TCP4 192.0.2.7 127.0.0.1 4242 80\r\n", Client::kIp, "192.0.2.7 4242");
  ExpectParsed("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", Client::kIp, "255.255.255.255 65535");
  ExpectParsed("PROXY TCP4 192.0.2.7 127.0.0.1 0 0\r\n", Client::kIp, "192.0.2.7 0");
  ExpectParsed("PROXY TCP6 2001:db8::7 ::1 4242 80\r\n", Client::kIp, "2001:db8::7 4242");
  ExpectParsed("PROXY TCP6 ::ffff:192.0.2.7 ::1 4242 80\r\n", Client::kIp, "192.0.2.7 4242");
  ExpectParsed("PROXY UNKNOWN\r\n", Client::kUnnamed, "");
  ExpectParsed("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", Client::kUnnamed, "");
}

TEST(ProxyProtocol, TheLongestLineIsTakenAndALongerOneRefused) {
  const std::string longest = "PROXY UNKNOWN " + std::string(kProxyLineBytesMax - 16, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), kProxyLineBytesMax);
  ExpectParsed(longest, Client::kUnnamed, "");
  ExpectMalformed("PROXY UNKNOWN " + std::string(kProxyLineBytesMax - 15, 'x') + "\r\n");
  ExpectMalformed("PROXY UNKNOWN " + std::string(10'000, 'x'));
}

TEST(ProxyProtocol, OtherLinesAreMalformed) {
  for (const std::string& line : {"proxy TCP4 192.0.2.7 127.0.0.1 4242 80\r\n"s,
                                  "PROXY  TCP4 192.0.2.7 127.0.0.1 4242 80\r\n"s,
                                  "PROXY TCP4  192.0.2.7 127.0.0.1 4242 80\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 4242 80 \r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 4242\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1\r\n"s,
                                  "PROXY TCP4\r\n"s,
                                  "PROXY \r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 4242 80 1\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 65536 80\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 -1 80\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 00080 80\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 080 80\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 4242 \r\n"s,
                                  "PROXY TCP4 192.0.2.256 127.0.0.1 4242 80\r\n"s,
                                  "PROXY TCP4 192.0.2.007 127.0.0.1 4242 80\r\n"s,
                                  "PROXY TCP4 2001:db8::7 ::1 4242 80\r\n"s,
                                  "PROXY TCP6 192.0.2.7 127.0.0.1 4242 80\r\n"s,
                                  "PROXY TCP6 [2001:db8::7] ::1 4242 80\r\n"s,
                                  "PROXY TCP6 fe80::1%lo ::1 4242 80\r\n"s,
                                  "PROXY UDP4 192.0.2.7 127.0.0.1 4242 80\r\n"s,
                                  "PROXY UNKNOWNX\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 4242 80\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 4242 80\r\r\n"s,
                                  "PROXY TCP4 192.0.2.7 127.0.0.1 4242 80\rX"s,
                                  "PROXY TCP4 192.0.2.7\0 127.0.0.1 4242 80\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: h\r\n\r\n"s,
                                  "\r\nPROXY UNKNOWN\r\n"s,
                                  "\x16\x03\x01"s}) {
    ExpectMalformed(line);
  }
}

// Section 2.2.
TEST(ProxyProtocol, HeadersOfVersionTwoNameTheSource) {
  ExpectParsed(Binary(kProxy, 0x11, kIpv4Endpoints), Client::kIp, "192.0.2.7 4242");
  ExpectParsed(Binary(kProxy, 0x21, kIpv6Endpoints), Client::kIp, "2001:db8::7 4242");
  ExpectParsed(Binary(kProxy, 0x31, std::string(216, 'p')), Client::kUnix, "");
  ExpectParsed(Binary(kProxy, 0x00, ""), Client::kUnnamed, "");
  ExpectParsed(Binary(kProxy, 0x00, "anything"), Client::kUnnamed, "");
  ExpectParsed(Binary(kLocal, 0x00, ""), Client::kUnnamed, "");
  ExpectParsed(Binary(kLocal, 0x11, kIpv4Endpoints), Client::kUnnamed, "");
  ExpectParsed(Binary(kLocal, 0x7f, "x"), Client::kUnnamed, "");
}

TEST(ProxyProtocol, AdditionsBehindTheAddressesAreSkipped) {
  ExpectParsed(Binary(kProxy, 0x11, kIpv4Endpoints + "\x04\x00\x02no"s), Client::kIp, "192.0.2.7 4242");
  ExpectParsed(Binary(kProxy, 0x21, kIpv6Endpoints + std::string(1000, '\r')), Client::kIp, "2001:db8::7 4242");
  const std::string longest(kProxyHeaderBytesMax - 16 - kIpv4Endpoints.size(), 'x');
  ExpectParsed(Binary(kProxy, 0x11, kIpv4Endpoints + longest), Client::kIp, "192.0.2.7 4242");
}

TEST(ProxyProtocol, OtherHeadersAreMalformed) {
  ExpectMalformed(
      Binary(kProxy, 0x11, kIpv4Endpoints + std::string(kProxyHeaderBytesMax - 16 - kIpv4Endpoints.size() + 1, 'x')));
  ExpectMalformed(Binary(kLocal, 0x00, std::string(65'535, 'x')));
  ExpectMalformed(Binary(0x22, 0x11, kIpv4Endpoints));  // no such command
  ExpectMalformed(Binary(0x11, 0x11, kIpv4Endpoints));  // no such version
  ExpectMalformed(Binary(0x31, 0x11, kIpv4Endpoints));
  ExpectMalformed(Binary(kProxy, 0x12, kIpv4Endpoints));  // datagrams
  ExpectMalformed(Binary(kProxy, 0x10, kIpv4Endpoints));
  ExpectMalformed(Binary(kProxy, 0x41, kIpv4Endpoints));  // no such family
  ExpectMalformed(Binary(kProxy, 0x01, kIpv4Endpoints));
  ExpectMalformed(Binary(kProxy, 0x11, kIpv4Endpoints.substr(1)));  // too short for its addresses
  ExpectMalformed(Binary(kProxy, 0x21, kIpv4Endpoints));
  ExpectMalformed(Binary(kProxy, 0x31, std::string(215, 'p')));
  ExpectMalformed("\r\n\r\n\0\r\nQUIT\r"s + Binary(kProxy, 0x11, kIpv4Endpoints).substr(12));
}

}  // namespace
}  // namespace brilliant::net
