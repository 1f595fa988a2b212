#include "server/proxies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using std::chrono::seconds;
using std::string_literals::operator""s;
using testing::HasSubstr;

// Answers with whom it takes the client for.
class ClientHandler final : public handlers::Handler {
 public:
  event::Task<handlers::Answer> Handle(const handlers::Request& request, handlers::RequestBody& /*body*/,
                                       const handlers::HandlerContext& /*context*/) const override {
    handlers::Response response;
    response.body = handlers::MemoryBody{std::string(request.client) + " " + std::string(request.scheme)};
    response.fields.Add("Port", std::to_string(request.client_port));
    co_return response;
  }
};

struct ProxiesTest : testing::Test {
  ProxiesTest() {
    server.config.trusted_proxies.Add({.first = *IpAddress::Parse("10.0.0.0"), .bits = IpAddress::kMappedBits + 8});
  }
  void Start() { server.ServeWith(std::make_unique<ClientHandler>()); }
  // What the handler takes for the client of a request from `peer`.
  std::string Seen(std::string_view peer, std::string_view fields) {
    Start();
    TestClient& client = server.Connect(peer);
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n");
    server.Run();
    return client.TakeOne().body;
  }
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

constexpr std::string_view kForwarded = "X-Forwarded-For: 192.0.2.99\r\nX-Forwarded-Proto: https\r\n";
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(ProxiesTest, OnlyTrustedProxiesNameTheClient) {
  EXPECT_EQ(Seen("10.1.2.3", kForwarded), "192.0.2.99 https");
  EXPECT_EQ(Seen("11.1.2.3", kForwarded), "11.1.2.3 http");
  EXPECT_EQ(Seen("unix:", kForwarded), "unix: http");
  EXPECT_EQ(Seen("10.1.2.3", ""), "10.1.2.3 http");
  EXPECT_EQ(Seen("10.1.2.3", "X-Forwarded-For: <b>\r\nX-Forwarded-Proto: ftp\r\n"), "10.1.2.3 http");
  EXPECT_EQ(Seen("10.1.2.3", "Forwarded: for=192.0.2.99;proto=https\r\n"), "10.1.2.3 http");
  const std::string lines = server.AccessLines();
  EXPECT_THAT(lines, HasSubstr("192.0.2.99 - - "));
  EXPECT_THAT(lines, HasSubstr("\n11.1.2.3 - - "));
}

TEST_F(ProxiesTest, UnixSocketsAreTrustedIfTheConfigurationSaysSo) {
  server.config.unix_proxies_trusted = true;
  EXPECT_EQ(Seen("unix:", kForwarded), "192.0.2.99 https");
  EXPECT_EQ(Seen("unix:", ""), "unix: http");
}

TEST_F(ProxiesTest, TheConfiguredFieldIsRead) {
  server.config.forwarded_field = http::ForwardedField::kForwarded;
  EXPECT_EQ(Seen("10.1.2.3", "Forwarded: for=\"[2001:db8::1]:80\";proto=https\r\n"), "2001:db8::1 https");
  EXPECT_EQ(Seen("10.1.2.3", kForwarded), "10.1.2.3 http");
}

TEST_F(ProxiesTest, EachRequestOfAConnectionHasItsOwnClient) {
  Start();
  TestClient& client = server.Connect("10.0.0.1");
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"s +
              "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n" + std::string(kGet));
  server.Run();
  for (const char* address : {"192.0.2.1 http", "192.0.2.2 http", "10.0.0.1 http"})
    EXPECT_EQ(client.TakeOne().body, address);
  const std::string lines = server.AccessLines();
  EXPECT_TRUE(lines.starts_with("192.0.2.1 - - ")) << lines;
  EXPECT_THAT(lines, HasSubstr("\n192.0.2.2 - - "));
  EXPECT_THAT(lines, HasSubstr("\n10.0.0.1 - - "));
}

TEST_F(ProxiesTest, ThePortIsTheClientsOwnOrUnknown) {
  server.config.unix_proxies_trusted = true;
  server.config.forwarded_field = http::ForwardedField::kForwarded;
  Start();
  const struct {
    const char* peer;
    const char* fields;
    const char* port;
  } cases[] = {{"11.1.2.3", "Forwarded: for=\"192.0.2.99:42\"\r\n", "4711"},
               {"10.1.2.3", "", "4711"},
               {"10.1.2.3", "Forwarded: for=192.0.2.99\r\n", "0"},
               {"10.1.2.3", "Forwarded: for=\"192.0.2.99:42\"\r\n", "42"},
               {"unix:", "", "0"}};
  for (const auto& [peer, fields, port] : cases) {
    TestClient& client = server.Connect(peer);
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n");
    server.Run();
    EXPECT_EQ(client.TakeOne().Field("Port"), port) << peer << fields;
  }
}

