#include "process/descriptor_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace brilliant::process {
namespace {

DescriptorTable Full() {
  DescriptorTable table;
  table.supervisor = 812;
  table.slot = 3;
  table.generation = 7;
  table.config = 5;
  table.control = 6;
  table.page = 8;
  table.access_log = 9;
  table.error_log = 10;
  table.cgroups = 64;
  table.identity = Identity{.uid = 33, .gid = 34, .groups = {34, 35}, .name = {}};
  table.listeners = {
      {.fd = 11, .name = "127.0.0.1:80"}, {.fd = 12, .name = "unix:/a b;c=d%\n"}, {.fd = 13, .name = "[::1]:80"}};
  return table;
}

constexpr char kLeast[] = "version=2;role=worker;supervisor=2;slot=0;generation=1;config=3;control=4;page=5";

TEST(DescriptorTableTest, EverythingComesBackFromItsText) {
  const Result<DescriptorTable> table = DescriptorTable::Decode(Full().Encode());
  ASSERT_TRUE(table);
  EXPECT_EQ(*table, Full());
}

TEST(DescriptorTableTest, WhatIsOptionalMayBeMissing) {
  const Result<DescriptorTable> table = DescriptorTable::Decode(kLeast);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->access_log, -1);
  EXPECT_EQ(table->error_log, -1);
  EXPECT_EQ(table->cgroups, 0);
  EXPECT_FALSE(table->identity);
  EXPECT_EQ(table->Descriptors(), (std::vector<int>{3, 4, 5}));
  EXPECT_EQ(*DescriptorTable::Decode(table->Encode()), *table);
}

TEST(DescriptorTableTest, AllDescriptorsAreListed) {
  EXPECT_EQ(Full().Descriptors(), (std::vector<int>{5, 6, 8, 9, 10, 11, 12, 13}));
}

TEST(DescriptorTableTest, AnIdentityWithoutSupplementaryGroupsIsOne) {
  DescriptorTable table = Full();
  table.identity->groups.clear();
  EXPECT_EQ(DescriptorTable::Decode(table.Encode())->identity, table.identity);
}

TEST(DescriptorTableTest, AnythingElseIsRefused) {
  const std::string least = kLeast;
  const std::string bad[] = {
      "",
      "1",
      "yes",
      "version=3" + least.substr(9),
      least + ";",
      least + ";;",
      least + ";colour=red",
      least + ";slot=0",
      least + ";access_log=",
      least + ";access_log=2",
      least + ";access_log=-1",
      least + ";access_log=99999999999",
      least + ";uid=33",
      least + ";uid=33;gid=33",
      least + ";uid=33;gid=33;groups=x",
      least + ";listener=9",
      least + ";listener=9,",
      least + ";listener=1,a",
      least + ";listener=9,a%2",
      least + ";listener=9,a%zz",
      least.substr(0, least.size() - 7),
  };
  for (const std::string& text : bad) {
    const Result<DescriptorTable> table = DescriptorTable::Decode(text);
    ASSERT_FALSE(table) << text;
    EXPECT_EQ(table.error().code, ErrorCode::kInvalid);
  }
}

TEST(DescriptorTableTest, EveryCutOffTableIsRefusedOrStillWhole) {
  const std::string text = Full().Encode();
  for (size_t length = 0; length < text.size(); ++length) {
    const Result<DescriptorTable> table = DescriptorTable::Decode(text.substr(0, length));
    if (table) {
      EXPECT_NE(*table, Full());
    }
  }
}

TEST(DescriptorTableTest, TheNumberOfListenersIsLimited) {
  std::string text = kLeast;
  for (size_t i = 0; i < kTableListenersMax; ++i) text += fmt::format(";listener={},a", 100 + i);
  ASSERT_TRUE(DescriptorTable::Decode(text));
  const Result<DescriptorTable> table = DescriptorTable::Decode(text + ";listener=9,a");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace brilliant::process
