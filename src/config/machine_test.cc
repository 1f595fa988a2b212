#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/load_for_test.h"
#include "config/loader.h"

namespace brilliant::config {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class MachineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::canonical(::testing::TempDir()) / ("bs-machine-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "www");
    std::ofstream(folder_ / "file") << "text";
    chmod(folder_.c_str(), 0755);
  }
  void TearDown() override {
    EXPECT_TRUE(!was_root_ || seteuid(0) == 0);
    fs::remove_all(folder_);
  }
  // Permissions mean nothing to root: go on as somebody else.
  void BecomeNobody() {
    constexpr uid_t kNobody = 65'534;
    was_root_ = geteuid() == 0;
    ASSERT_TRUE(!was_root_ || seteuid(kNobody) == 0);
  }
  [[nodiscard]] std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  static std::string Check(const std::string& text) {
    const LoadResult result = LoadText(text);
    EXPECT_TRUE(result.config.has_value()) << Render(result.diagnostics);
    if (!result.config) return "";
    const std::vector<Diagnostic> diagnostics = CheckMachine(*result.config);
    EXPECT_FALSE(HasErrors(diagnostics));
    return Render(diagnostics);
  }
  [[nodiscard]] std::string Location(const std::string& text) const {
    return Check("server { listen 1\nlocation / {\n" + text + " } }");
  }

  fs::path folder_;
  bool was_root_ = false;
};

TEST_F(MachineTest, SaysNothingWhenAllIsThere) { EXPECT_EQ(Location("root " + Path("www") + "; autoindex on"), ""); }

TEST_F(MachineTest, NamesTheMissingComponentAndThePlaceInTheText) {
  const std::string root = Path("gone/deeper");
  EXPECT_EQ(Location("root " + root), "site.conf:3:6: warning: root " + root + ": " + Path("gone") +
                                          " does not exist\n  " + folder_.string() + " exists\n");
}

TEST_F(MachineTest, AFileIsNoRootAndAFolderNoPage) {
  EXPECT_THAT(Location("root " + Path("file")), HasSubstr(Path("file") + " is not a folder"));
  EXPECT_THAT(Location("root " + Path("file/x")), HasSubstr(Path("file") + " is not a folder"));
  EXPECT_THAT(Check("server { listen 1; error " + Path("www") + "; location / { root " + Path("www") + " } }"),
              HasSubstr("is a folder, not a file"));
}

TEST_F(MachineTest, NamesTheComponentThatMayNotBeEntered) {
  fs::create_directories(folder_ / "private" / "site");
  chmod(Path("private").c_str(), 0700);
  if (geteuid() != 0) chmod(Path("private").c_str(), 0000);
  BecomeNobody();
  const std::string text = Location("root " + Path("private/site"));
  EXPECT_THAT(text, HasSubstr("this user may not enter " + Path("private") + ": permission x is missing"));
  EXPECT_THAT(text, HasSubstr("it belongs to "));
  if (!was_root_) chmod(Path("private").c_str(), 0700);
}

TEST_F(MachineTest, ListingNeedsToReadTheFolderAndUploadsToWrite) {
  chmod(Path("www").c_str(), 0711);
  if (geteuid() != 0) chmod(Path("www").c_str(), 0111);
  BecomeNobody();
  EXPECT_EQ(Location("root " + Path("www")), "");
  EXPECT_THAT(Location("root " + Path("www") + "; autoindex on"), HasSubstr("permission r is missing"));
  EXPECT_THAT(Location("root " + Path("www") + "; upload_path /; methods POST"), HasSubstr("permission w is missing"));
  EXPECT_THAT(Location("root " + Path("www") + "; methods DELETE"), HasSubstr("permission w is missing"));
}

