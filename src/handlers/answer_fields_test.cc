#include "handlers/answer_fields.h"

#include <gtest/gtest.h>

namespace brilliant::handlers {
namespace {

TEST(AnswerFieldsTest, WithoutAlwaysErrorsAreLeftAlone) {
  const AnswerFields fields({{.name = "X-A", .value = "1"}, {.name = "X-B", .value = "2", .always = true}}, "");
  for (const int status : {200, 201, 204, 206, 301, 302, 303, 304, 307, 308}) {
    EXPECT_EQ(fields.For(status, false).lines(), "X-A: 1\r\nX-B: 2\r\n") << status;
  }
  for (const int status : {202, 300, 400, 401, 404, 405, 408, 412, 413, 416, 500, 501, 503}) {
    EXPECT_EQ(fields.For(status, false).lines(), "X-B: 2\r\n") << status;
  }
}

TEST(AnswerFieldsTest, AnAnswersOwnFieldsAreReplacedButForThoseThatAddUp) {
  const AnswerFields fields({{.name = "content-security-policy", .value = "default-src 'self'", .always = true},
                             {.name = "X-Content-Type-Options", .value = "", .always = true},
                             {.name = "vary", .value = "Origin", .always = true},
                             {.name = "Set-Cookie", .value = "a=b", .always = true},
                             {.name = "Link", .value = "", .always = true},
                             {.name = "Retry-After", .value = "7"}},
                            "");
  http::FieldList own;
  for (const char* name :
       {"Content-Security-Policy", "X-Content-Type-Options", "Vary", "Set-Cookie", "Link", "Retry-After", "X-Other"}) {
    own.Add(name, "own");
  }
  fields.For(503, false).RemoveReplaced(own);
  std::string left;
  http::AppendFieldLines(left, own);
  EXPECT_EQ(left, "Vary: own\r\nSet-Cookie: own\r\nLink: own\r\nRetry-After: own\r\nX-Other: own\r\n");
  EXPECT_EQ(fields.For(503, false).lines(),
            "content-security-policy: default-src 'self'\r\nvary: Origin\r\nSet-Cookie: a=b\r\n");
  fields.For(200, false).RemoveReplaced(own);
  EXPECT_FALSE(own.Contains("Retry-After"));
}

TEST(AnswerFieldsTest, TheServersNameMayBeReplaced) {
  const AnswerFields fields({{.name = "SERVER", .value = "", .always = false}}, "");
  EXPECT_TRUE(fields.For(200, false).replaces_server());
  EXPECT_FALSE(fields.For(404, false).replaces_server());
  EXPECT_EQ(fields.For(200, false).lines(), "");
}

TEST(AnswerFieldsTest, OnlyFilesAreKeptByCaches) {
  const AnswerFields fields({{.name = "X-A", .value = "1"}}, "max-age=60");
  for (const int status : {200, 206, 304}) {
    EXPECT_EQ(fields.For(status, true).lines(), "X-A: 1\r\nCache-Control: max-age=60\r\n") << status;
    EXPECT_EQ(fields.For(status, false).lines(), "X-A: 1\r\n") << status;
  }
  EXPECT_EQ(fields.For(404, false).lines(), "");
}

TEST(AnswerFieldsTest, WhatIsRenderedBeforehandAsksWhatIsReplaced) {
  const std::vector<config::AddHeader> headers = {{.name = "x-content-type-options", .value = "x"},
                                                  {.name = "Vary", .value = "x"}};
  EXPECT_TRUE(Replaces(headers, "X-Content-Type-Options"));
  EXPECT_FALSE(Replaces(headers, "Vary"));
  EXPECT_FALSE(Replaces(headers, "ETag"));
}

}  // namespace
}  // namespace brilliant::handlers
