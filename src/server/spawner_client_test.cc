#include "server/spawner_client.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <deque>
#include <string>

#include "cgi/spawn_protocol.h"
#include "event/fake_loop.h"
#include "net/control_channel.h"
#include "net/descriptor_passing.h"

namespace brilliant::server {
namespace {

constexpr uint32_t kRule = 3;

struct SpawnerClientTest : testing::Test {
  SpawnerClientTest() {
    auto pair = *net::ControlChannel::MakePair();
    client.Connect(std::move(pair.first));
    spawner.emplace(std::move(pair.second));
  }
  event::Task<void> Start(uint32_t rule, bool with_input) {
    Result<handlers::ScriptEnds> launched = co_await client.Launch(rule, with_input, loop.scope);
    EXPECT_TRUE(launched);
    if (launched) ends = std::move(*launched);
  }
  void Launch(uint32_t rule = kRule, bool with_input = false) {
    loop.Spawn(Start(rule, with_input));
    loop.Turns(2);
    EXPECT_TRUE(loop.tasks.empty());
  }
  // Of how many descriptors the spawner hears; 0: it hears of nothing.
  size_t ToSpawner() {
    const Result<net::ControlMessage> job = spawner->TryReceive();
    return job ? job->descriptors.size() : 0;
  }
  // The keeper of a program that has ended `ago`: our end of its lifeline.
  UniqueFd TakeBack(Milliseconds ago = Milliseconds(0), uint32_t rule = kRule) {
    auto lifeline = *net::ControlChannel::MakePair();
    client.TakeBack(rule, std::move(lifeline.first), loop.loop.now() - ago);
    return std::move(lifeline.second);
  }
  static size_t ToKeeper(const UniqueFd& lifeline) {
    char again = 0;
    std::deque<UniqueFd> lent;
    const Result<size_t> count = net::ReceiveDescriptors(lifeline.get(), std::span(&again, 1), lent);
    return count && *count == 1 && again == cgi::kAgain ? lent.size() : 0;
  }
  static bool IsClosed(const UniqueFd& lifeline) {
    pollfd entry{.fd = lifeline.get(), .events = POLLIN, .revents = 0};
    return poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
  }

  event::FakeLoop loop;
  SpawnerClient client{loop.loop};
  std::optional<net::ControlChannel> spawner;
  handlers::ScriptEnds ends;
};

TEST_F(SpawnerClientTest, AJobGoesToTheSpawner) {
  Launch();
  EXPECT_EQ(ToSpawner(), 3U);
  EXPECT_EQ(ends.rule, kRule);
  Launch(kRule, true);
  EXPECT_EQ(ToSpawner(), 4U);
  EXPECT_TRUE(ends.lifeline.valid() && ends.output.valid() && ends.errors.valid() && ends.input.valid());
}

TEST_F(SpawnerClientTest, AKeeperThatIsFreeGetsTheNextJobOfItsRule) {
  const UniqueFd keeper = TakeBack();
  Launch(kRule + 1);
  EXPECT_EQ(ToSpawner(), 3U) << "of another rule";
  Launch(kRule, true);
  EXPECT_EQ(ToSpawner(), 0U);
  EXPECT_EQ(ToKeeper(keeper), 3U);
  Launch();
  EXPECT_EQ(ToSpawner(), 3U) << "it is not free any more";
}

TEST_F(SpawnerClientTest, TheKeeperThatCameFreeLastIsAskedFirst) {
  const UniqueFd first = TakeBack();
  const UniqueFd second = TakeBack();
  Launch();
  EXPECT_EQ(ToKeeper(second), 2U);
  Launch();
  EXPECT_EQ(ToKeeper(first), 2U);
}

TEST_F(SpawnerClientTest, AKeeperIsAskedForAMomentOnly) {
  const UniqueFd in_time = TakeBack(cgi::kKeeperIsAsked);
  Launch();
  EXPECT_EQ(ToKeeper(in_time), 2U);
  const UniqueFd late = TakeBack(cgi::kKeeperIsAsked + Milliseconds(1));
  EXPECT_TRUE(IsClosed(late)) << "at once";
  const UniqueFd too_long = TakeBack();
  loop.Advance(cgi::kKeeperIsAsked + Milliseconds(1));
  Launch();
  EXPECT_EQ(ToSpawner(), 3U);
  EXPECT_TRUE(IsClosed(too_long));
}

TEST_F(SpawnerClientTest, AKeeperThatHasGoneLosesNoJob) {
  UniqueFd gone = TakeBack();
  gone.Reset();
  Launch();
  EXPECT_EQ(ToSpawner(), 3U);
}

TEST_F(SpawnerClientTest, OfTooManyKeepersTheOldestGoesBack) {
  std::deque<UniqueFd> keepers;
  for (size_t i = 0; i <= kFreeKeepersMax; ++i) keepers.push_back(TakeBack());
  EXPECT_TRUE(IsClosed(keepers[0]));
  for (size_t i = 1; i <= kFreeKeepersMax; ++i) EXPECT_FALSE(IsClosed(keepers[i])) << i;
}

TEST_F(SpawnerClientTest, ANewSpawnerDoesNotKnowTheKeepersOfTheLast) {
  const UniqueFd keeper = TakeBack();
  auto pair = *net::ControlChannel::MakePair();
  client.Connect(std::move(pair.first));
  EXPECT_TRUE(IsClosed(keeper));
}

}  // namespace
}  // namespace brilliant::server
