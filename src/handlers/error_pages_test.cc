#include "handlers/error_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "handlers/answers.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string BodyOf(const Response& response) {
  const auto* memory = std::get_if<MemoryBody>(&response.body);
  return memory == nullptr ? "(none)" : memory->bytes;
}

struct ErrorPagesTest : testing::Test {
  Response Complete(const ErrorPages& pages, Response response, std::string_view target = "/x") {
    pages.Complete(response, target);
    return response;
  }
  ErrorPages Load(std::vector<config::ErrorPage> configured) {
    config::Server server;
    server.error_pages = std::move(configured);
    return {server, types, error_log};
  }
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  files::MimeTypes types{{}, "application/octet-stream"};
  files::TestFolder folder;
};

TEST_F(ErrorPagesTest, EveryErrorStatusHasABuiltInPage) {
  for (int status = 400; status <= 599; ++status) {
    const Response response = Complete(ErrorPages(), ErrorResponse(status));
    const std::string body = BodyOf(response);
    EXPECT_THAT(body, HasSubstr("<title>" + std::to_string(status)));
    EXPECT_THAT(body, Not(HasSubstr("{{")));
    EXPECT_THAT(body, Not(HasSubstr("<p></p>")));
    EXPECT_EQ(response.fields.Find("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(response.fields.Find("Cache-Control"), "no-store");
    EXPECT_TRUE(response.fields.Contains("Content-Security-Policy"));
  }
}

TEST_F(ErrorPagesTest, OtherAnswersAndGivenBodiesAreLeftAlone) {
  EXPECT_EQ(BodyOf(Complete(ErrorPages(), OptionsResponse("GET"))), "(none)");
  Response not_modified;
  not_modified.status = 304;
  EXPECT_EQ(BodyOf(Complete(ErrorPages(), std::move(not_modified))), "(none)");
  Response own = ErrorResponse(404);
  own.body = MemoryBody{"own"};
  const Response completed = Complete(ErrorPages(), std::move(own));
  EXPECT_EQ(BodyOf(completed), "own");
  EXPECT_TRUE(completed.fields.empty());
}

TEST_F(ErrorPagesTest, TheTargetIsShownAsTextAndNotAtAnyLength) {
  const std::string target = "/<script>{{status}}\x01" + std::string(10'000, 'a') + "END";
  const std::string body = BodyOf(Complete(ErrorPages(), ErrorResponse(404), target));
  EXPECT_THAT(body, HasSubstr("/&lt;script&gt;{{status}}\xEF\xBF\xBD"));
  EXPECT_THAT(body, Not(HasSubstr("<script>")));
  EXPECT_THAT(body, Not(HasSubstr("END")));
}

TEST_F(ErrorPagesTest, AnExplanationReplacesThePagesOwn) {
  EXPECT_THAT(BodyOf(Complete(ErrorPages(), ErrorResponse(501, "Not <yet>."))), HasSubstr("Not &lt;yet&gt;."));
}

TEST_F(ErrorPagesTest, RedirectsGetANoteWithALink) {
  const Response response = Complete(ErrorPages(), RedirectResponse(301, "/a?b&c='\"<"));
  EXPECT_THAT(BodyOf(response), HasSubstr("href=\"/a?b&amp;c=&#39;&quot;&lt;\""));
  EXPECT_EQ(response.fields.Find("Location"), "/a?b&c='\"<");
}

TEST_F(ErrorPagesTest, ConfiguredPagesGoByStatusThenForAll) {
  folder.Write("404.html", "four");
  folder.Write("all.json", "{}");
  const ErrorPages pages = Load({{.codes = {}, .path = folder.Path("all.json"), .position = {}},
                                 {.codes = {404, 410}, .path = folder.Path("404.html"), .position = {}}});
  for (const int status : {404, 410}) {
    const Response response = Complete(pages, ErrorResponse(status));
    EXPECT_EQ(BodyOf(response), "four");
    EXPECT_EQ(response.fields.Find("Content-Type"), "text/html; charset=utf-8");
    EXPECT_FALSE(response.fields.Contains("Content-Security-Policy"));  // the page is the operator's own
  }
  const Response other = Complete(pages, ErrorResponse(500));
  EXPECT_EQ(BodyOf(other), "{}");
  EXPECT_EQ(other.fields.Find("Content-Type"), "application/json");
}

TEST_F(ErrorPagesTest, PagesThatCannotBeReadGiveWayToTheBuiltInOnes) {
  folder.MakeFolder("folder");
  folder.Write("large", std::string(kErrorPageBytesMax + 1, 'x'));
  folder.Write("largest", std::string(kErrorPageBytesMax, 'x'));
  for (const char* name : {"missing", "folder", "large"}) {
    const ErrorPages pages = Load({{.codes = {}, .path = folder.Path(name), .position = {}}});
    EXPECT_THAT(BodyOf(Complete(pages, ErrorResponse(404))), HasSubstr("<title>404")) << name;
  }
  const ErrorPages pages = Load({{.codes = {}, .path = folder.Path("largest"), .position = {}}});
  EXPECT_EQ(BodyOf(Complete(pages, ErrorResponse(404))).size(), kErrorPageBytesMax);
}

TEST(AnswersTest, OperatingErrorsHaveTheirStatus) {
  const std::pair<ErrorCode, int> cases[] = {
      {ErrorCode::kNotFound, 404},    {ErrorCode::kForbidden, 403}, {ErrorCode::kTooLarge, 414},
      {ErrorCode::kUnavailable, 503}, {ErrorCode::kDeadline, 504},  {ErrorCode::kSystem, 500},
      {ErrorCode::kInvalid, 500},     {ErrorCode::kClosed, 500},    {ErrorCode::kCancelled, 500},
  };
  for (const auto& [code, status] : cases) {
    const Response response = ResponseForError(Error{.code = code});
    EXPECT_EQ(response.status, status) << ErrorCodeName(code);
    EXPECT_EQ(response.fields.Find("Retry-After"), status == 503 ? "1" : "");
  }
}

TEST_F(ErrorPagesTest, JsonIsForThoseWhoAskForItByName) {
  const auto complete = [](std::string_view accept, const ErrorPages& pages) {
    const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nAccept: " + std::string(accept) + "\r\n\r\n";
    http::RequestParser parser(http::HeadLimits{});
    EXPECT_EQ(parser.Parse(head), http::ParseStatus::kDone);
    Response response = ErrorResponse(413);
    pages.Complete(response, "/x", &parser.head());
    return response;
  };
  folder.Write("all.html", "ours");
  const ErrorPages configured = Load({{.codes = {}, .path = folder.Path("all.html"), .position = {}}});
  const Response response = complete("application/json", configured);
  EXPECT_EQ(
      BodyOf(response),
      "{\"status\":413,\"reason\":\"Content Too Large\",\"detail\":\"The content sent is larger than this address "
      "accepts.\"}\n");
  EXPECT_EQ(response.fields.Find("Content-Type"), "application/json");
  EXPECT_EQ(response.fields.Find("Cache-Control"), "no-store");
  EXPECT_THAT(BodyOf(complete("application/json", ErrorPages())), HasSubstr("{\"status\":413,"));
  EXPECT_EQ(BodyOf(complete("*/*", configured)), "ours");
  EXPECT_EQ(BodyOf(complete("text/html, application/json", configured)), "ours");
  EXPECT_THAT(BodyOf(complete("*/*", ErrorPages())), HasSubstr("<!doctype html>"));
}

}  // namespace
}  // namespace brilliant::handlers
