// Each bound of config/limits.h, at it and above it.
#include "config/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/load_for_test.h"

namespace brilliant::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSite[] = "server { listen 1; location / { root /srv } }\n";

std::string Repeat(const std::string& text, size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

std::string MessagesOf(const SourceBundle& bundle) { return Render(LoadBundle(bundle).diagnostics); }
std::string MessagesOf(const std::string& text) { return MessagesOf(BundleOf(text)); }

TEST(LimitsTest, FileBytes) {
  const std::string site(kSite);
  EXPECT_EQ(MessagesOf(site + std::string(kFileBytesMax - site.size(), '#')), "");
  EXPECT_THAT(MessagesOf(site + std::string(kFileBytesMax, '#')), HasSubstr("more than 1024 KiB"));
}

TEST(LimitsTest, AllFilesTogether) {
  SourceBundle bundle = BundleOf(std::string(kSite) + Repeat("include big\n", kSourceBytesMax / kFileBytesMax - 1));
  bundle.files["/etc/brilliant/big"] = std::string(kFileBytesMax, '#');
  EXPECT_EQ(MessagesOf(bundle), "");
  bundle.files["/etc/brilliant/site.conf"] += "include big\n";
  EXPECT_THAT(MessagesOf(bundle), HasSubstr("or 8 MiB of them"));
}

TEST(LimitsTest, Tokens) {
  EXPECT_EQ(MessagesOf(kSite + Repeat("\n", kTokensMax - 20)), "");
  EXPECT_THAT(MessagesOf(kSite + Repeat("\n", kTokensMax)), HasSubstr("more than 500000 words"));
}

TEST(LimitsTest, Directives) {
  const std::string name = "location / { root /srv } server_name a;";
  const std::string head = "server { listen 1; location / { root /srv; ";
  const auto with = [&](size_t count) { return head + Repeat("include x;", count) + "} }"; };
  SourceBundle bundle = BundleOf(with(kIncludeFilesMax));
  bundle.files["/etc/brilliant/x"] = "";
  EXPECT_EQ(MessagesOf(bundle), "");
  const std::string text = "types { " + Repeat("a/b c;", kDirectivesMax - 5) + "}";
  EXPECT_EQ(MessagesOf(text + kSite), "");
  EXPECT_THAT(MessagesOf(text + kSite + "types { a/b c }"), HasSubstr("more than 50000 directives"));
}

TEST(LimitsTest, BlockDepth) {
  const auto nested = [](int depth) {
    return Repeat("a {", static_cast<size_t>(depth)) + Repeat("}", static_cast<size_t>(depth));
  };
  EXPECT_EQ(MessagesOf(nested(kBlockDepthMax)).find("blocks in each other"), std::string::npos);
  EXPECT_THAT(MessagesOf(nested(kBlockDepthMax + 1)), HasSubstr("more than 8 blocks in each other"));
  EXPECT_THAT(MessagesOf(Repeat("a {", 10'000)), HasSubstr("more than 8 blocks in each other"));
}

TEST(LimitsTest, IncludeDepth) {
  SourceBundle bundle = BundleOf(std::string(kSite) + "include 1");
  for (int i = 1; i < kIncludeDepthMax; ++i) {
    bundle.files["/etc/brilliant/" + std::to_string(i)] = "include " + std::to_string(i + 1);
  }
  const std::string last = "/etc/brilliant/" + std::to_string(kIncludeDepthMax);
  bundle.files[last] = "";
  EXPECT_EQ(MessagesOf(bundle), "");
  bundle.files[last] = "include beyond";
  EXPECT_THAT(MessagesOf(bundle), HasSubstr("more than 16 files include each other"));
}

TEST(LimitsTest, IncludedFiles) {
  SourceBundle bundle = BundleOf(std::string(kSite) + Repeat("include x\n", kIncludeFilesMax));
  bundle.files["/etc/brilliant/x"] = "";
  EXPECT_EQ(MessagesOf(bundle), "");
  bundle.files["/etc/brilliant/site.conf"] += "include x\n";
  EXPECT_THAT(MessagesOf(bundle), HasSubstr("more than 1000 included files"));
}

TEST(LimitsTest, WordBytesCountWhatVariablesBecome) {
  SourceBundle bundle = BundleOf("server { listen 1; location / { root /srv; cgi /p; cgi_env A ${A}${A} } }");
  bundle.environment["A"] = std::string(kWordBytesMax / 2, 'a');
  EXPECT_EQ(MessagesOf(bundle), "");
  bundle.environment["A"] += 'a';
  EXPECT_THAT(MessagesOf(bundle), HasSubstr("a word of more than 8192 bytes"));
}

TEST(LimitsTest, ExpandedBytes) {
  const size_t fits = kExpandedBytesMax / kWordBytesMax;
  const auto with = [](size_t count) { return "types { text/x" + Repeat(" ${A}", count) + " }\n" + kSite; };
  SourceBundle bundle = BundleOf(with(fits));
  bundle.environment["A"] = std::string(kWordBytesMax, 'a');
  EXPECT_EQ(MessagesOf(bundle), "");
  bundle.files["/etc/brilliant/site.conf"] = with(fits + 1);
  EXPECT_THAT(MessagesOf(bundle), HasSubstr("the value of A is too long"));
}

TEST(LimitsTest, Diagnostics) {
  EXPECT_EQ(LoadText(Repeat("x\n", kDiagnosticsMax) + kSite).diagnostics.size(), kDiagnosticsMax);
  const LoadResult result = LoadText(Repeat("x\n", kDiagnosticsMax + 5) + kSite);
  ASSERT_EQ(result.diagnostics.size(), kDiagnosticsMax + 1);
  EXPECT_EQ(result.diagnostics.back().message, "5 more not shown: mend these first");
}

TEST(LimitsTest, WarningsDoNotHideThatThereAreErrors) {
  const std::string location = "location /a%20b { root /srv }\n";
  std::string text = "server { listen 1\n";
  for (size_t i = 0; i < kDiagnosticsMax; ++i) text += "location /%20" + std::to_string(i) + " { root /srv }\n";
  EXPECT_TRUE(LoadText(text + "}").config.has_value());
  const LoadResult result = LoadText(text + "} x");
  EXPECT_FALSE(result.config.has_value());
  EXPECT_TRUE(HasErrors(result.diagnostics));
}

TEST(LimitsTest, PathBytes) {
  const auto with = [](size_t bytes) {
    return "server { listen 1; location / { root /" + std::string(bytes - 1, 'a') + " } }";
  };
  EXPECT_EQ(MessagesOf(with(kPathBytesMax)), "");
  EXPECT_THAT(MessagesOf(with(kPathBytesMax + 1)), HasSubstr("a path of more than 4095 bytes"));
}

TEST(LimitsTest, CgiVariables) {
  const auto with = [](size_t count) {
    std::string text = "server { listen 1; location / { cgi /p\n";
    for (size_t i = 0; i < count; ++i) text += "cgi_env A" + std::to_string(i) + " x\n";
    return text + "} }";
  };
  EXPECT_EQ(MessagesOf(with(kCgiVariablesMax)), "");
  EXPECT_THAT(MessagesOf(with(kCgiVariablesMax + 1)), HasSubstr("more than 256 variables"));
}

TEST(LimitsTest, IndexNames) {
  const auto with = [](int count) {
    std::string text = "server { listen 1; location / { root /srv; index";
    for (int i = 0; i < count; ++i) text += " a" + std::to_string(i);
    return text + " } }";
  };
  EXPECT_EQ(MessagesOf(with(kIndexNamesMax)), "");
  EXPECT_THAT(MessagesOf(with(kIndexNamesMax + 1)), HasSubstr("\"index\" takes 1 to 16 words, not 17"));
}

TEST(LimitsTest, TrustedProxies) {
  const auto with = [](size_t count) {
    std::string text = std::string(kSite) + "trusted_proxy";
    for (size_t i = 0; i < count; ++i) text += " 10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    return text;
  };
  EXPECT_EQ(MessagesOf(with(kTrustedProxiesMax)), "");
  EXPECT_THAT(MessagesOf(with(kTrustedProxiesMax + 1)), HasSubstr("more than 1000 trusted proxies"));
}

TEST(LimitsTest, AllowedOrigins) {
  const auto with = [](size_t count) {
    std::string text = "server { listen 80; location / { root /srv }\nallowed_origins";
    for (size_t i = 0; i < count; ++i) text += " https://a" + std::to_string(i);
    return text + "\n}";
  };
  EXPECT_EQ(MessagesOf(with(kAllowedOriginsMax)), "");
  EXPECT_THAT(MessagesOf(with(kAllowedOriginsMax + 1)), HasSubstr("more than 100 origins"));
}

TEST(LimitsTest, NamesOnAllAddresses) {
  std::string names = "server_name";
  constexpr size_t kNames = 50'000, kAddresses = 11;  // more than kNamesMax pairs
  for (size_t i = 0; i < kNames; ++i) names += " n" + std::to_string(i);
  const auto with = [&](size_t addresses) {
    std::string text = "server { location / { root /srv }\n" + names + "\n";
    for (size_t i = 0; i < addresses; ++i) text += "listen 127.0.0.1:" + std::to_string(i + 1) + "\n";
    return text + "}";
  };
  static_assert(kNames * (kAddresses - 1) <= kNamesMax && kNames * kAddresses > kNamesMax);
  EXPECT_EQ(MessagesOf(with(kAddresses - 1)), "");
  EXPECT_THAT(MessagesOf(with(kAddresses)), HasSubstr("more than 500000 names"));
}

TEST(LimitsTest, LooksAtUploadsAndScriptsEnd) {
  // Every pair is looked at and harmless, up to the bound: the check must end, and say nothing.
  std::string text = "server { listen 1\n";
  for (int i = 0; i < 1'500; ++i) {
    const std::string n = std::to_string(i);
    text += "location /u" + n + " { root /up/" + n + "; upload_path /; methods POST }\ncgi .x" + n + " { root /cgi/" +
            n + " }\n";
  }
  static_assert(1'500 * 1'500 > kScriptFolderLooksMax);
  EXPECT_EQ(MessagesOf(text + "}"), "");
}

TEST(LimitsTest, LooksAtPasswordFilesEnd) {
  std::string text = "server { listen 1\n";
  for (int i = 0; i < 1'500; ++i) {
    const std::string n = std::to_string(i);
    text += "location /l" + n + " { root /srv/" + n + "; auth_basic x /etc/users" + n + " }\n";
  }
  static_assert(1'500 * 1'500 > kSecretLooksMax);
  EXPECT_EQ(MessagesOf(text + "}"), "");
}

// A location with these directives.
std::string LocationWith(const std::string& directives) {
  return "server { listen 1; location / { root /srv\n" + directives + "\n} }";
}

TEST(LimitsTest, AddedHeaders) {
  const auto with = [](size_t count) { return LocationWith(Repeat("add_header X-Y z;", count)); };
  EXPECT_EQ(MessagesOf(with(kAddedHeadersMax)), "");
  EXPECT_THAT(MessagesOf(with(kAddedHeadersMax + 1)), HasSubstr("more than 32 fields"));
  const std::string half(kAddedHeaderBytesMax / 2 - 1, 'x');
  const std::string full = "add_header A " + half + "\nadd_header B " + half;
  EXPECT_EQ(MessagesOf(LocationWith(full)), "");
  EXPECT_THAT(MessagesOf(LocationWith(full + "x")), HasSubstr("8192 bytes"));
}

TEST(LimitsTest, CacheControlBytes) {
  const std::string value = "x=" + std::string(kCacheControlBytesMax - 2, 'y');
  EXPECT_THAT(MessagesOf(LocationWith("cache_control " + value)), Not(HasSubstr("error")));
  EXPECT_THAT(MessagesOf(LocationWith("cache_control " + value + "y")), HasSubstr("more than 1024 bytes"));
}

TEST(LimitsTest, RealmBytes) {
  const std::string realm(kRealmBytesMax, 'x');
  EXPECT_EQ(MessagesOf(LocationWith("auth_basic " + realm + " /etc/users")), "");
  EXPECT_THAT(MessagesOf(LocationWith("auth_basic x" + realm + " /etc/users")), HasSubstr("1 to 256 bytes"));
}

TEST(LimitsTest, ExcerptColumns) {
  const LoadResult result = LoadText(std::string(5'000, ' ') + "x" + std::string(5'000, ' ') + "\n" + kSite);
  ASSERT_EQ(result.diagnostics.size(), 1U);
  const std::string text = Render(result.diagnostics);
  EXPECT_THAT(text, HasSubstr("site.conf:1:5001: error"));
  EXPECT_LT(text.size(), 4 * kExcerptColumnsMax);
}

TEST(LimitsTest, BundleBytes) {
  EXPECT_EQ(SourceBundle::Deserialize(std::string(kBundleBytesMax + 1, 'x')).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(SourceBundle::Deserialize(std::string(kBundleBytesMax, 'x')).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace brilliant::config
