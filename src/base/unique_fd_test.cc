#include "base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>
#include <utility>

namespace brilliant {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd> && std::is_nothrow_move_assignable_v<UniqueFd>);
static_assert(!std::is_convertible_v<int, UniqueFd>, "taking a descriptor over is said aloud");

int OpenSomething() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, OwnsNothingByDefault) {
  const UniqueFd empty;
  EXPECT_FALSE(empty.valid());
  EXPECT_LT(empty.get(), 0);
}

TEST(UniqueFd, ClosesAtTheEndOfItsLife) {
  const int fd = OpenSomething();
  {
    const UniqueFd owner(fd);
    EXPECT_TRUE(owner.valid());
    EXPECT_EQ(owner.get(), fd);
    EXPECT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(UniqueFd, MovesOwnership) {
  const int fd = OpenSomething();
  UniqueFd first(fd);
  const UniqueFd second(std::move(first));
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): a moved-from owner is empty
  EXPECT_EQ(second.get(), fd);
  EXPECT_TRUE(IsOpen(fd));
}

TEST(UniqueFd, AssignmentClosesWhatWasOwned) {
  const int first_fd = OpenSomething();
  const int second_fd = OpenSomething();
  UniqueFd owner(first_fd);
  owner = UniqueFd(second_fd);
  EXPECT_FALSE(IsOpen(first_fd));
  EXPECT_EQ(owner.get(), second_fd);
}

TEST(UniqueFd, AssignmentToItselfKeepsTheDescriptor) {
  const int fd = OpenSomething();
  UniqueFd owner(fd);
  UniqueFd& same = owner;
  owner = std::move(same);
  EXPECT_EQ(owner.get(), fd);
  EXPECT_TRUE(IsOpen(fd));
}

TEST(UniqueFd, ReleaseGivesUpWithoutClosing) {
  const int fd = OpenSomething();
  UniqueFd owner(fd);
  EXPECT_EQ(owner.Release(), fd);
  EXPECT_FALSE(owner.valid());
  EXPECT_TRUE(IsOpen(fd));
  owner.Reset(fd);
}

TEST(UniqueFd, ResetKeepsErrno) {
  UniqueFd owner(OpenSomething());
  errno = ENOSPC;
  owner.Reset();
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_FALSE(owner.valid());
}

TEST(UniqueFd, TakesTheLowestNumberThatIsFree) {
  UniqueFd low(OpenSomething());
  UniqueFd high(OpenSomething());
  ASSERT_LT(low.get(), high.get());
  const int lowest = low.get();
  const int highest = high.get();
  low.TakeLowestNumber();  // has it
  EXPECT_EQ(low.get(), lowest);
  low.Reset();
  high.TakeLowestNumber();
  EXPECT_EQ(high.get(), lowest);
  EXPECT_NE(fcntl(lowest, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_FALSE(IsOpen(highest));
  UniqueFd none;
  none.TakeLowestNumber();
  EXPECT_FALSE(none.valid());
}

TEST(UniqueFdDeathTest, ASecondCloseIsAProgrammersError) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const int fd = OpenSomething();
        UniqueFd owner(fd);
        UniqueFd impostor(fd);
        owner.Reset();
        impostor.Reset();
      },
      "CHECK");
}

}  // namespace
}  // namespace brilliant
