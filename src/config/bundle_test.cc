#include <gtest/gtest.h>

#include <string>

#include "config/load_for_test.h"
#include "config/loader.h"

namespace brilliant::config {
namespace {

SourceBundle FullBundle() {
  SourceBundle bundle = BundleOf("include a*\n", "/jail");
  bundle.files["/etc/brilliant/a"] = std::string("\0 any bytes \xFF", 13);
  bundle.files["/empty"] = "";
  bundle.globs["/etc/brilliant/a*"] = {"/etc/brilliant/a", "/x"};
  bundle.globs["/none"] = {};
  bundle.environment["NAME"] = "value";
  bundle.generated = true;
  return bundle;
}

TEST(BundleTest, ComesBackAsItWas) {
  const SourceBundle bundle = FullBundle();
  const Result<SourceBundle> again = SourceBundle::Deserialize(bundle.Serialize());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->main_path, bundle.main_path);
  EXPECT_EQ(again->folder, bundle.folder);
  EXPECT_EQ(again->generated, bundle.generated);
  EXPECT_EQ(again->prefix, bundle.prefix);
  EXPECT_EQ(again->files, bundle.files);
  EXPECT_EQ(again->globs, bundle.globs);
  EXPECT_EQ(again->environment, bundle.environment);
}

TEST(BundleTest, EveryCutAndEveryAdditionIsRefused) {
  const std::string bytes = FullBundle().Serialize();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(SourceBundle::Deserialize(bytes.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(SourceBundle::Deserialize(bytes + '\0').has_value());
}

TEST(BundleTest, AChangedByteIsRefusedOrWritesBackToItself) {
  const std::string bytes = FullBundle().Serialize();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char change : {'\x01', '\x7F', '\x80'}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const Result<SourceBundle> bundle = SourceBundle::Deserialize(changed);
      EXPECT_TRUE(!bundle || bundle->Serialize() == changed) << i;
    }
  }
}

}  // namespace
}  // namespace brilliant::config
