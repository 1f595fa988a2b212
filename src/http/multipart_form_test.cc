#include "http/multipart_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace brilliant::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kFile = "Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n";

std::string Form(std::string_view heads_and_contents, std::string_view end = "--B--\r\n") {
  return std::string(heads_and_contents) + std::string(end);
}
std::string Part(std::string_view fields, std::string_view content) {
  return "--B\r\n" + std::string(fields) + "\r\n" + std::string(content) + "\r\n";
}
std::string Disposition(std::string_view parameters) {
  return "Content-Disposition: form-data; " + std::string(parameters) + "\r\n";
}

// What was read, as text: "name|file name|content", and at the end "end", "open" or "STATUS reason".
std::vector<std::string> Read(std::string_view form, size_t piece = 1'000'000, std::string_view boundary = "B") {
  FormParser parser(boundary);
  std::vector<std::string> seen;
  std::string last = "open";
  for (size_t at = 0; at < form.size() && last == "open"; at += piece) {
    // A copy of its own size, so that reading behind it is found.
    const std::string input(form.substr(at, piece));
    std::string_view rest = input;
    while (last == "open") {
      const FormParser::Step step = parser.Next(rest);
      rest.remove_prefix(step.consumed);
      if (step.event == FormParser::Event::kNeedMore) {
        EXPECT_TRUE(rest.empty());
        break;
      }
      if (step.event == FormParser::Event::kPart)
        seen.push_back(parser.part().name + "|" + parser.part().file_name.value_or("-") + "|");
      if (step.event == FormParser::Event::kContent) {
        EXPECT_FALSE(step.content.empty());
        seen.back() += step.content;
      }
      if (step.event == FormParser::Event::kPartEnd) seen.back() += ".";
      if (step.event == FormParser::Event::kEnd) last = "end";
      if (step.event == FormParser::Event::kError)
        last = std::to_string(parser.error().status) + " " + parser.error().reason;
    }
  }
  seen.push_back(last);
  return seen;
}

TEST(FormTest, BoundariesAreTakenFromTheMediaType) {
  const std::pair<const char*, const char*> cases[] = {
      {"multipart/form-data; boundary=B", "B"},
      {"Multipart/Form-Data;Boundary=\"a b?\"; charset=utf-8", "a b?"},
      {"multipart/form-data; x=\"\\\"\"; boundary=----WebKitFormBoundary7MA", "----WebKitFormBoundary7MA"},
      {"multipart/form-data; boundary=\"\"", nullptr},
      {"multipart/form-data; boundary=", nullptr},
      {"multipart/form-data; boundary=\"a \"", nullptr},
      {"multipart/form-data; boundary=\"a\\\\b\"", nullptr},
      {"multipart/form-data; boundary=a; boundary=b", nullptr},
      {"multipart/form-data; boundary=a b", nullptr},
      {"multipart/form-data; boundary=\"a", nullptr},
      {"multipart/form-data; boundary", nullptr},
      {"multipart/form-data", nullptr},
      {"multipart/mixed; boundary=a", nullptr},
      {"text/plain; boundary=a", nullptr},
      {"", nullptr},
  };
  for (const auto& [type, boundary] : cases) {
    EXPECT_EQ(FormBoundary(type), boundary == nullptr ? std::nullopt : std::optional<std::string>(boundary)) << type;
  }
  // RFC 2046 section 5.1.1: 1 to 70 characters.
  EXPECT_TRUE(FormBoundary("multipart/form-data; boundary=" + std::string(kFormBoundaryBytesMax, 'b')));
  EXPECT_FALSE(FormBoundary("multipart/form-data; boundary=" + std::string(kFormBoundaryBytesMax + 1, 'b')));
}

