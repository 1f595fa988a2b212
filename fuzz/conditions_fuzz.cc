// The input is field lines. Whatever they say, the outcome must be one that the method and the fields present allow.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/conditions.h"
#include "http/etag.h"
#include "http/request_parser.h"

namespace {

using brilliant::http::ConditionResult;
using brilliant::http::EvaluateConditions;
using brilliant::http::RequestHead;
using brilliant::http::Validators;

constexpr int64_t kNow = 1'767'323'045;

bool Has(const RequestHead& head, std::string_view name) { return head.Find(name).data() != nullptr; }

void CheckRead(const RequestHead& head, const Validators& current) {
  const ConditionResult result = EvaluateConditions(head, current, kNow);
  const bool may_fail = Has(head, "If-Match") || Has(head, "If-Unmodified-Since");
  const bool may_be_unmodified = Has(head, "If-None-Match") || Has(head, "If-Modified-Since");
  CHECK(result != ConditionResult::kPreconditionFailed || may_fail);
  CHECK(result != ConditionResult::kNotModified || may_be_unmodified);
}

void CheckWrite(const RequestHead& head, const Validators& current) {
  const ConditionResult result = EvaluateConditions(head, current, kNow);
  const bool may_fail = Has(head, "If-Match") || Has(head, "If-Unmodified-Since") || Has(head, "If-None-Match");
  CHECK(result != ConditionResult::kPreconditionFailed || may_fail);
  CHECK(result != ConditionResult::kNotModified);
  // Nothing that exists can pass both "is there" and "is not there".
  const bool contradiction = head.Find("If-Match") == "*" && head.Find("If-None-Match") == "*";
  CHECK(!contradiction || result == ConditionResult::kPreconditionFailed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view lines(reinterpret_cast<const char*>(data), size);
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n\r\n";
  brilliant::http::RequestParser parser({});
  if (parser.Parse(text) != brilliant::http::ParseStatus::kDone) return 0;

  const std::array<Validators, 4> states = {
      Validators{.etag = "\"a\"", .last_modified_seconds = 784'111'777},
      Validators{.etag = "W/\"a\"", .last_modified_seconds = 784'111'777},
      Validators{},
      Validators{.exists = false},
  };
  RequestHead head = parser.head();
  for (const Validators& current : states) {
    head.method = brilliant::http::Method::kGet;
    CheckRead(head, current);
    head.method = brilliant::http::Method::kPut;
    CheckWrite(head, current);
  }
  brilliant::http::EntityTagReader tags(lines);
  while (const auto tag = tags.Next()) CHECK(tag->opaque.find('"') == std::string_view::npos);
  return 0;
}
