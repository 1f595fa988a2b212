#include "http/chunked_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace brilliant::http {
namespace {

struct Decoded {
  BodyStatus status = BodyStatus::kNeedMore;
  size_t consumed = 0;
  std::string content;
};

// Feeds `input` in pieces of at most `piece` bytes.
Decoded Decode(ChunkedDecoder& decoder, std::string_view input, size_t piece) {
  Decoded decoded;
  while (decoded.consumed < input.size() && decoded.status != BodyStatus::kDone) {
    const BodyStep step = decoder.Next(input.substr(decoded.consumed, piece));
    decoded.status = step.status;
    if (step.status == BodyStatus::kError) break;
    decoded.consumed += step.consumed;
    decoded.content += step.content;
  }
  return decoded;
}

Decoded DecodeWhole(ChunkedDecoder& decoder, std::string_view input) { return Decode(decoder, input, input.size()); }

// RFC 9112 section 7.1.
TEST(ChunkedDecoderTest, DecodesWhateverTheSplits) {
  const std::string coded = "5\r\nhello\r\n0001;a=b;c=\"\\\"x\" ; d\r\n \r\n0A\r\n0123456789\r\n0\r\nX: y \r\n\r\nNEXT";
  for (size_t piece = 1; piece <= coded.size(); ++piece) {
    ChunkedDecoder decoder;
    const Decoded decoded = Decode(decoder, coded, piece);
    EXPECT_EQ(decoded.status, BodyStatus::kDone) << decoder.error().reason;
    EXPECT_EQ(decoded.content, "hello 0123456789");
    EXPECT_EQ(decoded.consumed, coded.size() - 4);
    EXPECT_EQ(decoder.content_bytes(), 16U);
    ASSERT_EQ(decoder.trailers().size(), 1U);
    EXPECT_EQ(decoder.trailers()[0].name, "X");
    EXPECT_EQ(decoder.trailers()[0].value, "y");
  }
}

TEST(ChunkedDecoderTest, HandsOutViewsIntoTheInput) {
  const std::string coded = "3\r\nabc\r\n0\r\n\r\n";
  ChunkedDecoder decoder;
  const BodyStep step = decoder.Next(coded);
  EXPECT_EQ(step.status, BodyStatus::kContent);
  EXPECT_EQ(step.content.data(), coded.data() + 3);
  EXPECT_EQ(step.consumed, 6U);
}

TEST(ChunkedDecoderTest, IsNotDoneBeforeTheLastByte) {
  const std::string coded = "1\r\na\r\n0\r\nA: b\r\n\r\n";
  for (size_t size = 0; size < coded.size(); ++size) {
    ChunkedDecoder decoder;
    EXPECT_NE(DecodeWhole(decoder, std::string_view(coded).substr(0, size)).status, BodyStatus::kDone) << size;
    EXPECT_FALSE(decoder.done());
    EXPECT_TRUE(decoder.trailers().empty());
  }
}

TEST(ChunkedDecoderTest, StartsAnewAfterReset) {
  ChunkedDecoder decoder;
  EXPECT_EQ(DecodeWhole(decoder, "1;x\r\na\r\n0\r\nA: b\r\n\r\n").status, BodyStatus::kDone);
  EXPECT_EQ(decoder.Next("more").status, BodyStatus::kDone);
  EXPECT_EQ(decoder.Next("more").consumed, 0U);
  decoder.Reset();
  EXPECT_FALSE(decoder.done());
  const Decoded decoded = DecodeWhole(decoder, "2\r\nbc\r\n0\r\n\r\n");
  EXPECT_EQ(decoded.content, "bc");
  EXPECT_EQ(decoder.content_bytes(), 2U);
  EXPECT_TRUE(decoder.trailers().empty());
}

TEST(ChunkedDecoderTest, ReadsSizesToTheirLimit) {
  ChunkedDecoder decoder;
  EXPECT_EQ(DecodeWhole(decoder, "7fffffffFFFFFFFF\r\nabc").content, "abc");
  decoder.Reset();
  EXPECT_EQ(DecodeWhole(decoder, std::string(kChunkSizeDigitsMax - 1, '0') + "1\r\na").content, "a");
  decoder.Reset();
  EXPECT_EQ(DecodeWhole(decoder, std::string(kChunkSizeDigitsMax, '0') + "\r\n\r\n").status, BodyStatus::kDone);
}

TEST(ChunkedDecoderTest, RefusesEverythingElse) {
  struct Case {
    std::string coded;
    uint64_t offset;
    const char* reason;
  };
  const char* const kMalformed = "malformed chunk extension";
  const char* const kSize = "malformed chunk size or extension";
  const Case cases[] = {
      // RFC 9112 section 7.1: chunk-size = 1*HEXDIG
      {"\r\n", 0, "chunk without a size"},
      {" 1\r\n", 0, "chunk without a size"},
      {"+1\r\n", 0, "chunk without a size"},
      {"-1\r\n", 0, "chunk without a size"},
      {";a\r\n", 0, "chunk without a size"},
      {"0x1\r\n", 1, kSize},
      {"1g\r\n", 1, kSize},
      {"1,1\r\n", 1, kSize},
      {"1_0\r\n", 1, kSize},
      {"8000000000000000\r\n", 15, "chunk size above 2^63-1"},
      {"ffffffffffffffff0\r\n", 15, "chunk size above 2^63-1"},
      {"10000000000000001\r\n", 16, "chunk size above 2^63-1"},
      {std::string(kChunkSizeDigitsMax + 1, '0'), kChunkSizeDigitsMax, "chunk size with more digits than the limit"},
      // RFC 9112 section 2.2: no bare CR or LF
      {"1\na\r\n", 1, "LF without CR after a chunk size"},
      {"1\r\r\n", 2, "CR without LF after a chunk size"},
      {"1;a\n", 3, "LF without CR after a chunk size"},
      {"1\r\nab\r\n", 4, "chunk content that doesn't end with CR LF"},
      {"1\r\na\n", 4, "chunk content that doesn't end with CR LF"},
      {"1\r\na\r1", 5, "chunk content that doesn't end with CR LF"},
      // RFC 9112 section 7.1.1
      {"1 \r\n", 2, kMalformed},
      {"1\t1\r\n", 2, kMalformed},
      {"1;\r\n", 2, kMalformed},
      {"1; \r\n", 3, kMalformed},
      {"1;;a\r\n", 2, kMalformed},
      {"1;a \r\n", 4, kMalformed},
      {"1;a b\r\n", 4, kMalformed},
      {"1;a=\r\n", 4, kMalformed},
      {"1;a==b\r\n", 4, kMalformed},
      {"1;a=b=c\r\n", 5, kSize},
      {"1;a=\"b\r\n", 6, kMalformed},
      {"1;a=\"\\\r\n", 6, kMalformed},
      {"1;a=\"\n\"\r\n", 5, kMalformed},
      {"1;a=\"b\"c\r\n", 7, kSize},
      {"1;a=b \r\n", 6, kMalformed},
      {"1;a(\r\n", 3, kSize},
      {std::string("1;a\0\r\n", 6), 3, kSize},
      // RFC 9112 section 7.1.2: field lines
      {"0\r\n\n", 3, "LF without CR"},
      {"0\r\n\rX\n", 5, "LF without CR"},
      {"0\r\nA: b\n\r\n", 7, "LF without CR"},
      {"0\r\nA : b\r\n", 4, "blank in or after a field name"},
      {"0\r\nA: b\r\n c\r\n", 9, "field line that begins with a blank (obsolete line folding)"},
      {"0\r\nA: \x01\r\n", 6, "control character in a field value"},
      {"0\r\nA\r\n", 4, "field line without a colon"},
  };
  for (const Case& c : cases) {
    for (const size_t piece : {c.coded.size(), size_t{1}}) {
      ChunkedDecoder decoder;
      EXPECT_EQ(Decode(decoder, c.coded, piece).status, BodyStatus::kError) << c.coded;
      EXPECT_EQ(decoder.error().status, 400) << c.coded;
      EXPECT_EQ(decoder.error().offset, c.offset) << c.coded;
      EXPECT_STREQ(decoder.error().reason, c.reason) << c.coded;
      EXPECT_EQ(decoder.Next("0\r\n\r\n").status, BodyStatus::kError) << "an error stays";
      EXPECT_FALSE(decoder.done());
    }
  }
}

TEST(ChunkedDecoderTest, BoundsTheExtensionsOfOneLine) {
  const ChunkLimits limits{.extension_bytes_max = 10};
  ChunkedDecoder fits(limits);
  EXPECT_EQ(DecodeWhole(fits, "0;" + std::string(9, 'a') + "\r\n\r\n").status, BodyStatus::kDone);
  ChunkedDecoder after_much_content(limits);
  EXPECT_EQ(DecodeWhole(after_much_content, "32\r\n" + std::string(0x32, 'x') + "\r\n0;" + std::string(10, 'a')).status,
            BodyStatus::kError);
  EXPECT_STREQ(after_much_content.error().reason, "chunk extensions above the limit");
}

TEST(ChunkedDecoderTest, BoundsTheExtensionsOfAllLinesByTheContent) {
  const std::string chunk = "1;abcd\r\nx\r\n";
  ChunkedDecoder decoder(ChunkLimits{.extension_bytes_max = 10});
  EXPECT_EQ(DecodeWhole(decoder, chunk + chunk).status, BodyStatus::kNeedMore);
  EXPECT_EQ(DecodeWhole(decoder, chunk).status, BodyStatus::kError);
  EXPECT_STREQ(decoder.error().reason, "chunk extensions above the limit");
  ChunkedDecoder balanced(ChunkLimits{.extension_bytes_max = 10});
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(DecodeWhole(balanced, "5;abcd\r\nxxxxx\r\n").status, BodyStatus::kNeedMore);
  }
}