TEST(FormTest, ReadsFormsHoweverTheyAreCut) {
  const std::string tricky = "\r\n\r\n--\r\n--A\r--B\n--B\r\r\n\r\r\n-";
  const std::pair<std::string, std::vector<std::string>> cases[] = {
      {Form(Part(kFile, "hello")), {"f|a.txt|hello.", "end"}},
      {Form(Part(kFile, "")), {"f|a.txt|.", "end"}},
      {Form(Part(Disposition("name=x"), "1") + Part(kFile, "2") + Part(kFile, "3")),
       {"x|-|1.", "f|a.txt|2.", "f|a.txt|3.", "end"}},
      {Form(Part(kFile, tricky)), {"f|a.txt|" + tricky + ".", "end"}},
      // RFC 2046 section 5.1.1: text around, blanks behind boundaries, and a part without content that shares a line
      // end.
      {"look\r\n--\r\n--A\r\n" + Form(Part(kFile, "x"), "--B-- ignored\r\n--B\r\n"), {"f|a.txt|x.", "end"}},
      {"\r\n" + Form(Part(kFile, "x")), {"f|a.txt|x.", "end"}},
      {"--B \t \r\n" + std::string(kFile) + "\r\nx\r\n--B--", {"f|a.txt|x.", "end"}},
      {"--B\r\n" + std::string(kFile) + "\r\n--B--", {"f|a.txt|.", "end"}},
      {"--B--", {"end"}},
      {Part(kFile, "hel"), {"f|a.txt|hel", "open"}},
      {"--B\r\n" + std::string(kFile), {"open"}},
      {"", {"open"}},
  };
  for (const auto& [form, expected] : cases) {
    for (size_t piece = 1; piece <= form.size() + 1; ++piece) EXPECT_EQ(Read(form, piece), expected) << form << piece;
  }
}

TEST(FormTest, ALineEndAtTheEndOfContentIsHeldBackUntilItIsKnownWhatItIs) {
  FormParser parser("B");
  const std::string head = "--B\r\n" + std::string(kFile) + "\r\n";
  EXPECT_EQ(parser.Next(head).event, FormParser::Event::kPart);
  EXPECT_EQ(parser.Next("abc\r\n--").content, "abc");
  EXPECT_EQ(parser.Next("\r\n--").event, FormParser::Event::kNeedMore);
  EXPECT_EQ(parser.Next("C").content, "\r\n--");
  EXPECT_EQ(parser.Next("C").content, "C");
}

// RFC 7578 sections 4.2 and 4.3.
TEST(FormTest, FileNamesAreWhatBrowsersAndCurlMean) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"name=f; filename=a.txt", "f|a.txt|."},
      {"filename=\"a.txt\"; name=\"f\"", "f|a.txt|."},
      {"name=\"f\";filename=\"\"", "f||."},
      {"name=\"f\"", "f|-|."},
      {"name=\"\"; filename=\"a\"", "|a|."},
      {"name=\"f\"; filename=\"a;b=c, d.txt\"", "f|a;b=c, d.txt|."},
      {"name=\"f\"; filename=\"say \\\"hi\\\".txt\"", "f|say \"hi\".txt|."},
      {"name=\"f\"; filename=\"say %22hi%22.txt\"", "f|say \"hi\".txt|."},
      {"name=\"f\"; filename=\"100%25 %0A.txt\"", "f|100%25 %0A.txt|."},
      {"name=\"f\"; filename=\"C:\\new\\a.txt\"", "f|C:\\new\\a.txt|."},
      {"name=\"f\"; filename=\"a\\\\b\"", "f|a\\b|."},
      {"name=\"f\"; filename=\"\xc3\xa4\xff.txt\"", "f|\xc3\xa4\xff.txt|."},
      {"name=\"f\"; filename=\"../../etc/passwd\"", "f|../../etc/passwd|."},  // its user refuses it
      {"name=\"f\"; FileName=\"a\"; size=1", "f|a|."},
  };
  for (const auto& [parameters, expected] : cases) {
    EXPECT_THAT(Read(Form(Part(Disposition(parameters), ""))), ElementsAre(expected, "end")) << parameters;
  }
}

