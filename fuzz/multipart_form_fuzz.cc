// The first line of the input is the value of a Content-Type field; the rest is a form, read whole, byte by byte and in
// pieces of a few bytes: the same each time. A form that was read to its end is read by cutting the text as well: parts
// and contents are the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/multipart_form.h"

namespace {

using brilliant::http::FormParser;

struct Form {
  std::vector<std::string> names;
  std::vector<std::string> contents;
  std::string end = "open";
  friend bool operator==(const Form&, const Form&) = default;
};

Form Read(std::string_view boundary, std::string_view bytes, size_t piece) {
  FormParser parser(boundary);
  Form form;
  for (size_t at = 0; at < bytes.size() && form.end == "open"; at += piece) {
    std::string_view rest = bytes.substr(at, piece);
    while (form.end == "open") {
      const FormParser::Step step = parser.Next(rest);
      CHECK(step.consumed <= rest.size());
      rest.remove_prefix(step.consumed);
      if (step.event == FormParser::Event::kNeedMore) {
        CHECK(rest.empty());
        break;
      }
      if (step.event == FormParser::Event::kPart) {
        const std::optional<std::string>& file_name = parser.part().file_name;
        if (file_name) CHECK(file_name->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
        form.names.push_back(parser.part().name + "|" + file_name.value_or("-"));
        form.contents.emplace_back();
      }
      if (step.event == FormParser::Event::kContent) {
        CHECK(!step.content.empty() && !form.contents.empty());
        form.contents.back() += step.content;
      }
      if (step.event == FormParser::Event::kEnd) form.end = "end";
      if (step.event == FormParser::Event::kError) {
        CHECK(parser.error().offset <= bytes.size());
        form.end =
            std::to_string(parser.error().status) + parser.error().reason + std::to_string(parser.error().offset);
      }
    }
  }
  return form;
}

// RFC 2046 section 5.1.1, for a form that is known to be in order.
std::vector<std::string> Contents(std::string_view boundary, std::string_view bytes) {
  const std::string text = "\r\n" + std::string(bytes);
  const std::string delimiter = "\r\n--" + std::string(boundary);
  std::vector<std::string> contents;
  size_t at = text.find(delimiter);
  while (true) {
    CHECK(at != std::string::npos);
    at += delimiter.size();
    if (text.compare(at, 2, "--") == 0) return contents;
    const size_t line_end = text.find("\r\n", at);
    const size_t head_end = text.find("\r\n\r\n", line_end);
    const size_t next = text.find(delimiter, head_end + 2);
    CHECK(line_end != std::string::npos && head_end != std::string::npos && next != std::string::npos);
    contents.push_back(next > head_end + 2 ? text.substr(head_end + 4, next - head_end - 4) : std::string());
    at = next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line_end = std::min(input.find('\n'), input.size());
  const std::optional<std::string> boundary = brilliant::http::FormBoundary(input.substr(0, line_end));
  if (!boundary) return 0;
  CHECK(!boundary->empty() && boundary->size() <= brilliant::http::kFormBoundaryBytesMax);
  const std::string_view bytes = input.substr(std::min(line_end + 1, input.size()));
  const Form form = Read(*boundary, bytes, std::max<size_t>(bytes.size(), 1));
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{17}}) CHECK(Read(*boundary, bytes, piece) == form);
  if (form.end == "end") CHECK(Contents(*boundary, bytes) == form.contents);
  return 0;
}
