#include "files/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace brilliant::files {
namespace {

TEST(NaturalOrderTest, NumbersCompareByValueAndLettersWithoutCase) {
  const std::vector<std::string> ordered = {"",
                                            "1",
                                            "01",
                                            "2",
                                            "10",
                                            "a",
                                            "A1",
                                            "a2",
                                            "a2b",
                                            "a10",
                                            "B",
                                            "b",
                                            "b 9",
                                            "b 10",
                                            "b 99999999999999999999999",
                                            "b 100000000000000000000000",
                                            "b-1",
                                            "bc",
                                            "\xC3\xA4",
                                            "\xFF"};
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t k = 0; k < ordered.size(); ++k) {
      // "1" and "01" are the same number: by their bytes, "0" comes first.
      const bool zero = ordered[i] == "01" || ordered[k] == "01";
      if (zero) continue;
      EXPECT_EQ(CompareNaturally(ordered[i], ordered[k]) < 0, i < k) << ordered[i] << " / " << ordered[k];
      EXPECT_EQ(CompareNaturally(ordered[i], ordered[k]) == 0, i == k) << ordered[i] << " / " << ordered[k];
    }
  }
}

TEST(NaturalOrderTest, OnlyEqualNamesAreEqual) {
  EXPECT_TRUE(CompareNaturally("x01", "x1") < 0);
  EXPECT_TRUE(CompareNaturally("x1", "x01") > 0);
  EXPECT_TRUE(CompareNaturally("README", "readme") < 0);
  EXPECT_TRUE(CompareNaturally("x000", "x00") > 0);
  EXPECT_TRUE(CompareNaturally("x1", "x1") == 0);
}

TEST(NaturalOrderTest, IsAnOrderForNamesOfAllBytes) {
  std::vector<std::string> names;
  for (int first = 0; first < 256; first += 3) {
    for (int second = 0; second < 256; second += 5)
      names.push_back({static_cast<char>(first), static_cast<char>(second)});
  }
  const auto before = [](const std::string& a, const std::string& b) { return CompareNaturally(a, b) < 0; };
  std::ranges::sort(names, before);
  EXPECT_TRUE(std::ranges::is_sorted(names, before));
  for (size_t i = 0; i + 1 < names.size(); i += 7) EXPECT_TRUE(before(names[i], names.back()) || i + 1 == names.size());
}

}  // namespace
}  // namespace brilliant::files