TEST(FormTest, RefusesWhatCouldBeReadInTwoWays) {
  const std::pair<std::string, std::string> cases[] = {
      {Part("Content-Type: text/plain\r\n", ""), "400 a part does not say what it is (Content-Disposition)"},
      {Part("", "x"), "400 a part does not say what it is (Content-Disposition)"},
      {Part(std::string(kFile) + std::string(kFile), ""), "400 a part has two fields Content-Disposition"},
      {Part("Content-Disposition: attachment; name=f\r\n", ""), "400 a part is no form-data"},
      {Part("Content-Disposition: form-data-x; name=f\r\n", ""), "400 a part is no form-data"},
      {Part(Disposition("filename=a"), ""), "400 a part has no name"},
      {Part("Content-Disposition: form-data\r\n", ""), "400 a part has no name"},
      {Part(Disposition("name=f; name=g"), ""), "400 a part has two names"},
      {Part(Disposition("name=f; filename=a; filename=b"), ""), "400 a part has two file names"},
      {Part(Disposition("name=f; filename*=utf-8''a"), ""),
       "400 a part has filename*, which forms may not use (RFC 7578)"},
      {Part(Disposition("name=f; filename=a; filename*=utf-8''b"), ""),
       "400 a part has filename*, which forms may not use (RFC 7578)"},
      {Part(Disposition("name=\"f"), ""), "400 malformed Content-Disposition in a part"},
      {Part(Disposition("name=f; filename=\"a\\\""), ""), "400 malformed Content-Disposition in a part"},
      {Part(Disposition("name=f filename=a"), ""), "400 malformed Content-Disposition in a part"},
      {Part(Disposition("name=f; filename=a b"), ""), "400 malformed Content-Disposition in a part"},
      {Part(Disposition("name=f;"), ""), "400 malformed Content-Disposition in a part"},
      {Part(std::string(kFile) + "Content-Transfer-Encoding: base64\r\n", ""),
       "400 a part has a transfer encoding: files are sent as they are"},
      {"--B\r\nContent-Disposition: form-data; name=f\n\r\nx", "400 LF without CR"},
      {Part("Content-Disposition: form-data;\r\n name=f\r\n", ""), "400 malformed Content-Disposition in a part"},
      {Part(std::string(kFile) + " folded\r\n", ""), "400 field line that begins with a blank (obsolete line folding)"},
      {Part("Content-Disposition : form-data; name=f\r\n", ""), "400 blank in or after a field name"},
      {Part(Disposition(std::string("name=\"a\0b\"", 10)), ""), "400 NUL in a field value"},
      {Part(Disposition("name=\"a\rb\""), ""), "400 CR without LF in a field line"},
      {"--Bx\r\n", "400 a line begins like a boundary, and goes on otherwise"},
      {"--B-x", "400 a line begins like a boundary, and goes on otherwise"},
      {"--B\n", "400 a line begins like a boundary, and goes on otherwise"},
      {"--B\rx", "400 a line begins like a boundary, and goes on otherwise"},
      {Part(kFile, "x\r\n--Bad"), "400 a line begins like a boundary, and goes on otherwise"},
      {std::string(kFormPreambleBytesMax + 1, 'x') + "\r\n--B--", "400 no boundary at the beginning of the form"},
      {"--B\r\nX: " + std::string(kFormPartHeadBytesMax, 'x'), "431 the head of a part is too large"},
      {"--B" + std::string(kFormPartHeadBytesMax + 1, ' '), "431 too many blanks behind a boundary"},
  };
  for (const auto& [form, expected] : cases) {
    for (const size_t piece : {size_t{1'000'000}, size_t{1}, size_t{7}})
      EXPECT_EQ(Read(form, piece).back(), expected) << form.substr(0, 200) << " in pieces of " << piece;
  }
}

TEST(FormTest, LimitsFieldsAndParts) {
  std::string fields(kFile);
  for (size_t i = 1; i < kFormPartFieldsMax; ++i) fields += "X: y\r\n";
  EXPECT_EQ(Read(Form(Part(fields, ""))).back(), "end");
  EXPECT_EQ(Read(Form(Part(fields + "X: y\r\n", ""))).back(), "431 too many fields in the head of a part");
  std::string parts;
  for (size_t i = 0; i < kFormPartsMax; ++i) parts += Part(kFile, "");
  EXPECT_EQ(Read(Form(parts)).back(), "end");
  EXPECT_EQ(Read(Form(parts + Part(kFile, ""))).back(), "413 too many parts in the form");
}

TEST(FormTest, AnErrorIsForGoodAndSaysWhere) {
  FormParser parser("B");
  EXPECT_EQ(parser.Next("--B\r\nbad\r\n").event, FormParser::Event::kError);
  EXPECT_EQ(parser.error().offset, 10);
  EXPECT_EQ(parser.Next("--B--").event, FormParser::Event::kError);
}

}  // namespace
}  // namespace brilliant::http
