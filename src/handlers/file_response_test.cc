#include "handlers/file_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "files/test_folder.h"

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow{.nanoseconds = 1'767'323'045'000'000'000};
constexpr int64_t kOldNs = 1'700'000'000'000'000'000;
constexpr std::string_view kOldDate = "Tue, 14 Nov 2023 22:13:20 GMT";

// An answer in one form for all kinds of body.
struct Seen {
  int status = 0;
  std::string fields;  // lines
  std::string content;
  std::string parts;  // of a MultipartBody: "0+5 10+1"
  std::string part_fields;
};

// Each test looks at a small file and a large one, which take different ways.
class FileResponseTest : public testing::TestWithParam<bool> {
 protected:
  FileResponseTest() {
    for (size_t i = 0; i < 1'000; ++i) content_ += static_cast<char>('a' + i % 26);
    folder_.Write("page.html", content_);
    location_.path = "/";
  }

  files::OpenFile Open() {
    files::OpenFile file;
    file.fd.Reset(open(folder_.Path("page.html").c_str(), O_RDONLY | O_CLOEXEC));
    file.size = content_.size();
    file.mtime_ns = mtime_ns_;
    file.is_regular = true;
    return file;
  }
  Seen Ask(const std::vector<http::Field>& fields, http::Method method = http::Method::kGet) {
    const FileResponder responder(location_, types_);
    Representation file{.path = "page.html", .stored = {}, .coding = coding_};
    if (GetParam()) {
      file.stored.rendered =
          std::make_shared<const files::RenderedFile>(responder.Render("page.html", coding_, Open(), content_, kNow));
    } else {
      file.stored.file = std::make_shared<const files::OpenFile>(Open());
    }
    Request request{.head = {}, .path = "/page.html", .path_below = "/page.html"};
    request.head.method = method;
    request.head.fields = fields;
    return Look(responder.Respond(request, std::move(file), kNow));
  }
  std::string Etag() {
    const std::string fields = Ask({}).fields;
    const size_t begin = fields.find("ETag: ") + 6;
    return fields.substr(begin, fields.find("\r\n", begin) - begin);
  }

  static Seen Look(const Response& response) {
    Seen seen;
    seen.status = response.status;
    http::AppendFieldLines(seen.fields, response.fields);
    if (const auto* rendered = std::get_if<RenderedBody>(&response.body)) {
      seen.fields += rendered->with_content ? rendered->file->fields : rendered->file->fields_304;
      if (rendered->with_content) seen.content = rendered->file->content;
    } else if (const auto* slice = std::get_if<SliceBody>(&response.body)) {
      seen.content = slice->file->content.substr(slice->offset, slice->length);
    } else if (const auto* file = std::get_if<FileBody>(&response.body)) {
      seen.content.resize(file->length);
      EXPECT_EQ(pread(file->file->fd.get(), seen.content.data(), file->length, static_cast<off_t>(file->offset)),
                static_cast<ssize_t>(file->length));
    } else if (const auto* multipart = std::get_if<MultipartBody>(&response.body)) {
      EXPECT_EQ(multipart->size, 1'000U);
      for (const http::ByteRange& range : multipart->ranges) {
        if (!seen.parts.empty()) seen.parts += " ";
        seen.parts += std::to_string(range.offset) + "+" + std::to_string(range.length);
      }
      seen.part_fields = multipart->part_fields;
    }
    return seen;
  }

  files::TestFolder folder_;
  std::string content_;
  int64_t mtime_ns_ = kOldNs;
  http::ContentCoding coding_ = http::ContentCoding::kIdentity;
  config::Location location_;
  files::MimeTypes types_{{}, "application/octet-stream"};
};

INSTANTIATE_TEST_SUITE_P(Sizes, FileResponseTest, testing::Bool(), [](const testing::TestParamInfo<bool>& param) {
  return param.param ? "InMemory" : "FromDescriptor";
});

// RFC 9110 sections 14.3 and 15.3.7.
TEST_P(FileResponseTest, APartHasTheFieldsOfTheWhole) {
  const Seen whole = Ask({});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.content, content_);
  EXPECT_THAT(whole.fields, HasSubstr("Accept-Ranges: bytes\r\n"));
  const Seen part = Ask({{"Range", "bytes=10-19"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.content, content_.substr(10, 10));
  EXPECT_THAT(part.fields, HasSubstr("Content-Range: bytes 10-19/1000\r\n"));
  for (const std::string& line :
       {"ETag: " + Etag(), "Last-Modified: " + std::string(kOldDate),
        std::string("Content-Type: text/html; charset=utf-8"), std::string("Accept-Ranges: bytes"),
        std::string("X-Content-Type-Options: nosniff")}) {
    EXPECT_THAT(whole.fields, HasSubstr(line + "\r\n"));
    EXPECT_THAT(part.fields, HasSubstr(line + "\r\n"));
  }
}

// RFC 9110 section 15.3.7: the client has the other fields already.
TEST_P(FileResponseTest, APartThatContinuesHasOnlyWhatItNeeds) {
  location_.precompressed = {http::ContentCoding::kGzip};
  for (const std::string& validator : {Etag(), std::string(kOldDate)}) {
    const Seen part = Ask({{"If-Range", validator}, {"Range", "bytes=990-"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.content, content_.substr(990));
    EXPECT_EQ(part.fields, "Content-Range: bytes 990-999/1000\r\nETag: " + Etag() + "\r\nVary: Accept-Encoding\r\n");
  }
  const Seen parts = Ask({{"If-Range", Etag()}, {"Range", "bytes=0-0,990-"}});
  EXPECT_EQ(parts.fields, "ETag: " + Etag() + "\r\nVary: Accept-Encoding\r\n");
  EXPECT_EQ(parts.part_fields, "Content-Type: text/html; charset=utf-8\r\n");
}

// RFC 9110 section 15.3.7.2.
TEST_P(FileResponseTest, SeveralPartsSayOnlyInsideWhatTheyAre) {
  const Seen parts = Ask({{"Range", "bytes=500-509, 0-9"}});
  EXPECT_EQ(parts.status, 206);
  EXPECT_EQ(parts.parts, "500+10 0+10");
  EXPECT_EQ(parts.part_fields, "Content-Type: text/html; charset=utf-8\r\n");
  EXPECT_THAT(parts.fields, Not(HasSubstr("Content-Type: ")));
  EXPECT_THAT(parts.fields, Not(HasSubstr("Content-Range: ")));
  EXPECT_THAT(parts.fields, HasSubstr("ETag: " + Etag()));
  EXPECT_THAT(parts.fields, HasSubstr("Last-Modified: "));
}

TEST_P(FileResponseTest, SeveralThatBecomeOneAreAPlainPart) {
  const Seen part = Ask({{"Range", "bytes=10-19, 15-29"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.content, content_.substr(10, 20));
  EXPECT_THAT(part.fields, HasSubstr("Content-Range: bytes 10-29/1000\r\n"));
  EXPECT_THAT(part.fields, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
}

// RFC 9110 section 15.5.17.
TEST_P(FileResponseTest, WhatIsBeyondTheFileIsUnsatisfiable) {
  const Seen refused = Ask({{"Range", "bytes=1000-"}});
  EXPECT_EQ(refused.status, 416);
  EXPECT_EQ(refused.fields, "Content-Range: bytes */1000\r\n");
  EXPECT_EQ(refused.content, "");
}

TEST_P(FileResponseTest, AnEmptyFileIsSentWholeOrNotAtAll) {
  content_ = "";
  folder_.Write("page.html", "");
  EXPECT_EQ(Ask({{"Range", "bytes=0-"}}).fields, "Content-Range: bytes */0\r\n");
  EXPECT_EQ(Ask({{"Range", "bytes=-5"}}).status, 200);
}

// RFC 9110 section 13.2.2: conditions come first, then If-Range, then Range.
TEST_P(FileResponseTest, ConditionsComeBeforeRanges) {
  const std::string etag = Etag();
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}, {"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}, {"If-Match", "\"x\""}}).status, 412);
  EXPECT_EQ(Ask({{"Range", "bytes=5000-"}, {"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}, {"If-Match", etag}, {"If-Range", etag}}).status, 206);
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}, {"If-Range", "\"x\""}}).content, content_);
  EXPECT_EQ(Ask({{"Range", "bytes=5000-"}, {"If-Range", "\"x\""}}).status, 200);
  EXPECT_EQ(Ask({{"If-Range", "\"x\""}}).status, 200);
}

// RFC 9110 sections 8.8.1 and 8.8.2.2: what may still change within the second continues nothing.
TEST_P(FileResponseTest, AYoungFileIsNotContinued) {
  mtime_ns_ = kNow.nanoseconds - 1'000'000'000;
  ASSERT_EQ(Etag().substr(0, 2), "W/");
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}, {"If-Range", Etag()}}).status, 200);
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}, {"If-Range", "Fri, 02 Jan 2026 03:04:04 GMT"}}).status, 200);
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}}).status, 206);
  mtime_ns_ -= 1'000'000'000;
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}, {"If-Range", "Fri, 02 Jan 2026 03:04:03 GMT"}}).status, 206);
}

