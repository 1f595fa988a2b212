#include "handlers/attempts.h"

#include <gtest/gtest.h>

#include <deque>

namespace brilliant::handlers {
namespace {

TEST(AttemptsTest, OneClientHasALimitOfItsOwn) {
  Attempts attempts;
  std::deque<Attempt> many;
  for (size_t i = 0; i < kAttemptsPerClientMax; ++i) EXPECT_TRUE(many.emplace_back(attempts, "192.0.2.1").admitted());
  EXPECT_FALSE(Attempt(attempts, "192.0.2.1").admitted());
  EXPECT_TRUE(Attempt(attempts, "192.0.2.2").admitted());
  EXPECT_EQ(attempts.total(), kAttemptsPerClientMax);
  many.pop_front();
  EXPECT_TRUE(Attempt(attempts, "192.0.2.1").admitted());
}

TEST(AttemptsTest, AllTogetherHaveALimit) {
  Attempts attempts;
  std::deque<Attempt> many;
  for (size_t i = 0; i < kAttemptsMax; ++i) {
    EXPECT_TRUE(many.emplace_back(attempts, "192.0.2." + std::to_string(i / 16)).admitted()) << i;
  }
  EXPECT_FALSE(Attempt(attempts, "198.51.100.1").admitted());
  EXPECT_FALSE(Attempt(attempts, "unix:").admitted());
  many.pop_front();
  EXPECT_TRUE(Attempt(attempts, "198.51.100.1").admitted());
}

TEST(AttemptsTest, ANetworkOfOnePersonIsOneClient) {
  EXPECT_EQ(ClientGroup("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(ClientGroup("2001:db8:0:1::1"), ClientGroup("2001:db8:0:1:ffff::2"));
  EXPECT_NE(ClientGroup("2001:db8:0:1::1"), ClientGroup("2001:db8:0:2::1"));
  EXPECT_NE(ClientGroup("::1"), "");
}

TEST(AttemptsTest, ClientsOfAUnixSocketShareOnlyTheTotal) {
  Attempts attempts;
  std::deque<Attempt> many;
  for (size_t i = 0; i < kAttemptsMax; ++i) EXPECT_TRUE(many.emplace_back(attempts, "unix:").admitted()) << i;
  EXPECT_FALSE(Attempt(attempts, "unix:").admitted());
}

}  // namespace
}  // namespace brilliant::handlers
