#include "config/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/dump_for_test.h"
#include "config/load_for_test.h"

namespace brilliant::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string WithRoot(const std::string& root) { return "server { listen 1; location /img { " + root + " } }"; }

std::string RootOf(const std::string& text, const std::string& prefix) {
  const LoadResult result = LoadText(text, prefix);
  return result.config ? result.config->servers[0].locations[0].root : Render(result.diagnostics);
}

TEST(LoaderTest, RelativePathsStartAtTheConfigurationsFolder) {
  EXPECT_EQ(RootOf(WithRoot("root www"), ""), "/etc/brilliant/www");
  EXPECT_EQ(RootOf(WithRoot("root ./a//b/."), ""), "/etc/brilliant/a/b");
  EXPECT_EQ(RootOf(WithRoot("root ../www"), ""), "/etc/www");
}

TEST(LoaderTest, AbsolutePathsAreBelowThePrefix) {
  EXPECT_EQ(RootOf(WithRoot("root /srv/www/"), ""), "/srv/www");
  EXPECT_EQ(RootOf(WithRoot("root /srv/www"), "/jail"), "/jail/srv/www");
  EXPECT_EQ(RootOf(WithRoot("root /"), "/jail"), "/jail");
}

TEST(LoaderTest, RelativePathsIgnoreAPrefixElsewhereAndStayInOneAround) {
  EXPECT_EQ(RootOf(WithRoot("root www"), "/jail"), "/etc/brilliant/www");
  EXPECT_EQ(RootOf(WithRoot("root ../www"), "/etc"), "/etc/www");
  EXPECT_THAT(RootOf(WithRoot("root ../../www"), "/etc"), HasSubstr("climbs above the prefix"));
  EXPECT_THAT(RootOf(WithRoot("root /../www"), "/etc"), HasSubstr("climbs above the prefix"));
}

TEST(LoaderTest, WithoutRootTheLocationsPathIsBelowPrefixOrFolder) {
  EXPECT_EQ(RootOf(WithRoot(""), ""), "/etc/brilliant/img");
  EXPECT_EQ(RootOf(WithRoot(""), "/jail"), "/jail/img");
  EXPECT_EQ(RootOf("server { listen 1; location / { } }", "/jail"), "/jail");
}

TEST(LoaderTest, DefaultRootThatIsTheWholeMachineIsAnErrorUnlessUnused) {
  SourceBundle bundle = BundleOf("server { listen 1; location / { } }");
  bundle.folder = "/";
  bundle.files = {{"/site.conf", "server { listen 1; location / { } }"}};
  EXPECT_FALSE(LoadBundle(bundle).config.has_value());
  bundle.files = {{"/site.conf", "server { listen 1; location / { redirect_to /x/y; } location /x { root /srv } }"}};
  EXPECT_TRUE(LoadBundle(bundle).config.has_value());
}

TEST(LoaderTest, PrefixDoesNotApplyToPrograms) {
  const LoadResult result =
      LoadText("server { listen 1; location / { cgi /usr/bin/a; interpreter /bin/sh } cgi .py { interpreter bin/py } }",
               "/jail");
  ASSERT_FALSE(result.config.has_value());  // the extension can never match below a program for "/"
  const LoadResult again = LoadText(
      "server { listen 1; location /x { cgi /usr/bin/a; interpreter /bin/sh } cgi .py { interpreter bin/py } }",
      "/jail");
  ASSERT_TRUE(again.config.has_value()) << Render(again.diagnostics);
  const Server& server = again.config->servers[0];
  EXPECT_EQ(server.locations[0].cgi->program, "/usr/bin/a");
  EXPECT_EQ(server.locations[0].cgi->interpreter, "/bin/sh");
  EXPECT_EQ(server.cgi_extensions[0].cgi->interpreter, "/etc/brilliant/bin/py");
  EXPECT_EQ(server.cgi_extensions[0].root, "/jail");
}

TEST(LoaderTest, ServersThatShareASocketShareItsOptions) {
  const LoadResult result = LoadText(
      "server { listen 127.0.0.1:1; server_name a; location / { root /a } }\n"
      "server { listen 127.0.0.1:1 backlog=9 shared; server_name b; location / { root /b } }");
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  for (const Server& server : result.config->servers) {
    EXPECT_EQ(server.listens[0].backlog, 9);
    EXPECT_TRUE(server.listens[0].shared);
  }
}

TEST(LoaderTest, CharsetOfAServerIsTheDefaultOfItsLocationsWhereverItStands) {
  const LoadResult result =
      LoadText("server { listen 1; location /a { root /a } location /b { root /b; charset utf-16 } charset off }");
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->servers[0].locations[0].charset, "");
  EXPECT_EQ(result.config->servers[0].locations[1].charset, "utf-16");
}

TEST(LoaderTest, UploadFoldersAreThoseThatPostAndPutReach) {
  const LoadResult result = LoadText(
      "server { listen 1\n"
      "location /a { root /a; upload_path /in; methods POST }\n"
      "location /b { root /b; methods PUT }\n"
      "location /c { root /c; methods GET DELETE }\n"
      "location /d { cgi /usr/bin/d; methods PUT POST }\n"
      "location /e { root /a; upload_path in; methods GET POST } }");
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  EXPECT_THAT(UploadFolders(*result.config), ElementsAre("/a/in", "/b"));
}

