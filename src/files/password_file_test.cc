#include "files/password_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "files/test_folder.h"

namespace brilliant::files {
namespace {

constexpr std::string_view kPassword = "open sesame";
// Of kPassword, with the least cost each kind allows.
constexpr std::string_view kBcrypt = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
constexpr std::string_view kHashes[] = {
    kBcrypt,
    "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy",
    "$2a$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy",
    "$5$rounds=1000$saltsalt$nKsyTQBmKz4GdCft0Sv/FbzLiu0y3wFdEXOzudLQLJ5",
    "$6$rounds=1000$saltsalt$/IiX/CoEcxCZ9SksEXnbjfCT1LGvD4z5OpJkaFYl/T37OAwuKZ8I8BixDhruhPLkw6lS7dw/6wQWgQnGo7lLg/",
    "$y$j75$saltsaltsalt$/t.p6VFaMssrvW9hjFBIPSCdXaaCzdMD9V8t0nx8fL.",
    "$gy$j75$saltsaltsalt$m9kc19pPBIkMXA6D8dmuWZ9ZJjkpcVVFNV3dlLs.c79",
};
constexpr WallTime kLater{.nanoseconds = INT64_MAX};

std::string Entry(std::string_view user, std::string_view hash) {
  return std::string(user) + ":" + std::string(hash) + "\n";
}
PasswordVerdict Verify(const PasswordFile& file, std::string_view user, std::string_view password) {
  return VerifyPassword(file, user, std::string(password));
}

TEST(PasswordFileTest, EveryAcceptedKindOfHashIsVerified) {
  for (const std::string_view hash : kHashes) {
    const PasswordFile file(Entry("ann", hash));
    EXPECT_EQ(file.fault(), nullptr);
    EXPECT_EQ(file.refused_count(), 0U);
    EXPECT_EQ(Verify(file, "ann", kPassword), PasswordVerdict::kRight) << hash;
    for (const char* wrong : {"", "open sesam", "open sesame ", "Open sesame"}) {
      EXPECT_EQ(Verify(file, "ann", wrong), PasswordVerdict::kWrong) << hash;
    }
    EXPECT_EQ(Verify(file, "Ann", kPassword), PasswordVerdict::kWrong);
    EXPECT_EQ(Verify(file, "", kPassword), PasswordVerdict::kWrong);
  }
}

TEST(PasswordFileTest, WhatIsWeakOrUnknownLetsNobodyIn) {
  const std::string_view hashes[] = {kPassword,
                                     "$apr1$saltsalt$abcdefghijklmnopqrstuv",
                                     "{SHA}7xgXvV5KQ6wyOJrVQ9uNOB2EFHg=",
                                     "{PLAIN}open sesame",
                                     "ab1234567890.",
                                     "$1$saltsalt$abcdefghijklmnopqrstuv",
                                     "",
                                     "!",
                                     "*",
                                     "x$2y$04$abc"};
  for (const std::string_view hash : hashes) {
    const PasswordFile file(Entry("good", kBcrypt) + Entry("ann", hash));
    EXPECT_EQ(file.fault(), nullptr) << hash;
    EXPECT_EQ(file.refused_count(), 1U) << hash;
    EXPECT_EQ(file.refused_line(), 2) << hash;
    EXPECT_EQ(file.FindHash("ann"), nullptr) << hash;
    EXPECT_EQ(Verify(file, "ann", kPassword), PasswordVerdict::kWrong) << hash;
    EXPECT_EQ(Verify(file, "ann", hash), PasswordVerdict::kWrong) << hash;
    EXPECT_EQ(Verify(file, "good", kPassword), PasswordVerdict::kRight) << "others come in";
  }
}

TEST(PasswordFileTest, ADamagedHashIsNotComputed) {
  for (const char* hash : {"$2y$", "$2y$04$short", "$2y$99$abcdefghijklmnopqrstuu", "$5$"}) {
    const PasswordFile file(Entry("ann", hash));
    EXPECT_NE(Verify(file, "ann", kPassword), PasswordVerdict::kRight) << hash;
    EXPECT_NE(Verify(file, "ann", ""), PasswordVerdict::kRight) << hash;
  }
  EXPECT_EQ(Verify(PasswordFile("ann:$2y$99$abcdefghijklmnopqrstuu"), "ann", "x"), PasswordVerdict::kNotComputed);
}

TEST(PasswordFileTest, WhoIsNoUserCostsAHashAsWell) {
  const PasswordFile file("weak:plain\n" + Entry("ann", kBcrypt));
  EXPECT_EQ(file.decoy(), kBcrypt);
  EXPECT_EQ(Verify(file, "nobody", kPassword), PasswordVerdict::kWrong) << "although the decoy would match";
  EXPECT_EQ(Verify(PasswordFile(""), "nobody", ""), PasswordVerdict::kWrong);
}

TEST(PasswordFileTest, CommentsAndEndsOfLinesAreLeftOut) {
  const std::string text = "# users\r\n\r\n  \t\nann:" + std::string(kBcrypt) + "\r\nbob:" + std::string(kBcrypt) +
                           ":a comment: with colons\ncid:  " + std::string(kBcrypt) + " ";
  const PasswordFile file(text);
  EXPECT_EQ(file.fault(), nullptr) << file.fault();
  for (const char* user : {"ann", "bob", "cid"}) {
    ASSERT_NE(file.FindHash(user), nullptr) << user;
    EXPECT_EQ(*file.FindHash(user), kBcrypt);
  }
}

TEST(PasswordFileTest, AFileThatCanNotBeUnderstoodHasNoUsers) {
  const std::string good = Entry("ann", kBcrypt);
  const std::pair<std::string, int> cases[] = {
      {good + "no colon here\n", 2},
      {good + ":" + std::string(kBcrypt), 2},
      {good + "\n" + good, 3},
      {good + "bob:plain\nbob:" + std::string(kBcrypt), 3},
      {good + "b\tob:x", 2},
      {good + std::string("b\0b:x", 5), 2},
      {good + "\x1b[31mbob:x", 2},
      {good + std::string(kPasswordLineBytesMax - 2, 'b') + ":x\n", 2},
      {good + "#" + std::string(kPasswordLineBytesMax, 'b') + "\n" + "bob:" + std::string(kPasswordLineBytesMax, 'x'),
       3},
      {good + std::string(256, 'b') + ":x\n", 2},
  };
  for (const auto& [text, line] : cases) {
    const PasswordFile file(text);
    EXPECT_NE(file.fault(), nullptr) << text;
    EXPECT_EQ(file.fault_line(), line) << text;
    EXPECT_EQ(file.FindHash("ann"), nullptr);
    EXPECT_EQ(Verify(file, "ann", kPassword), PasswordVerdict::kWrong);
  }
  EXPECT_EQ(PasswordFile(good + std::string(255, 'b') + ":x\n").fault(), nullptr);
}

TEST(PasswordFileTest, TheNumberOfUsersHasALimit) {
  std::string text;
  for (size_t i = 0; i < kPasswordUsersMax; ++i) text += "u" + std::to_string(i) + ":$5$x\n";
  EXPECT_EQ(PasswordFile(text).fault(), nullptr);
  EXPECT_STREQ(PasswordFile(text + "one:$5$more").fault(), "there are too many users");
}

TEST(PasswordFileTest, AFileIsReadAgainWhenItHasChanged) {
  TestFolder folder;
  folder.Write("users", Entry("ann", kBcrypt));
  const Result<PasswordFilePtr> first = ReadPasswordFile(folder.Path("users"), nullptr, kLater);
  ASSERT_TRUE(first.has_value());
  EXPECT_NE((*first)->FindHash("ann"), nullptr);
  EXPECT_EQ(ReadPasswordFile(folder.Path("users"), *first, kLater).value_or(nullptr), *first) << "the very same";

  folder.Write("new", Entry("bob", kBcrypt));
  folder.Rename("new", "users");
  const Result<PasswordFilePtr> second = ReadPasswordFile(folder.Path("users"), *first, kLater);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ((*second)->FindHash("ann"), nullptr);
  EXPECT_NE((*second)->FindHash("bob"), nullptr);
}

TEST(PasswordFileTest, AFileThatChangedJustNowIsReadAgainInAnyCase) {
  TestFolder folder;
  folder.Write("users", Entry("ann", kBcrypt));
  const Result<PasswordFilePtr> first = ReadPasswordFile(folder.Path("users"), nullptr, WallTime{});
  const Result<PasswordFilePtr> second = ReadPasswordFile(folder.Path("users"), *first, kLater);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(ReadPasswordFile(folder.Path("users"), *second, kLater).value_or(nullptr), *second);
}

TEST(PasswordFileTest, WhatCanNotBeReadIsAnError) {
  TestFolder folder;
  const auto error = [&folder](std::string_view name) {
    const Result<PasswordFilePtr> read = ReadPasswordFile(folder.Path(name), nullptr, kLater);
    return read ? "none" : ErrorCodeName(read.error().code);
  };
  EXPECT_STREQ(error("missing"), ErrorCodeName(ErrorCode::kNotFound));
  folder.MakeFolder("folder");
  EXPECT_STREQ(error("folder"), ErrorCodeName(ErrorCode::kForbidden));
  ASSERT_EQ(mkfifo(folder.Path("pipe").c_str(), 0644), 0);
  EXPECT_STREQ(error("pipe"), ErrorCodeName(ErrorCode::kForbidden));
}

TEST(PasswordFileTest, TheSizeOfAFileHasALimit) {
  TestFolder folder;
  const std::string comment = "#" + std::string(kPasswordFileBytesMax - 2, 'x') + "\n";
  folder.Write("users", comment);
  const Result<PasswordFilePtr> largest = ReadPasswordFile(folder.Path("users"), nullptr, kLater);
  ASSERT_TRUE(largest.has_value());
  EXPECT_EQ((*largest)->fault(), nullptr);
  folder.Append("users", "\n");
  const Result<PasswordFilePtr> larger = ReadPasswordFile(folder.Path("users"), nullptr, kLater);
  ASSERT_TRUE(larger.has_value());
  EXPECT_NE((*larger)->fault(), nullptr);
  EXPECT_EQ((*larger)->fault_line(), 0);
}

}  // namespace
}  // namespace brilliant::files
