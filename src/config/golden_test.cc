// The messages and the meanings of whole configuration files, compared with tests/config/. After a wanted change:
// BRILLIANT_REGENERATE=1 config_test --gtest_filter='*Golden*', and read the difference.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "config/dump_for_test.h"
#include "config/loader.h"

namespace brilliant::config {
namespace {

namespace fs = std::filesystem;

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string ReplaceAll(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::optional<std::string> TestEnvironment(std::string_view name) {
  if (name == "BRILLIANT_TEST_NAME") return "value with blank; {";
  return std::nullopt;
}

// In tests/config/NAME while it lives: messages then show plain file names.
class GoldenTest : public ::testing::TestWithParam<fs::path> {
 protected:
  void SetUp() override {
    before_ = fs::current_path();
    fs::current_path(GetParam().parent_path());
  }
  void TearDown() override { fs::current_path(before_); }

  [[nodiscard]] static std::string Name() { return GetParam().filename().string(); }
  // Paths below the folder of the file as "@/...".
  [[nodiscard]] static std::string Shortened(const std::string& text) {
    return ReplaceAll(text, GetParam().parent_path().string(), "@");
  }
  static void Compare(const std::string& actual) {
    fs::path expected = GetParam();
    expected.replace_extension(".expected");
    if (getenv("BRILLIANT_REGENERATE") != nullptr) std::ofstream(expected, std::ios::binary) << actual;
    EXPECT_EQ(actual, ReadText(expected)) << expected;
  }
  // What the text in memory gives must be what the files gave.
  static void ExpectSameFromBundle(const LoadResult& loaded) {
    const Result<SourceBundle> bundle = SourceBundle::Deserialize(loaded.sources.Serialize());
    ASSERT_TRUE(bundle.has_value());
    const LoadResult again = LoadBundle(*bundle);
    ASSERT_EQ(again.config.has_value(), loaded.config.has_value());
    EXPECT_EQ(again.diagnostics.size(), loaded.diagnostics.size());
    if (!loaded.config) return;
    EXPECT_EQ(DumpConfig(*again.config), DumpConfig(*loaded.config));
  }

 private:
  fs::path before_;
};

class GoldenWrongTest : public GoldenTest {};
class GoldenRightTest : public GoldenTest {};

TEST_P(GoldenWrongTest, SaysWhereWhatAndHowToMendIt) {
  const LoadResult result = LoadFile(Name(), "", TestEnvironment);
  ASSERT_FALSE(result.diagnostics.empty());
  EXPECT_EQ(result.config.has_value(), !HasErrors(result.diagnostics));
  Compare(Shortened(Render(result.diagnostics)));
  ExpectSameFromBundle(result);
}

TEST_P(GoldenRightTest, MeansWhatItSays) {
  const std::string prefix = Name() == "original.conf" ? "." : "";
  const LoadResult result = LoadFile(Name(), prefix, TestEnvironment);
  ASSERT_TRUE(result.config.has_value()) << Render(result.diagnostics);
  Compare(Shortened(Render(result.diagnostics) + DumpConfig(*result.config)));
  ExpectSameFromBundle(result);
}

std::vector<fs::path> Files(const char* folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(BRILLIANT_SOURCE_DIR) / "tests/config" / folder)) {
    if (entry.path().extension() == ".conf") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TestName(const ::testing::TestParamInfo<fs::path>& info) { return info.param.stem().string(); }

INSTANTIATE_TEST_SUITE_P(Golden, GoldenWrongTest, ::testing::ValuesIn(Files("wrong")), TestName);
INSTANTIATE_TEST_SUITE_P(Golden, GoldenRightTest, ::testing::ValuesIn(Files("right")), TestName);

}  // namespace
}  // namespace brilliant::config
