#include "http/body_decoder.h"

#include <gtest/gtest.h>

namespace brilliant::http {
namespace {

// RFC 9112 section 6.3, item 7.
TEST(BodyDecoderTest, HasNoContentWithoutFraming) {
  BodyDecoder decoder;
  decoder.Start(Framing::kNone, 5);
  EXPECT_TRUE(decoder.complete());
  EXPECT_EQ(decoder.remaining(), 0U);
  EXPECT_EQ(decoder.Next("GET /").status, BodyStatus::kDone);
  EXPECT_EQ(decoder.Next("GET /").consumed, 0U);
}

// RFC 9112 section 6.3, item 6.
TEST(BodyDecoderTest, TakesAsMuchAsTheLengthSays) {
  BodyDecoder decoder;
  decoder.Start(Framing::kLength, 5);
  EXPECT_FALSE(decoder.complete());
  EXPECT_EQ(decoder.Next("").status, BodyStatus::kNeedMore);
  BodyStep step = decoder.Next("ab");
  EXPECT_EQ(step.status, BodyStatus::kContent);
  EXPECT_EQ(step.content, "ab");
  EXPECT_EQ(decoder.remaining(), 3U);
  EXPECT_FALSE(decoder.complete()) << "a body cut short is never complete";
  step = decoder.Next("cdeGET /");
  EXPECT_EQ(step.content, "cde");
  EXPECT_EQ(step.consumed, 3U);
  EXPECT_TRUE(decoder.complete());
  EXPECT_EQ(decoder.content_bytes(), 5U);
  EXPECT_EQ(decoder.Next("GET /").status, BodyStatus::kDone);
  EXPECT_EQ(decoder.Next("GET /").consumed, 0U);
}

TEST(BodyDecoderTest, IsCompleteAtOnceWithLengthZero) {
  BodyDecoder decoder;
  decoder.Start(Framing::kLength, 0);
  EXPECT_TRUE(decoder.complete());
  EXPECT_EQ(decoder.Next("x").status, BodyStatus::kDone);
}

// RFC 9112 section 6.3, item 4, and section 8.
TEST(BodyDecoderTest, KnowsTheEndOfChunkedContentOnlyFromTheCoding) {
  BodyDecoder decoder;
  decoder.Start(Framing::kChunked, 0);
  const BodyStep step = decoder.Next("3\r\nabc\r\n");
  EXPECT_EQ(step.content, "abc");
  EXPECT_EQ(decoder.remaining(), std::nullopt);
  EXPECT_EQ(decoder.Next("\r\n0\r\n").status, BodyStatus::kNeedMore);
  EXPECT_FALSE(decoder.complete());
  EXPECT_EQ(decoder.Next("A: b\r\n\r\n").status, BodyStatus::kDone);
  EXPECT_TRUE(decoder.complete());
  EXPECT_EQ(decoder.remaining(), 0U);
  EXPECT_EQ(decoder.content_bytes(), 3U);
  EXPECT_EQ(decoder.trailers().size(), 1U);
}

TEST(BodyDecoderTest, StartsAnewForTheNextRequest) {
  BodyDecoder decoder;
  decoder.Start(Framing::kChunked, 0);
  EXPECT_EQ(decoder.Next("x").status, BodyStatus::kError);
  EXPECT_STREQ(decoder.error().reason, "chunk without a size");
  EXPECT_FALSE(decoder.complete());
  RequestHead head;
  head.framing = Framing::kLength;
  head.content_length = 2;
  decoder.Start(head);
  EXPECT_EQ(decoder.Next("xyz").content, "xy");
  EXPECT_EQ(decoder.content_bytes(), 2U);
}

}  // namespace
}  // namespace brilliant::http