// RFC 9110 section 8.8.2.1.
TEST_P(FileResponseTest, ATimeInTheFutureIsSentAsNow) {
  mtime_ns_ = kNow.nanoseconds + 3'600'000'000'000;
  EXPECT_THAT(Ask({}).fields, HasSubstr("Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"));
  EXPECT_THAT(Ask({{"Range", "bytes=0-9"}}).fields, HasSubstr("Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"));
}

// RFC 9110 section 14.2.
TEST_P(FileResponseTest, HeadIgnoresRanges) {
  const Seen seen = Ask({{"Range", "bytes=5000-"}, {"If-Range", "\"x\""}}, http::Method::kHead);
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.fields, Ask({}).fields);
}

TEST_P(FileResponseTest, RangesCanBeTurnedOffOrLimited) {
  location_.ranges_max = 1;
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}}).status, 206);
  EXPECT_EQ(Ask({{"Range", "bytes=0-9,500-509"}}).status, 200);
  location_.ranges_max = 0;
  EXPECT_EQ(Ask({{"Range", "bytes=0-9"}}).status, 200);
  EXPECT_THAT(Ask({}).fields, Not(HasSubstr("Accept-Ranges")));
}

TEST_P(FileResponseTest, AnEncodedFileSaysSoAndIsAnotherRepresentation) {
  const std::string plain_etag = Etag();
  location_.precompressed = {http::ContentCoding::kBrotli};
  coding_ = http::ContentCoding::kBrotli;
  const Seen whole = Ask({});
  EXPECT_THAT(whole.fields, HasSubstr("Content-Type: text/html; charset=utf-8\r\nContent-Encoding: br\r\n"));
  EXPECT_THAT(whole.fields, HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_NE(Etag(), plain_etag);
  EXPECT_EQ(Ask({{"If-None-Match", plain_etag}}).status, 200);
  const Seen part = Ask({{"Range", "bytes=0-9"}});
  EXPECT_EQ(part.content, content_.substr(0, 10));
  EXPECT_THAT(part.fields, HasSubstr("Content-Encoding: br\r\n"));
  // The parts are encoded, not the text around them.
  const Seen parts = Ask({{"Range", "bytes=0-9,500-"}});
  EXPECT_THAT(parts.fields, Not(HasSubstr("Content-Encoding")));
  EXPECT_EQ(parts.part_fields, "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: br\r\n");
}

// RFC 9110 section 12.5.5.
TEST_P(FileResponseTest, EveryAnswerOfSuchALocationVaries) {
  location_.precompressed = {http::ContentCoding::kBrotli};
  const std::vector<std::vector<http::Field>> requests = {
      {}, {{"If-None-Match", "*"}}, {{"Range", "bytes=0-9"}}, {{"Range", "bytes=5000-"}}, {{"If-Match", "\"x\""}}};
  for (const auto& fields : requests) {
    const Seen seen = Ask(fields);
    EXPECT_THAT(seen.fields, HasSubstr("Vary: Accept-Encoding\r\n")) << seen.status;
  }
  location_.precompressed = {};
  EXPECT_THAT(Ask({}).fields, Not(HasSubstr("Vary")));
}

}  // namespace
}  // namespace brilliant::handlers
