#include "cgi/script_path.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace brilliant::cgi {
namespace {

using Splits = std::vector<std::string>;

// Each as "script_name|path_info|extension".
Splits SplitsOf(std::string_view path, const std::vector<std::string>& extensions) {
  Splits splits;
  ScriptSplitReader reader(path, extensions);
  ScriptSplit split;
  while (reader.Next(split)) {
    splits.push_back(std::string(split.script_name) + "|" + std::string(split.path_info) + "|" +
                     extensions[split.extension]);
  }
  return splits;
}

// RFC 3875 section 3.3: the path is SCRIPT_NAME, then PATH_INFO.
TEST(ScriptSplitReaderTest, DividesAfterEachComponentThatCouldBeAScript) {
  EXPECT_EQ(SplitsOf("/app/x.py", {".py"}), Splits{"/app/x.py||.py"});
  EXPECT_EQ(SplitsOf("/app/x.py/extra/y", {".py"}), Splits{"/app/x.py|/extra/y|.py"});
  EXPECT_EQ(SplitsOf("/x.py/", {".py"}), Splits{"/x.py|/|.py"});
  EXPECT_EQ(SplitsOf("/d.py/x.php/y.py/z", {".py", ".php"}),
            (Splits{"/d.py|/x.php/y.py/z|.py", "/d.py/x.php|/y.py/z|.php", "/d.py/x.php/y.py|/z|.py"}));
  EXPECT_EQ(SplitsOf("/.py", {".py"}), Splits{"/.py||.py"}) << "never to be sent as a file";
}

TEST(ScriptSplitReaderTest, ComparesBytesWithCase) {
  for (const char* path : {"/", "/a", "/x.PY", "/x.Py/a", "/x.py~", "/x.py.bak", "/x.py.", "/x.py ", "/xpy", "/py",
                           "/.p/y", "/x.p\xc4\xb0y", "/x.\xef\xbd\x90y"}) {
    EXPECT_EQ(SplitsOf(path, {".py"}), Splits()) << path;
  }
  EXPECT_EQ(SplitsOf("/x.py", {}), Splits());
}

TEST(ScriptSplitReaderTest, TheLongestExtensionCounts) {
  EXPECT_EQ(SplitsOf("/x.fast.py/a", {".py", ".fast.py", ".t.py"}), Splits{"/x.fast.py|/a|.fast.py"});
}

// RFC 3875 section 5.1.
TEST(NonParsedHeaderScriptTest, IsNamed) {
  EXPECT_TRUE(IsNonParsedHeaderScript("nph-x.cgi"));
  EXPECT_TRUE(IsNonParsedHeaderScript("/cgi-bin/nph-x"));
  EXPECT_FALSE(IsNonParsedHeaderScript("/nph-bin/x"));
  EXPECT_FALSE(IsNonParsedHeaderScript("/a/NPH-x"));
  EXPECT_FALSE(IsNonParsedHeaderScript("/a/xnph-y"));
  EXPECT_FALSE(IsNonParsedHeaderScript("/nph-x/"));
}

}  // namespace
}  // namespace brilliant::cgi