TEST(ChunkedDecoderTest, BoundsTheTrailerSection) {
  ChunkedDecoder bytes(ChunkLimits{.trailer_bytes_max = 10});
  EXPECT_EQ(DecodeWhole(bytes, "0\r\nA: bcde\r\n\r\n").status, BodyStatus::kError);
  EXPECT_EQ(bytes.error().status, 431);
  EXPECT_EQ(bytes.error().offset, 13U);
  bytes.Reset();
  EXPECT_EQ(DecodeWhole(bytes, "0\r\nA: bcd\r\n\r\n").status, BodyStatus::kDone);

  ChunkedDecoder lines(ChunkLimits{.trailers_max = 2});
  EXPECT_EQ(DecodeWhole(lines, "0\r\nA: b\r\nHost: x\r\nC: d\r\n\r\n").status, BodyStatus::kError);
  EXPECT_EQ(lines.error().status, 431);
  EXPECT_EQ(lines.error().offset, 18U);
  lines.Reset();
  EXPECT_EQ(DecodeWhole(lines, "0\r\nA: b\r\nHost: x\r\n\r\n").status, BodyStatus::kDone);
}

// RFC 9110 section 6.5.1: nobody may send them there, and some recipients take the next request to be framed by them.
TEST(ChunkedDecoderTest, RefusesFramingFieldsInTheTrailerSection) {
  for (const std::string_view name : {"Content-Length", "TRANSFER-ENCODING"}) {
    ChunkedDecoder decoder;
    EXPECT_EQ(DecodeWhole(decoder, "0\r\nA: b\r\n" + std::string(name) + ": 9\r\n\r\n").status, BodyStatus::kError);
    EXPECT_EQ(decoder.error().status, 400);
    EXPECT_EQ(decoder.error().offset, 9U);
    EXPECT_STREQ(decoder.error().reason, "framing field in a trailer section");
  }
}

// RFC 9110 section 6.5.1.
TEST(ChunkedDecoderTest, DropsTrailersThatWouldChangeTheRequest) {
  ChunkedDecoder decoder;
  EXPECT_EQ(DecodeWhole(decoder,
                        "0\r\nContent-Range: 5\r\nDigest: a\r\nCONNECTION: close\r\nHost: evil\r\n"
                        "authorization: b\r\nContent-Type: c\r\nX-Sum: \r\n\r\n")
                .status,
            BodyStatus::kDone);
  ASSERT_EQ(decoder.trailers().size(), 2U);
  EXPECT_EQ(decoder.trailers()[0].name, "Digest");
  EXPECT_EQ(decoder.trailers()[1].name, "X-Sum");
  EXPECT_EQ(decoder.trailers()[1].value, "");
}

}  // namespace
}  // namespace brilliant::http
