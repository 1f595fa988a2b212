#include "server/router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "event/fake_loop.h"

namespace brilliant::server {
namespace {

config::Server ServerWith(const std::vector<std::string>& locations) {
  config::Server server;
  for (const std::string& path : locations) {
    config::Location& location = server.locations.emplace_back();
    location.path = path;
    location.root = "/nowhere";
  }
  return server;
}

struct RouterTest : testing::Test {
  [[nodiscard]] std::string PathOfMatch(const VirtualHost& host, std::string_view path) const {
    const Route* route = host.Match(path);
    return route == nullptr ? "none" : route->path;
  }
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop, UniqueFd(), log::Level::kError};
  files::MimeTypes types{{}, "application/octet-stream"};
};

TEST_F(RouterTest, TheLongestLocationOnWholeSegmentsAnswers) {
  const config::Server config = ServerWith({"/img/deep", "/", "/img", "/img/deep/er"});
  const VirtualHost host(config, RuleNumbers(), types, error_log);
  const std::pair<const char*, const char*> cases[] = {
      {"/", "/"},
      {"/x", "/"},
      {"/x/img", "/"},
      {"/img", "/img"},
      {"/img/", "/img"},
      {"/img/a", "/img"},
      {"/imgx", "/"},
      {"/im", "/"},
      {"/imgx/deep", "/"},
      {"/img/deep", "/img/deep"},
      {"/img/deeper", "/img"},
      {"/img/deep/e", "/img/deep"},
      {"/img/deep/er/x/y/z/", "/img/deep/er"},
      {"/IMG", "/"},
  };
  for (const auto& [path, location] : cases) EXPECT_EQ(PathOfMatch(host, path), location) << path;
}

TEST_F(RouterTest, WithoutALocationAtTheRootSomeTargetsHaveNone) {
  const config::Server config = ServerWith({"/a", "/b/c"});
  const VirtualHost host(config, RuleNumbers(), types, error_log);
  for (const char* path : {"/", "/ab", "/b", "/b/", "/b/cd", "/x/a"})
    EXPECT_EQ(PathOfMatch(host, path), "none") << path;
  EXPECT_EQ(PathOfMatch(host, "/b/c/d"), "/b/c");
}

TEST_F(RouterTest, ManyLocationsAreToldApart) {
  std::vector<std::string> paths;
  for (int i = 0; i < 1'000; ++i) paths.push_back("/location-" + std::to_string(i));
  const config::Server config = ServerWith(paths);
  const VirtualHost host(config, RuleNumbers(), types, error_log);
  for (const std::string& path : paths) {
    EXPECT_EQ(PathOfMatch(host, path + "/x"), path);
    EXPECT_EQ(PathOfMatch(host, path + "x/"),
              std::ranges::find(paths, path + "x") != paths.end() ? path + "x" : "none");
  }
}

TEST_F(RouterTest, GetBringsHeadAndEverythingBringsOptions) {
  config::Server config = ServerWith({"/get", "/post", "/all"});
  config.locations[1].methods = {http::Method::kPost};
  config.locations[2].methods = {http::Method::kGet, http::Method::kPost, http::Method::kPut, http::Method::kDelete};
  const VirtualHost host(config, RuleNumbers(), types, error_log);
  EXPECT_EQ(host.Match("/get")->allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(host.Match("/post")->allow, "POST, OPTIONS");
  EXPECT_EQ(host.Match("/all")->allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
}

TEST_F(RouterTest, HostsAreFoundByExactNameThenByTheLongestWildcardThenByDefault) {
  const config::Server config = ServerWith({"/"});
  const VirtualHost first(config, RuleNumbers(), types, error_log);
  const VirtualHost exact(config, RuleNumbers(), types, error_log);
  const VirtualHost wildcard(config, RuleNumbers(), types, error_log);
  const VirtualHost longer(config, RuleNumbers(), types, error_log);
  const VirtualHost dotted(config, RuleNumbers(), types, error_log);
  ListenerHosts hosts;
  hosts.Add(first, {"default.example"});
  hosts.Add(exact, {"www.example.com", "xn--nxasmq6b.example"});
  hosts.Add(wildcard, {"*.example.com"});
  hosts.Add(longer, {"*.b.example.com"});
  hosts.Add(dotted, {".example.org"});
  const std::pair<std::string, const VirtualHost*> cases[] = {
      {"www.example.com", &exact},
      {"WWW.Example.COM", &exact},
      {"www.example.com.", &exact},
      {"xn--nxasmq6b.example", &exact},
      {"a.example.com", &wildcard},
      {"a.a.example.com.", &wildcard},
      {"a.B.example.com", &longer},
      {"b.example.com", &wildcard},
      {"example.com", &first},  // `*.example.com` needs a label
      {"badexample.com", &first},
      {"example.org", &dotted},
      {"x.example.org", &dotted},
      {"badexample.org", &first},
      {"default.example", &first},
      {"other", &first},
      {"", &first},
      {".", &first},
      {"[::1]", &first},
      {"192.0.2.1", &first},
      {std::string(300, 'a') + ".example.com", &first},
      {std::string(243, 'a') + ".example.com", &wildcard},  // 255 bytes
      {std::string(244, 'a') + ".example.com", &first},
  };
  for (const auto& [name, host] : cases) EXPECT_EQ(&hosts.Match(name), host) << name;
  EXPECT_EQ(&hosts.default_host(), &first);
}

TEST_F(RouterTest, TheEmptyNameIsAName) {
  const config::Server config = ServerWith({"/"});
  const VirtualHost first(config, RuleNumbers(), types, error_log);
  const VirtualHost unnamed(config, RuleNumbers(), types, error_log);
  ListenerHosts hosts;
  hosts.Add(first, {"a"});
  hosts.Add(unnamed, {""});
  EXPECT_EQ(&hosts.Match(""), &unnamed);
  EXPECT_EQ(&hosts.Match("b"), &first);
}

TEST_F(RouterTest, ListenersAreKnownByTheirAddress) {
  config::Config config;
  config.servers = {ServerWith({"/"}), ServerWith({"/a"})};
  const auto listen = [](config::Server& server, uint16_t port) {
    config::ListenAddress& address = server.listens.emplace_back().address;
    address.host = "127.0.0.1";
    address.port = port;
  };
  listen(config.servers[0], 80);
  listen(config.servers[1], 80);
  listen(config.servers[1], 81);
  config.servers[1].names = {"b"};
  const Router router(config, error_log);
  ASSERT_NE(router.ForListener("127.0.0.1:80"), nullptr);
  EXPECT_EQ(PathOfMatch(router.ForListener("127.0.0.1:80")->Match("x"), "/a"), "/");
  EXPECT_EQ(PathOfMatch(router.ForListener("127.0.0.1:80")->Match("b"), "/a"), "/a");
  EXPECT_EQ(PathOfMatch(router.ForListener("127.0.0.1:81")->Match("x"), "/a"), "/a");
  EXPECT_EQ(router.ForListener("127.0.0.1:82"), nullptr);
}

TEST_F(RouterTest, HostCheckKnowsNamesAndAddresses) {
  const config::Server config = ServerWith({"/"});
  const VirtualHost host(config, RuleNumbers(), types, error_log);
  ListenerHosts hosts;
  hosts.Add(host, {"a.example", "*.b.example"});
  EXPECT_FALSE(hosts.Refuses("evil.example")) << "off by default";
  hosts.set_host_check(true);
  for (const char* known : {"a.example", "A.Example.", "x.b.example", "localhost", "LOCALHOST", "localhost.",
                            "127.0.0.1", "10.0.0.1", "[::1]", "[fe80::1]", ""}) {
    EXPECT_FALSE(hosts.Refuses(known)) << known;
  }
  for (const char* unknown :
       {"evil.example", "b.example", "x.a.example", "a.example.evil.example", "localhost.evil.example", "xlocalhost",
        "x.localhost", "127.0.0.1.evil.example", "0x7f.1", "2130706433", "127.1", "127.0.0.1..", "1.2.3.256"}) {
    EXPECT_TRUE(hosts.Refuses(unknown)) << unknown;
  }
}

}  // namespace
}  // namespace brilliant::server
