#include "server/multipart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <string>
#include <vector>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using testing::HasSubstr;

// What a client finds between two boundaries.
struct Part {
  std::string fields;
  std::string content;
};

// The parts of a body, read as strictly as RFC 2046 section 5.1.1 allows; none if it is malformed.
std::vector<Part> PartsOf(const TestAnswer& answer) {
  constexpr std::string_view kType = "multipart/byteranges; boundary=";
  const std::string type = answer.Field("Content-Type").value_or("");
  if (!type.starts_with(kType)) return {};
  const std::string delimiter = "--" + type.substr(kType.size());
  std::string_view rest = answer.body;
  if (!rest.starts_with(delimiter + "\r\n")) return {};
  std::vector<Part> parts;
  while (rest != delimiter + "--\r\n") {
    if (!rest.starts_with(delimiter + "\r\n")) return {};
    const size_t end = rest.find("\r\n" + delimiter, delimiter.size());
    if (end == std::string_view::npos) return {};
    const std::string_view part = rest.substr(delimiter.size() + 2, end - delimiter.size() - 2);
    const size_t head_end = part.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return {};
    parts.push_back({std::string(part.substr(0, head_end + 2)), std::string(part.substr(head_end + 4))});
    rest.remove_prefix(end + 2);
  }
  return parts;
}

