#include "files/path_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace brilliant::files {
namespace {

constexpr HashKey kPaperKey{.low = 0x0706050403020100, .high = 0x0f0e0d0c0b0a0908};

std::string Counting(size_t length) {
  std::string bytes;
  for (size_t i = 0; i < length; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(SipHashTest, GivesTheValuesOfItsReference) {
  // "SipHash: a fast short-input PRF", appendix A, and vectors_sip64 of the reference implementation.
  EXPECT_EQ((SipHash<2, 4>(kPaperKey).Hash(Counting(15))), 0xa129ca6149be45e5);
  EXPECT_EQ((SipHash<2, 4>(kPaperKey).Hash("")), 0x726fdb47dd0e0e31);
  EXPECT_EQ((SipHash<2, 4>(kPaperKey).Hash(std::string_view())), 0x726fdb47dd0e0e31);
  EXPECT_EQ((SipHash<2, 4>(kPaperKey).Hash(Counting(1))), 0x74f839c593dc67fd);
  EXPECT_EQ((SipHash<2, 4>(kPaperKey).Hash(Counting(8))), 0x93f5f5799a932462);
}

TEST(SipHashTest, DependsOnEveryByteTheLengthAndTheKey) {
  std::set<uint64_t> seen;
  for (size_t length = 0; length <= 64; ++length) {
    std::string path(length, 'a');
    EXPECT_TRUE(seen.insert(HashPath(kPaperKey, path)).second);
    for (char& c : path) {
      c = 'b';
      EXPECT_TRUE(seen.insert(HashPath(kPaperKey, path)).second);
    }
  }
  EXPECT_NE(HashPath(kPaperKey, "index.html"), HashPath(HashKey{.low = 1, .high = 2}, "index.html"));
}

}  // namespace
}  // namespace brilliant::files