TEST_F(ProxiesTest, TheLongestAddressAndItsPortAreKept) {
  const std::string longest = "ffff:1111:2222:3333:4444:5555:6666:7777";
  ASSERT_EQ(longest.size(), IpAddress::kMadeBytesMax);
  EXPECT_EQ(Seen(longest, ""), longest + " http");
  EXPECT_EQ(Seen("::ffff:255.255.255.255", ""), "255.255.255.255 http");
}

// ---- PROXY protocol

struct ProxyProtocolTest : ProxiesTest {
  ProxyProtocolTest() {
    server.config.limits.header_timeout = seconds(30);
    Start();
    server.SetProxyProtocol();
  }
};

TEST_F(ProxyProtocolTest, TheHeaderNamesTheClientOfTheConnection) {
  TestClient& client = server.Connect("10.0.0.1");
  client.Send("PROXY TCP4 192.0.2.5 10.0.0.1 4000 80\r\n" + std::string(kGet));
  server.Run();
  EXPECT_EQ(client.TakeOne().body, "192.0.2.5 http");
  client.Send(kGet);
  server.Run();
  const TestAnswer second = client.TakeOne();
  EXPECT_EQ(second.body, "192.0.2.5 http");
  EXPECT_EQ(second.Field("Port"), "4000");
  EXPECT_THAT(server.AccessLines(), HasSubstr("\n192.0.2.5 - - "));
}

TEST_F(ProxyProtocolTest, TheHeaderMayComeByteByByteAndLongBeforeTheRequest) {
  TestClient& client = server.Connect("10.0.0.1");
  for (const char c : "PROXY TCP6 2001:db8::5 ::1 4000 80\r\n"s) {
    client.Send({&c, 1});
    server.Run();
  }
  server.Advance(seconds(29));
  EXPECT_FALSE(client.closed());
  client.Send(kGet);
  server.Run();
  EXPECT_EQ(client.TakeOne().body, "2001:db8::5 http");
}

// A proxy that writes such a header knows nothing of HTTP: the fields are the client's own.
TEST_F(ProxyProtocolTest, FieldsAreBelievedOnlyIfTheClientItNamesIsATrustedProxyItself) {
  const struct {
    const char* header;
    const char* seen;
  } cases[] = {{"PROXY TCP4 192.0.2.5 10.0.0.1 4000 80\r\n", "192.0.2.5 http"},
               {"PROXY TCP4 10.7.7.7 10.0.0.1 4000 80\r\n", "192.0.2.99 https"},
               {"PROXY UNKNOWN\r\n", "10.0.0.1 http"}};
  for (const auto& [header, seen] : cases) {
    TestClient& client = server.Connect("10.0.0.1");
    client.Send(header + "GET / HTTP/1.1\r\nHost: h\r\n"s + std::string(kForwarded) + "\r\n");
    server.Run();
    EXPECT_EQ(client.TakeOne().body, seen) << header;
  }
}

TEST_F(ProxyProtocolTest, WhatIsNoHeaderIsClosedWithoutAWordAndLogged) {
  for (const std::string& bytes : {std::string(kGet), "PROXY TCP4 x\r\n"s, "\x16\x03\x01"s}) {
    TestClient& client = server.Connect("10.0.0.1");
    client.Send(bytes);
    server.Run();
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.Take(), "");
  }
  EXPECT_EQ(server.AccessLines(), "");
  EXPECT_THAT(server.ErrorLines(),
              HasSubstr("warn: malformed PROXY protocol header: connection closed proxy=10.0.0.1 "));
}

TEST_F(ProxyProtocolTest, AHeaderThatNeverEndsIsNotWaitedForLongerThanAHead) {
  TestClient& client = server.Connect("10.0.0.1");
  client.Send("PROXY ");
  server.Run();
  for (const char c : "UNKNOWN and twenty bytes more"s) {
    server.Advance(seconds(1));
    ASSERT_FALSE(client.closed());
    client.Send({&c, 1});
    server.Run();
  }
  server.Advance(seconds(1));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.Take(), "");
  TestClient& ended = server.Connect("10.0.0.1");
  ended.Send("PROXY ");
  ended.End();
  server.Run();
  EXPECT_TRUE(ended.closed());
}

TEST_F(ProxyProtocolTest, TheHeadSharesTheTermOfTheHeader) {
  TestClient& client = server.Connect("10.0.0.1");
  client.Send("PROXY ");
  server.Run();
  server.Advance(seconds(20));
  client.Send("UNKNOWN\r\nGET / HTTP/1.1\r\n");
  server.Run();
  server.Advance(seconds(10));
  EXPECT_EQ(client.TakeOne().status, 408);
}

}  // namespace
}  // namespace brilliant::server
