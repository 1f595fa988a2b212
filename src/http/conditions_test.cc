#include "http/conditions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brilliant::http {
namespace {

constexpr int64_t kNow = 1'767'323'045;
constexpr int64_t kModified = 784'111'777;
constexpr const char* kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* kAfter = "Sunday, 06-Nov-94 08:49:38 GMT";
constexpr ConditionResult kProceed = ConditionResult::kProceed;
constexpr ConditionResult kNotModified = ConditionResult::kNotModified;
constexpr ConditionResult kFailed = ConditionResult::kPreconditionFailed;

ConditionResult Evaluate(Method method, const std::vector<Field>& fields, const Validators& current) {
  RequestHead head;
  head.method = method;
  head.fields = fields;
  return EvaluateConditions(head, current, kNow);
}

struct Case {
  const char* why;
  std::vector<Field> fields;
  ConditionResult get;
  ConditionResult put;
};

void ExpectAll(const std::vector<Case>& cases, const Validators& current) {
  for (const Case& c : cases) {
    EXPECT_EQ(Evaluate(Method::kGet, c.fields, current), c.get) << c.why;
    EXPECT_EQ(Evaluate(Method::kHead, c.fields, current), c.get) << c.why;
    EXPECT_EQ(Evaluate(Method::kPut, c.fields, current), c.put) << c.why;
    EXPECT_EQ(Evaluate(Method::kDelete, c.fields, current), c.put) << c.why;
    EXPECT_EQ(Evaluate(Method::kOptions, c.fields, current), kProceed) << "13.2.1: " << c.why;
  }
}

TEST(ConditionsTest, FollowTheRulesOfEachField) {
  ExpectAll(
      {
          {"no condition", {{"Accept", "*"}}, kProceed, kProceed},
          {"13.1.1 same", {{"If-Match", "\"x\", \"e\""}}, kProceed, kProceed},
          {"13.1.1 other", {{"If-Match", "\"x\""}}, kFailed, kFailed},
          {"13.1.1 weak never matches strongly", {{"If-Match", "W/\"e\""}}, kFailed, kFailed},
          {"13.1.1 any", {{"IF-MATCH", "*"}}, kProceed, kProceed},
          {"13.1.1 malformed matches nothing", {{"If-Match", "e"}}, kFailed, kFailed},
          {"13.1.1 empty matches nothing", {{"If-Match", ""}}, kFailed, kFailed},
          {"13.1.1 several lines", {{"If-Match", "\"x\""}, {"if-match", "\"e\""}}, kProceed, kProceed},
          {"13.1.2 same", {{"If-None-Match", "\"e\""}}, kNotModified, kFailed},
          {"13.1.2 weakly the same", {{"If-None-Match", "W/\"e\""}}, kNotModified, kFailed},
          {"13.1.2 any", {{"If-None-Match", "*"}}, kNotModified, kFailed},
          {"13.1.2 other", {{"If-None-Match", "\"x\""}}, kProceed, kProceed},
          {"13.1.2 malformed matches nothing", {{"If-None-Match", "e"}}, kProceed, kProceed},
          {"13.1.2 several lines", {{"If-None-Match", "\"x\""}, {"If-None-Match", "\"e\""}}, kNotModified, kFailed},
          {"13.1.3 not since", {{"If-Modified-Since", kSame}}, kNotModified, kProceed},
          {"13.1.3 not since later", {{"If-Modified-Since", kAfter}}, kNotModified, kProceed},
          {"13.1.3 since", {{"If-Modified-Since", kBefore}}, kProceed, kProceed},
          {"13.1.3 invalid", {{"If-Modified-Since", "yesterday"}}, kProceed, kProceed},
          {"13.1.3 twice", {{"If-Modified-Since", kSame}, {"If-Modified-Since", kSame}}, kProceed, kProceed},
          {"13.1.4 not since", {{"If-Unmodified-Since", kSame}}, kProceed, kProceed},
          {"13.1.4 since", {{"If-Unmodified-Since", kBefore}}, kFailed, kFailed},
          {"13.1.4 invalid", {{"If-Unmodified-Since", "0"}}, kProceed, kProceed},
          {"13.1.4 twice", {{"If-Unmodified-Since", kBefore}, {"If-Unmodified-Since", kBefore}}, kProceed, kProceed},
      },
      Validators{.etag = "\"e\"", .last_modified_seconds = kModified});
}

// RFC 9110 section 13.2.2.
TEST(ConditionsTest, FollowTheOrderOfPrecedence) {
  ExpectAll(
      {
          {"If-Match beats If-Unmodified-Since",
           {{"If-Unmodified-Since", kBefore}, {"If-Match", "*"}},
           kProceed,
           kProceed},
          {"If-None-Match beats If-Modified-Since",
           {{"If-Modified-Since", kSame}, {"If-None-Match", "\"x\""}},
           kProceed,
           kProceed},
          {"If-Match first", {{"If-None-Match", "\"e\""}, {"If-Match", "\"x\""}}, kFailed, kFailed},
          {"then If-None-Match", {{"If-None-Match", "\"e\""}, {"If-Match", "\"e\""}}, kNotModified, kFailed},
          {"If-Unmodified-Since, then If-None-Match",
           {{"If-Unmodified-Since", kSame}, {"If-None-Match", "\"e\""}},
           kNotModified,
           kFailed},
          {"If-Unmodified-Since, then If-Modified-Since",
           {{"If-Unmodified-Since", kSame}, {"If-Modified-Since", kSame}},
           kNotModified,
           kProceed},
      },
      Validators{.etag = "\"e\"", .last_modified_seconds = kModified});
}

TEST(ConditionsTest, HoldForAWeakCurrentTag) {
  ExpectAll(
      {
          {"never strongly", {{"If-Match", "W/\"e\""}}, kFailed, kFailed},
          {"never strongly", {{"If-Match", "\"e\""}}, kFailed, kFailed},
          {"weakly", {{"If-None-Match", "\"e\""}}, kNotModified, kFailed},
      },
      Validators{.etag = "W/\"e\"", .last_modified_seconds = kModified});
}

TEST(ConditionsTest, HoldWithoutValidators) {
  ExpectAll(
      {
          {"13.1.1", {{"If-Match", "\"e\""}}, kFailed, kFailed},
          {"13.1.1", {{"If-Match", "*"}}, kProceed, kProceed},
          {"13.1.2", {{"If-None-Match", "\"e\""}}, kProceed, kProceed},
          {"13.1.2", {{"If-None-Match", "*"}}, kNotModified, kFailed},
          {"13.1.3", {{"If-Modified-Since", kSame}}, kProceed, kProceed},
          {"13.1.4", {{"If-Unmodified-Since", kBefore}}, kProceed, kProceed},
      },
      Validators{});
}

// A PUT that would create: RFC 9110 sections 13.1.1 and 13.1.2.
TEST(ConditionsTest, HoldWhereNothingExistsYet) {
  ExpectAll(
      {
          {"nothing to match", {{"If-Match", "*"}}, kFailed, kFailed},
          {"lost update", {{"If-Match", "\"e\""}}, kFailed, kFailed},
          {"create only", {{"If-None-Match", "*"}}, kProceed, kProceed},
      },
      Validators{.etag = "\"e\"", .last_modified_seconds = kModified, .exists = false});
}

bool Holds(const std::vector<Field>& fields, const Validators& current) {
  RequestHead head;
  head.fields = fields;
  return IfRangeHolds(head, current, kNow);
}

// RFC 9110 section 13.1.5.
TEST(IfRangeTest, NeedsTheSameStrongTag) {
  const Validators current{.etag = "\"e\"", .last_modified_seconds = kModified};
  EXPECT_TRUE(Holds({}, current));
  EXPECT_TRUE(Holds({{"if-range", "\"e\""}}, current));
  for (const char* value : {"\"x\"", "W/\"e\"", "\"e\", \"e\"", "*", "e", "\"e", ""}) {
    EXPECT_FALSE(Holds({{"If-Range", value}}, current)) << value;
  }
  EXPECT_FALSE(Holds({{"If-Range", "\"e\""}, {"If-Range", "\"e\""}}, current));
  EXPECT_FALSE(Holds({{"If-Range", "W/\"e\""}}, {.etag = "W/\"e\"", .last_modified_seconds = kModified}));
  EXPECT_FALSE(Holds({{"If-Range", "\"e\""}}, {.etag = "\"e\"", .exists = false}));
}

// RFC 9110 sections 13.1.5 and 8.8.2.2: exactly the same date, and only one that is a strong validator.
TEST(IfRangeTest, NeedsExactlyTheSameStrongDate) {
  const Validators current{.etag = "\"e\"", .last_modified_seconds = kModified};
  EXPECT_TRUE(Holds({{"If-Range", kSame}}, current));
  EXPECT_FALSE(Holds({{"If-Range", kBefore}}, current));
  EXPECT_FALSE(Holds({{"If-Range", kAfter}}, current));
  EXPECT_FALSE(Holds({{"If-Range", "yesterday"}}, current));
  EXPECT_FALSE(Holds({{"If-Range", kSame}}, {.etag = "W/\"e\"", .last_modified_seconds = kModified}));
  EXPECT_FALSE(Holds({{"If-Range", kSame}}, {.etag = "\"e\""}));
}

}  // namespace
}  // namespace brilliant::http