TEST_F(MachineTest, ATrashIsAFolderToWriteToOnTheSameFileSystem) {
  fs::create_directories(folder_ / "trash");
  const std::string begin = "root " + Path("www") + "; methods GET DELETE\ntrash ";
  EXPECT_EQ(Location(begin + Path("trash")), "");
  EXPECT_EQ(Location(begin + Path("none")), "site.conf:4:7: warning: trash " + Path("none") + ": " + Path("none") +
                                                " does not exist\n  " + folder_.string() + " exists\n");
  EXPECT_THAT(Location(begin + Path("file")),
              HasSubstr("4:7: warning: trash " + Path("file") + ": " + Path("file") + " is not a folder"));
  EXPECT_EQ(Location("root " + Path("www") + "; trash " + Path("none")), "") << "DELETE is not allowed";
  // A folder that every Linux has on a file system of its own.
  if (fs::is_directory("/dev/shm") && geteuid() == 0) {
    EXPECT_EQ(Location(begin + "/dev/shm"),
              "site.conf:4:7: warning: trash /dev/shm is on another file system than root " + Path("www") +
                  ": nothing could be deleted\n  choose a folder beside the root\n");
  }
  chmod(Path("trash").c_str(), 0555);
  chmod(Path("www").c_str(), 0777);
  BecomeNobody();
  const std::string text = Location(begin + Path("trash"));
  EXPECT_THAT(text, HasSubstr("this user may not write to " + Path("trash") + ": permission w is missing"));
  EXPECT_THAT(text, HasSubstr("it belongs to "));
}

TEST_F(MachineTest, ProgramsMustBeExecutable) {
  EXPECT_THAT(Location("cgi " + Path("file")), HasSubstr("may not run " + Path("file") + ": permission x is missing"));
  EXPECT_EQ(Location("cgi " + Path("file") + "; interpreter /bin/sh"), "");
  EXPECT_THAT(Location("cgi " + Path("file") + "; interpreter " + Path("none")), HasSubstr("none does not exist"));
}

TEST_F(MachineTest, EachThingOnce) {
  const std::string root = "root " + Path("gone");
  const std::string text = Check("server { listen 1; location / { " + root + " } location /b { " + root + " } }");
  EXPECT_EQ(text.find("warning"), text.rfind("warning"));
}

TEST_F(MachineTest, FoldersOfFilesThatWillBeMadeAndUsersMustExist) {
  const std::string text = Check(
      "user no-such-user-here no-such-group\npid_file /nowhere/pid\nerror_log /no/log\naccess_log /na/log\n"
      "server { listen unix:/nothing/x.sock; location / { root " +
      Path("www") + " } }");
  for (const char* part : {"no user \"no-such-user-here\"", "no group \"no-such-group\"", "pid_file /nowhere",
                           "error_log /no", "access_log /na", "socket /nothing"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(MachineTest, PasswordFilesAndFallbacksMustBeReadable) {
  const std::string root = "root " + Path("www") + "; ";
  EXPECT_EQ(Location(root + "auth_basic x " + Path("file")), "");
  EXPECT_THAT(Location(root + "auth_basic x " + Path("none")), HasSubstr("password file " + Path("none") + ": "));
  EXPECT_THAT(Location(root + "auth_basic x " + Path("www")), HasSubstr("is a folder, not a file"));
  EXPECT_THAT(Location("redirect_to /x; auth_basic x " + Path("none")), HasSubstr("none does not exist"));
  EXPECT_THAT(Location(root + "fallback app.html"), HasSubstr("fallback " + Path("www/app.html") + ": "));
  std::ofstream(folder_ / "www" / "app.html") << "page";
  EXPECT_EQ(Location(root + "fallback app.html"), "");
  chmod(Path("file").c_str(), 0600);
  if (geteuid() != 0) chmod(Path("file").c_str(), 0000);
  BecomeNobody();
  EXPECT_THAT(Location(root + "auth_basic x " + Path("file")), HasSubstr("permission r is missing"));
}

TEST_F(MachineTest, RedirectsNeedNoRoot) { EXPECT_EQ(Location("redirect_to https://example.com/"), ""); }

}  // namespace
}  // namespace brilliant::config