struct MultipartTest : testing::Test {
  MultipartTest() {
    for (size_t i = 0; i < 200'000; ++i) large += static_cast<char>(' ' + (i * i + i / 97) % 90);
    small = large.substr(0, 5'000);
    Write("small.txt", small);
    Write("large.txt", large);
  }
  void Write(std::string_view name, std::string_view content) {
    folder.Write(name, content);
    const timespec times[2] = {{.tv_sec = 1'700'000'000, .tv_nsec = 0}, {.tv_sec = 1'700'000'000, .tv_nsec = 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, folder.Path(name).c_str(), times, 0), 0);
  }
  static std::string Get(std::string_view target, std::string_view fields) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
  }
  TestAnswer Ask(std::string_view target, std::string_view fields) {
    TestClient& client = server.Ask(Get(target, fields));
    TestAnswer answer = client.TakeOne();
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(client.Take(), "");  // so Content-Length was exact
    return answer;
  }

  std::string small;
  std::string large;
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

// RFC 9110 sections 14.6 and 15.3.7.2.
TEST_F(MultipartTest, PartsHaveTheirFieldsAndBytes) {
  for (const auto& [name, content] :
       {std::pair<const char*, std::string_view>{"/small.txt", small}, {"/large.txt", large}}) {
    const std::string size = std::to_string(content.size());
    const TestAnswer answer = Ask(name, "Range: bytes=-1, 0-0, 1000-1999\r\n");
    EXPECT_EQ(answer.status, 206);
    EXPECT_EQ(answer.Field("Content-Range"), std::nullopt);
    EXPECT_TRUE(answer.Field("Content-Length"));
    EXPECT_EQ(answer.Field("Transfer-Encoding"), std::nullopt);
    EXPECT_TRUE(answer.Field("ETag"));
    EXPECT_EQ(answer.Field("Accept-Ranges"), "bytes");
    EXPECT_EQ(answer.Field("Date"), "Fri, 02 Jan 2026 03:04:05 GMT");
    const std::vector<Part> parts = PartsOf(answer);
    ASSERT_EQ(parts.size(), 3U);
    const std::string type = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ";
    const std::string last = std::to_string(content.size() - 1);
    EXPECT_EQ(parts[0].fields, type + last + "-" + last + "/" + size + "\r\n");
    EXPECT_EQ(parts[1].fields, type + "0-0/" + size + "\r\n");
    EXPECT_EQ(parts[2].fields, type + "1000-1999/" + size + "\r\n");
    EXPECT_EQ(parts[0].content, content.substr(content.size() - 1));
    EXPECT_EQ(parts[1].content, content.substr(0, 1));
    EXPECT_EQ(parts[2].content, content.substr(1'000, 1'000));
  }
}

TEST_F(MultipartTest, ASinglePartIsNoMultipart) {
  for (const auto& [name, content] :
       {std::pair<const char*, std::string_view>{"/small.txt", small}, {"/large.txt", large}}) {
    const TestAnswer answer = Ask(name, "Range: bytes=1000-1999\r\n");
    EXPECT_EQ(answer.status, 206);
    EXPECT_EQ(answer.Field("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(answer.Field("Content-Length"), "1000");
    EXPECT_EQ(answer.Field("Content-Range"), "bytes 1000-1999/" + std::to_string(content.size()));
    EXPECT_EQ(answer.body, content.substr(1'000, 1'000));
  }
}

TEST_F(MultipartTest, ManyPartsArriveThroughANarrowPipe) {
  for (const auto& [name, content] :
       {std::pair<const char*, std::string_view>{"/small.txt", small}, {"/large.txt", large}}) {
    std::string range = "Range: bytes=";
    const size_t step = content.size() / 40;
    for (size_t i = 0; i < 40; ++i) range += std::to_string(i * step) + "-" + std::to_string(i * step + 9) + ",";
    TestClient& client = server.Connect();
    client.peer.write_bytes_max = 33;
    client.Send(Get(name, range + "\r\n"));
    for (int i = 0; i < 1'000; ++i) {
      server.loop.Turns(2);
      client.TakeMore();
    }
    server.Run();
    const TestAnswer answer = client.TakeOne();
    ASSERT_TRUE(answer.complete);
    const std::vector<Part> parts = PartsOf(answer);
    ASSERT_EQ(parts.size(), 40U);
    for (size_t i = 0; i < 40; ++i) EXPECT_EQ(parts[i].content, content.substr(i * step, 10));
  }
}

// CVE-2011-3192: 1,300 overlapping ranges cost no more than the file.
TEST_F(MultipartTest, ManyRangesNeverCostMoreThanTheFile) {
  std::string killer = "Range: bytes=0-";
  for (int i = 0; i < 1'300; ++i) killer += ",5-" + std::to_string(i);
  TestAnswer answer = Ask("/small.txt", killer + "\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, small);

  TestServer generous(folder.Path());
  generous.config.servers[0].locations[0].ranges_max = 10'000;
  answer =
      generous.Ask(Get("/small.txt", "Range: bytes=5-1300,0-" + killer.substr(killer.find(",5-5")) + "\r\n")).TakeOne();
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(answer.body, small);
}

TEST_F(MultipartTest, IsOneAnswerAmongOthersOnAConnection) {
  const std::string request = Get("/small.txt", "Range: bytes=0-9,1000-1009\r\n");
  TestClient& client = server.Ask(request + Get("/small.txt", "") + request);
  EXPECT_EQ(PartsOf(client.TakeOne()).size(), 2U);
  EXPECT_EQ(client.TakeOne().body, small);
  EXPECT_EQ(PartsOf(client.TakeOne()).size(), 2U);
  EXPECT_FALSE(client.closed());
  EXPECT_THAT(server.AccessLines(), HasSubstr("\" 206 "));
}

TEST_F(MultipartTest, HeadGetsTheWhole) {
  TestClient& client = server.Ask("HEAD /small.txt HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9,1000-1009\r\n\r\n");
  const TestAnswer answer = client.TakeOne(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("Content-Length"), "5000");
  EXPECT_EQ(client.Take(), "");
}

TEST_F(MultipartTest, AnUnsatisfiableRangeHasItsPage) {
  const TestAnswer answer = Ask("/small.txt", "Range: bytes=5000-\r\n");
  EXPECT_EQ(answer.status, 416);
  EXPECT_EQ(answer.Field("Content-Range"), "bytes */5000");
  EXPECT_EQ(answer.Field("Date"), "Fri, 02 Jan 2026 03:04:05 GMT");
  EXPECT_THAT(answer.body, HasSubstr("416 Range Not Satisfiable"));
  EXPECT_FALSE(answer.closes());
}

// RFC 2046 section 5.1.1.
TEST(BoundaryTest, IsATokenThatNobodyCanForetell) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string boundary = MakeBoundary();
    EXPECT_TRUE(http::IsToken(boundary));
    EXPECT_LE(boundary.size(), 70U);
    seen.insert(boundary);
  }
  EXPECT_EQ(seen.size(), 100U);
}

// An index with a neighbour: the folder's target, the index's type, the neighbour's bytes.
TEST_F(MultipartTest, PrecompressedIndexOfAFolder) {
  config::Location& location = server.AddLocation("/packed");
  folder.MakeFolder("packed");
  location.root = folder.Path("packed");
  location.precompressed = {http::ContentCoding::kGzip};
  Write("packed/index.html", small);
  Write("packed/index.html.gz", "compressed");
  for (int i = 0; i < 2; ++i) {
    const TestAnswer answer = Ask("/packed/", "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(answer.body, "compressed");
    EXPECT_EQ(answer.Field("Content-Encoding"), "gzip");
    EXPECT_EQ(answer.Field("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(answer.Field("Vary"), "Accept-Encoding");
    const TestAnswer plain = Ask("/packed/", "");
    EXPECT_EQ(plain.body, small);
    EXPECT_EQ(plain.Field("Vary"), "Accept-Encoding");
    EXPECT_EQ(plain.Field("Content-Encoding"), std::nullopt);
    // By its own name it is a file like any other.
    const TestAnswer itself = Ask("/packed/index.html.gz", "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(itself.body, "compressed");
    EXPECT_EQ(itself.Field("Content-Encoding"), std::nullopt);
    EXPECT_NE(itself.Field("Content-Type"), answer.Field("Content-Type"));
    EXPECT_NE(itself.Field("ETag"), answer.Field("ETag"));
  }
}

}  // namespace
}  // namespace brilliant::server
