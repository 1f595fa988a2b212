#include "http/ranges.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brilliant::http {
namespace {

constexpr uint64_t kSize = 1'000;
constexpr size_t kRangesMax = 8;
constexpr int64_t kNow = 1'767'323'045;

// "0+10 500+1": offset and length of each part; "whole", "416".
std::string Show(const RangeSelection& selection) {
  if (selection.outcome == RangeOutcome::kWhole) return "whole";
  if (selection.outcome == RangeOutcome::kUnsatisfiable) return "416";
  std::string text;
  for (const ByteRange& range : selection.ranges) {
    text += (text.empty() ? "" : " ") + std::to_string(range.offset) + "+" + std::to_string(range.length);
  }
  return text;
}

struct Case {
  const char* why;
  std::string value;
  std::string expected;
};

void ExpectAll(const std::vector<Case>& cases, uint64_t size = kSize) {
  for (const Case& c : cases) EXPECT_EQ(Show(ParseRange(c.value, size, kRangesMax)), c.expected) << c.why << c.value;
}

// RFC 9110 sections 14.1.1 and 14.1.2.
TEST(RangesTest, SelectOneStretch) {
  ExpectAll({
      {"14.1.2 first and last: ", "bytes=0-499", "0+500"},
      {"14.1.2 one byte: ", "bytes=7-7", "7+1"},
      {"14.1.2 the last byte: ", "bytes=999-999", "999+1"},
      {"14.1.2 open: ", "bytes=500-", "500+500"},
      {"14.1.2 all of it: ", "bytes=0-", "0+1000"},
      {"14.1.2 beyond the end means the end: ", "bytes=990-2000", "990+10"},
      {"14.1.2 suffix: ", "bytes=-500", "500+500"},
      {"14.1.2 a suffix longer than everything: ", "bytes=-1001", "0+1000"},
      {"14.1 unit without case: ", "BYTES=0-0", "0+1"},
      {"leading zeros: ", "bytes=000-0009", "0+10"},
      {"5.6.1 empty members: ", "bytes=,, 0-0 ,\t,", "0+1"},
  });
}

TEST(RangesTest, NumbersOfAnyLengthAreRight) {
  const std::string huge(400, '9');
  const std::string zeros(400, '0');
  ExpectAll({
      {"", "bytes=0-18446744073709551615", "0+1000"},
      {"", "bytes=0-18446744073709551616", "0+1000"},
      {"not 0 by overflow: ", "bytes=18446744073709551616-", "416"},
      {"not 1 to 2 by overflow: ", "bytes=18446744073709551617-18446744073709551618", "416"},
      {"last before first, both beyond: ", "bytes=18446744073709551618-18446744073709551617", "whole"},
      {"", "bytes=5-" + huge, "5+995"},
      {"", "bytes=" + huge + "-", "416"},
      {"", "bytes=-" + huge, "0+1000"},
      {"", "bytes=" + zeros + "5-" + zeros + "6", "5+2"},
      {"", "bytes=" + zeros + "6-5", "whole"},
      {"", "bytes=-" + zeros, "416"},
  });
}

// RFC 9110 section 14.2: a recipient that does not understand the unit, or finds the set invalid, ignores the field.
TEST(RangesTest, OtherUnitsAndMalformedValuesAreIgnored) {
  std::vector<Case> cases;
  for (const char* value :
       {"",           "bytes",      "bytes=",      "bytes=,",    "bytes=-",       "bytes=--1",     "bytes=1",
        "bytes=a-",   "bytes=0-b",  "bytes=0-1-2", "bytes=0 -1", "bytes=0- 1",    "bytes= =0-1",   "bytes =0-1",
        " bytes=0-1", "bytes=+0-1", "bytes=0x0-1", "bytes=1-0",  "bytes=0-1,9-8", "bytes=0-1;2-3", "bytes=0-1,x",
        "items=0-1",  "byte=0-1",   "bytes:0-1",   "=0-1",       "bytes=\"0-1\"", "bytes=0-1 2-3", "bytes=1.0-2",
        "none",       "bytes=-1-"}) {
    cases.push_back({"", value, "whole"});
  }
  ExpectAll(cases);
}

// RFC 9110 sections 14.1.2 and 15.5.17.
TEST(RangesTest, WhatDoesNotExistIsDroppedAndNothingLeftIsUnsatisfiable) {
  ExpectAll({
      {"", "bytes=1000-", "416"},
      {"", "bytes=1000-1001,5000-", "416"},
      {"", "bytes=-0", "416"},
      {"", "bytes=1000-,0-0", "0+1"},
      {"", "bytes=-0,-1", "999+1"},
  });
}

TEST(RangesTest, OfAnEmptyFileNothingCanBeSent) {
  ExpectAll(
      {
          {"", "bytes=0-", "416"},
          {"", "bytes=0-0", "416"},
          {"", "bytes=-0", "416"},
          {"14.1.2 satisfiable, but no Content-Range can say so: ", "bytes=-5", "whole"},
          {"", "bytes=0-,-5", "whole"},
          {"", "bytes=1-0", "whole"},
      },
      0);
}

// RFC 9110 section 15.3.7.2.
TEST(RangesTest, OverlappingAdjacentAndNearbyOnesBecomeOne) {
  const std::string near_gap = std::to_string(10 + kPartOverheadBytes - 1);
  const std::string far_gap = std::to_string(10 + kPartOverheadBytes);
  ExpectAll({
      {"apart: ", "bytes=0-9,500-509", "0+10 500+10"},
      {"as asked for: ", "bytes=500-509,0-9", "500+10 0+10"},
      {"overlapping: ", "bytes=0-100,50-150", "0+151"},
      {"inside: ", "bytes=0-100,50-60", "0+101"},
      {"adjacent: ", "bytes=0-9,10-19", "0+20"},
      {"the same: ", "bytes=5-9,5-9,5-9", "5+5"},
      {"a small gap: ", "bytes=0-9," + near_gap + "-200", "0+201"},
      {"a gap worth a part: ", "bytes=0-9," + far_gap + "-200", "0+10 " + far_gap + "+111"},
      {"the first of the group counts: ", "bytes=800-809,0-9,805-820,400-409,5-20", "800+21 0+21 400+10"},
      {"in a chain, from behind: ", "bytes=300-400,200-300,100-200", "100+301"},
      {"by suffix: ", "bytes=-10,0-0", "990+10 0+1"},
  });
}

TEST(RangesTest, MoreThanAllowedAreIgnored) {
  std::string value = "bytes=0-0";
  for (size_t i = 1; i < kRangesMax; ++i) value += "," + std::to_string(100 * i) + "-" + std::to_string(100 * i);
  EXPECT_EQ(ParseRange(value, kSize, kRangesMax).ranges.size(), kRangesMax);
  ExpectAll({
      {"also where it is one in the end: ", value + ",0-", "whole"},
      {"and where it has no byte: ", value + ",5000-", "whole"},
      {"empty members are none: ", value + ",,,", Show(ParseRange(value, kSize, kRangesMax))},
  });
  EXPECT_EQ(Show(ParseRange("bytes=0-0", kSize, 0)), "whole");
  EXPECT_EQ(Show(ParseRange("bytes=0-0,5-5", kSize, 1)), "whole");
}

// CVE-2011-3192.
TEST(RangesTest, NeverAddUpToMoreThanTheFile) {
  std::string value = "bytes=0-";
  for (int i = 0; i < 1'300; ++i) value += ",5-" + std::to_string(i + 5);
  EXPECT_EQ(Show(ParseRange(value, kSize, 10'000)), "0+1000");
  EXPECT_EQ(Show(ParseRange(value, kSize, 64)), "whole");
}

RangeSelection Select(Method method, const std::vector<Field>& fields, size_t ranges_max = kRangesMax) {
  RequestHead head;
  head.method = method;
  head.fields = fields;
  return SelectRanges(head, {.etag = "\"e\"", .last_modified_seconds = 784'111'777}, kSize, ranges_max, kNow);
}

// RFC 9110 section 14.2: "MUST ignore a Range header field received with a request method that is unrecognized or for
// which range handling is not defined"; it is defined for GET.
TEST(RangesTest, AreForGetAlone) {
  EXPECT_EQ(Show(Select(Method::kGet, {{"range", "bytes=0-9"}})), "0+10");
  EXPECT_EQ(Show(Select(Method::kGet, {})), "whole");
  for (const Method method : {Method::kHead, Method::kPost, Method::kPut, Method::kDelete, Method::kOptions}) {
    EXPECT_EQ(Show(Select(method, {{"Range", "bytes=0-9"}})), "whole");
  }
}

TEST(RangesTest, AreIgnoredWhenTurnedOffOrGivenTwice) {
  EXPECT_EQ(Show(Select(Method::kGet, {{"Range", "bytes=0-9"}}, 0)), "whole");
  EXPECT_EQ(Show(Select(Method::kGet, {{"Range", "bytes=5000-"}}, 0)), "whole");
  EXPECT_EQ(Show(Select(Method::kGet, {{"Range", "bytes=0-9"}, {"Range", "bytes=0-9"}})), "whole");
}

// RFC 9110 section 13.2.2, step 5.
TEST(RangesTest, CountOnlyWhileIfRangeHolds) {
  EXPECT_EQ(Show(Select(Method::kGet, {{"If-Range", "\"e\""}, {"Range", "bytes=0-9"}})), "0+10");
  EXPECT_EQ(Show(Select(Method::kGet, {{"If-Range", "\"x\""}, {"Range", "bytes=0-9"}})), "whole");
  EXPECT_EQ(Show(Select(Method::kGet, {{"If-Range", "\"x\""}, {"Range", "bytes=5000-"}})), "whole");
  EXPECT_EQ(Show(Select(Method::kGet, {{"If-Range", "\"e\""}})), "whole");
}

TEST(RangesTest, ContentRangeSaysFirstLastAndAll) {
  EXPECT_EQ(ContentRange({.offset = 0, .length = 1}, 1), "bytes 0-0/1");
  EXPECT_EQ(ContentRange({.offset = 42, .length = 1'192}, 1'234), "bytes 42-1233/1234");
  EXPECT_EQ(UnsatisfiedContentRange(47'022), "bytes */47022");
}

}  // namespace
}  // namespace brilliant::http
