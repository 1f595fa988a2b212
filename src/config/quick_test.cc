#include "config/quick.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brilliant::config {
namespace {

using ::testing::HasSubstr;

TEST(QuickTest, ServesTheFolderOnLoopbackWithAListing) {
  const LoadResult result = LoadBundle(QuickBundle({.folder = "/srv/www"}));
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  ASSERT_TRUE(result.diagnostics.empty()) << Render(result.diagnostics);
  ASSERT_EQ(result.config->servers.size(), 1U);
  const Server& server = result.config->servers[0];
  ASSERT_EQ(server.listens.size(), 1U);
  EXPECT_EQ(server.listens[0].address.ToString(), "127.0.0.1:8080");
  EXPECT_TRUE(server.listens[0].automatic);
  ASSERT_EQ(server.locations.size(), 1U);
  EXPECT_EQ(server.locations[0].path, "/");
  EXPECT_EQ(server.locations[0].root, "/srv/www");
  EXPECT_TRUE(server.locations[0].autoindex);
  EXPECT_EQ(server.locations[0].charset, "utf-8");
  EXPECT_EQ(server.host_check, HostCheck::kOnLoopback);
}

TEST(QuickTest, ProgramsHaveAFolderOfTheirOwn) {
  const LoadResult result = LoadBundle(QuickBundle({.folder = "/srv/www", .programs = true}));
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  ASSERT_TRUE(result.diagnostics.empty()) << Render(result.diagnostics);
  const std::vector<Location>& locations = result.config->servers[0].locations;
  ASSERT_EQ(locations.size(), 2U);
  EXPECT_FALSE(locations[0].cgi.has_value());
  EXPECT_EQ(locations[1].path, "/cgi-bin");
  EXPECT_EQ(locations[1].root, "/srv/www/cgi-bin");
  ASSERT_TRUE(locations[1].cgi.has_value());
  EXPECT_TRUE(locations[1].cgi->every_file);
  EXPECT_EQ(locations[1].methods, (http::MethodSet{http::Method::kGet, http::Method::kPost}));
}

TEST(QuickTest, ListensWhereItIsTold) {
  const std::vector<std::string> listens = {"0.0.0.0:9000", "[::1]:9001", "unix:/run/x y.sock"};
  const LoadResult result = LoadBundle(QuickBundle({.folder = "/srv/www", .listens = listens}));
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  const std::vector<Listen>& actual = result.config->servers[0].listens;
  ASSERT_EQ(actual.size(), 3U);
  EXPECT_EQ(actual[0].address.ToString(), "0.0.0.0:9000");
  EXPECT_EQ(actual[1].address.ToString(), "[::1]:9001");
  EXPECT_EQ(actual[2].address.ToString(), "unix:/run/x y.sock");
  EXPECT_FALSE(actual[0].automatic || actual[1].automatic || actual[2].automatic);
}

TEST(QuickTest, ChangesNothingUnlessItIsTold) {
  const LoadResult reading = LoadBundle(QuickBundle({.folder = "/srv/www"}));
  EXPECT_EQ(reading.config->servers[0].locations[0].methods, http::MethodSet{http::Method::kGet});
  const LoadResult deleting = LoadBundle(QuickBundle({.folder = "/srv/www", .deletes = true}));
  ASSERT_TRUE(deleting.config.has_value() && deleting.diagnostics.empty()) << Render(deleting.diagnostics);
  const Location& location = deleting.config->servers[0].locations[0];
  EXPECT_EQ(location.methods, (http::MethodSet{http::Method::kGet, http::Method::kDelete}));
  EXPECT_TRUE(location.deletion.empty_folders);
  const LoadResult both = LoadBundle(QuickBundle({.folder = "/srv/www", .uploads = true, .deletes = true}));
  ASSERT_TRUE(both.config.has_value() && both.diagnostics.empty()) << Render(both.diagnostics);
  const Location& changing = both.config->servers[0].locations[0];
  EXPECT_EQ(changing.methods,
            (http::MethodSet{http::Method::kGet, http::Method::kPost, http::Method::kPut, http::Method::kDelete}));
  const LoadResult storing = LoadBundle(QuickBundle({.folder = "/srv/www", .uploads = true}));
  ASSERT_TRUE(storing.config.has_value() && storing.diagnostics.empty()) << Render(storing.diagnostics);
  EXPECT_EQ(storing.config->servers[0].locations[0].methods,
            (http::MethodSet{http::Method::kGet, http::Method::kPost}));
  EXPECT_EQ(changing.upload_path, "/");
  EXPECT_GE(changing.body_max, 1ULL << 40);
}

TEST(QuickTest, AutomaticSurvivesTheBundle) {
  const Result<SourceBundle> bundle = SourceBundle::Deserialize(QuickBundle({.folder = "/srv/www"}).Serialize());
  ASSERT_TRUE(bundle.has_value());
  const LoadResult result = LoadBundle(*bundle);
  ASSERT_TRUE(result.config.has_value());
  EXPECT_TRUE(result.config->servers[0].listens[0].automatic);
}

TEST(QuickTest, FolderNamesMayHoldAnyByte) {
  std::string folder = "/srv/";
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '/') folder += static_cast<char>(byte);
  }
  folder += "${HOME} \\x41";
  const LoadResult result = LoadBundle(QuickBundle({.folder = folder}));
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  EXPECT_EQ(result.config->servers[0].locations[0].root, folder);
}

TEST(QuickTest, WrongListenIsReportedAndCannotInjectDirectives) {
  const std::vector<std::string> listens = {"80; location /x { root /etc }\n"};
  const LoadResult result = LoadBundle(QuickBundle({.folder = "/srv/www", .listens = listens}));
  EXPECT_FALSE(result.config.has_value());
  ASSERT_EQ(result.diagnostics.size(), 1U);
  EXPECT_THAT(Render(result.diagnostics), HasSubstr("is not a port"));
}

TEST(QuickTest, TheWholeMachineIsNotServed) {
  const LoadResult result = LoadBundle(QuickBundle({.folder = "/"}));
  EXPECT_FALSE(result.config.has_value());
  EXPECT_THAT(Render(result.diagnostics), HasSubstr("the whole machine"));
}

}  // namespace
}  // namespace brilliant::config
