#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <type_traits>

namespace brilliant {
namespace {

static_assert(std::is_trivially_copyable_v<Error>, "errors are common under attack: copying one must cost nothing");

TEST(ErrorFromErrno, MapsWhatCallersTellApart) {
  struct Case {
    int system_errno;
    ErrorCode code;
  };
  const Case cases[] = {
      {EAGAIN, ErrorCode::kWouldBlock},   {EWOULDBLOCK, ErrorCode::kWouldBlock},
      {ENOENT, ErrorCode::kNotFound},     {ENOTDIR, ErrorCode::kNotFound},
      {EACCES, ErrorCode::kForbidden},    {EPERM, ErrorCode::kForbidden},
      {ECONNRESET, ErrorCode::kClosed},   {EPIPE, ErrorCode::kClosed},
      {ENOTCONN, ErrorCode::kClosed},     {EMFILE, ErrorCode::kUnavailable},
      {ENFILE, ErrorCode::kUnavailable},  {ENOMEM, ErrorCode::kUnavailable},
      {ENOBUFS, ErrorCode::kUnavailable}, {EIO, ErrorCode::kSystem},
      {EINVAL, ErrorCode::kSystem},
  };
  for (const Case& test : cases) {
    const Error error = ErrorFromErrno(test.system_errno, "open");
    EXPECT_EQ(error.code, test.code) << std::strerror(test.system_errno);
    EXPECT_EQ(error.system_errno, test.system_errno);
    EXPECT_STREQ(error.context, "open");
  }
}

TEST(SystemFailure, TakesErrno) {
  errno = EMFILE;
  const Result<int> result = SystemFailure("accept4");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(result.error().system_errno, EMFILE);
  EXPECT_STREQ(result.error().context, "accept4");
}

TEST(Failure, CarriesNoErrno) {
  const Result<int> result = Failure(ErrorCode::kInvalid, "port");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(result.error().system_errno, 0);
}

TEST(ErrorCodeName, IsDifferentForEveryCode) {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kSystem); ++code) {
    names.insert(ErrorCodeName(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(ErrorCode::kSystem) + 1);
  EXPECT_FALSE(names.contains("unknown"));
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Failure(ErrorCode::kInvalid, "odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  ASSIGN_OR_RETURN(const int half, Half(number));
  ASSIGN_OR_RETURN(int quarter, Half(half));
  return quarter;
}

Result<std::string> QuarterText(int number) {
  RETURN_IF_ERROR(Quarter(number));
  return std::to_string(number / 4);
}

TEST(ResultMacros, HandTheErrorUp) {
  EXPECT_EQ(Quarter(12), 3);
  EXPECT_EQ(Quarter(6).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(QuarterText(12), "3");
  EXPECT_STREQ(QuarterText(7).error().context, "odd");
}

Result<std::unique_ptr<int>> MakeUnique(bool succeed) {
  if (!succeed) return Failure(ErrorCode::kUnavailable, "memory");
  return std::make_unique<int>(5);
}

Result<int> UseUnique(bool succeed) {
  ASSIGN_OR_RETURN(std::unique_ptr<int> owned, MakeUnique(succeed));
  return *owned;
}

TEST(ResultMacros, MoveWhatCannotBeCopied) {
  EXPECT_EQ(UseUnique(true), 5);
  EXPECT_EQ(UseUnique(false).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace brilliant