TEST(LoaderTest, UploadsAmongScriptsAreFineWhereEveryLocationThatReachesThemStoresUploads) {
  const auto warnings = [](const std::string& locations) {
    return Render(LoadText("server { listen 1; cgi .py { root /srv }" + locations + "}").diagnostics);
  };
  const std::string up = "location /up { root /srv/up; upload_path /; methods POST }";
  EXPECT_EQ(warnings(up), "");
  EXPECT_EQ(warnings(up + "location / { root /srv }"), "");
  EXPECT_THAT(warnings(up + "location /up/x { root /srv/up/x }"), HasSubstr("clients may store files"));
  EXPECT_THAT(warnings("location /other { root /srv/up; upload_path /; methods POST } location / { root /srv }"),
              HasSubstr("clients may store files in /srv/up"));
}

TEST(LoaderTest, TheConfigurationItselfIsMissedWhenItCannotBeRead) {
  const LoadResult result = LoadFile("/nonexistent/site.conf", "", nullptr);
  EXPECT_FALSE(result.config.has_value());
  EXPECT_EQ(Render(result.diagnostics),
            "/nonexistent/site.conf: error: the configuration cannot be read: there is no such file\n");
  EXPECT_THAT(Render(LoadFile("/", "", nullptr).diagnostics), HasSubstr("it is a folder"));
}

TEST(LoaderTest, FolderWithSpecialCharactersOfPatternsStillIncludes) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("bs[ab]*-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "site.conf") << "include part*.inc";
  std::ofstream(folder / "part.inc") << "server { listen 1; location / { root www } }";
  const LoadResult result = LoadFile(folder / "site.conf", "", nullptr);
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  EXPECT_EQ(result.config->servers[0].locations[0].root, folder / "www");
  EXPECT_EQ(result.config->servers[0].position.file, folder / "part.inc");
  std::filesystem::remove_all(folder);
}

TEST(LoaderTest, NamesOfIncludedFilesCannotSteerATerminal) {
  SourceBundle bundle = BundleOf("include *.inc\nserver { listen 1; location / { root /srv } }\nworkers 1");
  const std::string name = "/etc/brilliant/\x1B[2J.inc";
  bundle.globs["/etc/brilliant/*.inc"] = {name};
  bundle.files[name] = "workers 2\ninclude *.inc";
  const std::string text = Render(LoadBundle(bundle).diagnostics);
  EXPECT_EQ(text.find('\x1B'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("\\x1B[2J.inc:2:9: error: this file includes itself"));
  EXPECT_THAT(text, HasSubstr("the first is on \\x1B[2J.inc:1"));
  bundle.files["/etc/brilliant/site.conf"] = "include other\ninclude *.inc";
  bundle.files["/etc/brilliant/other"] = "include *.inc";
  bundle.files[name] = "include other";
  const std::string circle = Render(LoadBundle(bundle).diagnostics);
  EXPECT_EQ(circle.find('\x1B'), std::string::npos);
  EXPECT_THAT(circle, HasSubstr("round in a circle: \\x1B[2J.inc is being read already"));
}

TEST(LoaderTest, EnvironmentIsAskedOnlyForWhatTheTextNames) {
  const std::filesystem::path file =
      std::filesystem::path(::testing::TempDir()) / ("bs-env-" + std::to_string(getpid()));
  std::ofstream(file) << "server { listen ${PORT}; location / { root '/${QUOTED}' } }";
  const LoadResult result = LoadFile(file, "", [](std::string_view) { return std::optional<std::string>("8080"); });
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  EXPECT_EQ(result.config->servers[0].listens[0].address.ToString(), "0.0.0.0:8080");
  EXPECT_EQ(result.config->servers[0].locations[0].root, "/${QUOTED}");
  EXPECT_THAT(result.sources.environment, ElementsAre(std::pair("PORT", "8080")));
  EXPECT_TRUE(LoadBundle(result.sources).config.has_value());
  std::filesystem::remove(file);
}

TEST(LoaderTest, ConfigurationsFolderIsAbsoluteAlsoForRelativeNames) {
  const std::filesystem::path before = std::filesystem::current_path();
  const std::filesystem::path folder =
      std::filesystem::canonical(::testing::TempDir()) / ("bs-rel-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "real" / "conf");
  std::filesystem::create_directory_symlink(folder / "real" / "conf", folder / "link");
  std::ofstream(folder / "real" / "site.conf") << "server { listen 1; location / { root www } }";
  std::filesystem::current_path(folder);
  for (const char* path : {"real/site.conf", "./real//site.conf", "link/../site.conf"}) {
    const LoadResult result = LoadFile(path, ".", nullptr);
    ASSERT_TRUE(result.config.has_value()) << path << Render(result.diagnostics);
    EXPECT_EQ(result.config->servers[0].locations[0].root, folder / "real" / "www");
    EXPECT_EQ(result.sources.prefix, folder);
    EXPECT_EQ(result.config->servers[0].position.file, path);
  }
  std::filesystem::current_path(before);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace brilliant::config
