#include "config/values.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "config/address.h"

namespace brilliant::config {
namespace {

template <typename T>
std::optional<T> Good(const Parsed<T>& parsed) {
  return parsed ? std::optional<T>(*parsed) : std::nullopt;
}

TEST(ValuesTest, Sizes) {
  EXPECT_EQ(Good(ParseSize("0")), 0U);
  EXPECT_EQ(Good(ParseSize("64k")), 65'536U);
  EXPECT_EQ(Good(ParseSize("10M")), 10U << 20);
  EXPECT_EQ(Good(ParseSize("2g")), 2ULL << 30);
  EXPECT_EQ(Good(ParseSize("9223372036854775807")), 9'223'372'036'854'775'807ULL);
  EXPECT_EQ(Good(ParseSize("8589934591g")), 8'589'934'591ULL << 30);
  for (const char* wrong :
       {"", "k", "1kb", "1.5g", "-1", "+1", " 1", "1 ", "0x10", "9223372036854775808", "8589934592g", "1e3"}) {
    EXPECT_EQ(Good(ParseSize(wrong)), std::nullopt) << wrong;
  }
}

TEST(ValuesTest, BodyMaxInPlainDigitsEndsAtTwoGibibytes) {
  EXPECT_EQ(Good(ParseBodyMax("2147483647")), 2'147'483'647U);
  EXPECT_EQ(Good(ParseBodyMax("5g")), 5ULL << 30);
  EXPECT_EQ(ParseBodyMax("5368709120").error().hint, "write \"5g\"");
  EXPECT_EQ(ParseBodyMax("5368709121").error().hint, "write \"6g\"");
}

TEST(ValuesTest, Times) {
  EXPECT_EQ(Good(ParseTime("500ms", Milliseconds(1))), Milliseconds(500));
  EXPECT_EQ(Good(ParseTime("30s", Milliseconds(1))), Milliseconds(30'000));
  EXPECT_EQ(Good(ParseTime("30", Milliseconds(1))), Milliseconds(30'000));
  EXPECT_EQ(Good(ParseTime("5m", Milliseconds(1))), Milliseconds(300'000));
  EXPECT_EQ(Good(ParseTime("8760h", Milliseconds(1))), kTimeMax);
  EXPECT_EQ(Good(ParseTime("0", Milliseconds(0))), Milliseconds(0));
  for (const char* wrong : {"", "ms", "0", "1d", "1m30s", "8761h", "1.5s", "-1s", "99999999999999999999s"}) {
    EXPECT_EQ(Good(ParseTime(wrong, Milliseconds(1))), std::nullopt) << wrong;
  }
}

TEST(ValuesTest, ServerNames) {
  EXPECT_EQ(Good(ParseServerName("Example.COM")), "example.com");
  EXPECT_EQ(Good(ParseServerName("example.com.")), "example.com");
  for (const char* right :
       {"", "*.example.com", ".example.com", "10.0.0.1", "[::1]", "_", "a-b_c", "xn--bcher-kva.de"}) {
    EXPECT_EQ(Good(ParseServerName(right)), right);
  }
  for (const char* wrong :
       {"*", ".", "..", "*.", "a..b", "*.*.a", "a.*", "*a.b", "a:80", "[::1", "[x]", "a b", "a/b", "-\xC3\xBC"}) {
    EXPECT_EQ(Good(ParseServerName(wrong)), std::nullopt) << wrong;
  }
  EXPECT_TRUE(ParseServerName(std::string(253, 'a')).has_value());
  EXPECT_FALSE(ParseServerName(std::string(254, 'a')).has_value());
}

TEST(ValuesTest, LocationPaths) {
  EXPECT_EQ(Good(ParseLocationPath("/")), "/");
  EXPECT_EQ(Good(ParseLocationPath("/img/")), "/img");
  EXPECT_EQ(Good(ParseLocationPath("/a b/c..d/...")), "/a b/c..d/...");
  for (const char* wrong : {"", "a", "//", "/a//b", "/a//", "/.", "/..", "/../", "/a/./b", "/a?b", "=", "~*"}) {
    EXPECT_EQ(Good(ParseLocationPath(wrong)), std::nullopt) << wrong;
  }
}

TEST(ValuesTest, EnvironmentNamesOfRequestsAreTaken) {
  EXPECT_TRUE(ParseEnvironmentName("GIT_PROJECT_ROOT").has_value());
  EXPECT_TRUE(ParseEnvironmentName("http_proxy").has_value());
  for (const char* wrong :
       {"", "1A", "A=B", "A B", "PATH_INFO", "HTTP_PROXY", "HTTP_HOST", "REMOTE_USER", "SERVER_SOFTWARE",
        "DOCUMENT_ROOT", "SCRIPT_FILENAME", "HTTPS", "REMOTE_IDENT", "REDIRECT_STATUS"}) {
    EXPECT_FALSE(ParseEnvironmentName(wrong).has_value()) << wrong;
  }
}

std::string Addresses(const char* text) {
  const Parsed<std::vector<ListenAddress>> addresses = ParseListenAddress(text);
  if (!addresses) return "error";
  std::string result;
  for (const ListenAddress& address : *addresses) result += (result.empty() ? "" : " ") + address.ToString();
  return result;
}

TEST(AddressTest, EveryFormOfListen) {
  EXPECT_EQ(Addresses("80"), "0.0.0.0:80 [::]:80");
  EXPECT_EQ(Addresses("00800"), "0.0.0.0:800 [::]:800");
  EXPECT_EQ(Addresses("000000000000000000000000000000080"), "0.0.0.0:80 [::]:80");
  EXPECT_EQ(Addresses("*:65535"), "0.0.0.0:65535 [::]:65535");
  EXPECT_EQ(Addresses("0.0.0.0:1"), "0.0.0.0:1");
  EXPECT_EQ(Addresses("[::]:1"), "[::]:1");
  EXPECT_EQ(Addresses("[2001:DB8:0:0::1]:08"), "[2001:db8::1]:8");
  EXPECT_EQ(Addresses("LocalHost:8"), "127.0.0.1:8 [::1]:8");
  for (const char* wrong : {"", ":", "0", "00", "65536", "a:1", "1.2.3:1", "01.2.3.4:1", "1.2.3.4.5:1", "[::1]",
                            "[::1]80", "[]:1", "[1.2.3.4]:1", "::1", "1:2:3", "*", "*:", "[::1]:1:2"}) {
    EXPECT_EQ(Addresses(wrong), "error") << wrong;
  }
}

}  // namespace
}  // namespace brilliant::config
