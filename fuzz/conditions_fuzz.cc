// The input is field lines. Whatever they say, the outcome must be the one that a second, plain writing of RFC 9110
// section 13.2.2 comes to, for every method and several states of the target.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/conditions.h"
#include "http/date.h"
#include "http/etag.h"
#include "http/reference.h"
#include "http/request_parser.h"

namespace {

namespace reference = brilliant::http::reference;
using brilliant::http::ConditionResult;
using brilliant::http::Method;
using brilliant::http::RequestHead;
using brilliant::http::Validators;

constexpr int64_t kNow = 1'767'323'045;

std::vector<std::string_view> Lines(const RequestHead& head, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& field : head.fields) {
    if (reference::LowerCase(field.name) == name) values.push_back(field.value);
  }
  return values;
}

// RFC 9110 section 8.8.3: etagc is visible characters but the quote, and obs-text.
bool IsTagChar(char c) { return c != '"' && c != ' ' && c != '\t' && reference::IsValueChar(c); }

bool IsEntityTag(std::string_view text) {
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return false;
  return std::ranges::all_of(text.substr(1, text.size() - 2), IsTagChar);
}

// The tags of a list up to the first member that is none. Commas in tags are no separators.
std::vector<std::string> TagsOf(std::string_view list) {
  std::vector<std::string> tags;
  std::string member;
  bool quoted = false;
  for (const char c : std::string(list) + ",") {
    if (c == '"') quoted = !quoted;
    if (c != ',' || quoted) {
      member += c;
      continue;
    }
    const std::string tag(reference::Trim(member));
    member.clear();
    if (tag.empty()) continue;
    if (!IsEntityTag(tag)) break;
    tags.push_back(tag);
  }
  return tags;
}

std::string_view Opaque(std::string_view tag) { return tag.substr(tag.find('"')); }

bool Matches(const std::vector<std::string_view>& lines, const Validators& current, bool strong) {
  if (!current.exists) return false;
  for (const std::string_view line : lines) {
    if (line == "*") return true;
    if (current.etag.empty()) continue;
    for (const std::string& tag : TagsOf(line)) {
      const bool weak = tag.starts_with("W/") || current.etag.starts_with("W/");
      if (Opaque(tag) == Opaque(current.etag) && !(strong && weak)) return true;
    }
  }
  return false;
}

std::optional<int64_t> DateOf(const std::vector<std::string_view>& lines, const Validators& current) {
  const bool comparable = current.exists && current.last_modified_seconds != brilliant::http::kNoLastModified;
  if (lines.size() != 1 || !comparable) return std::nullopt;
  return brilliant::http::ParseHttpDate(lines[0], kNow);
}

ConditionResult Evaluate(const RequestHead& head, const Validators& current) {
  const auto if_match = Lines(head, "if-match");
  const auto if_none_match = Lines(head, "if-none-match");
  const bool reads = head.method == Method::kGet || head.method == Method::kHead;
  const bool selects_nothing =
      head.method == Method::kConnect || head.method == Method::kOptions || head.method == Method::kTrace;
  if (selects_nothing) return ConditionResult::kProceed;
  if (!if_match.empty() && !Matches(if_match, current, true)) return ConditionResult::kPreconditionFailed;
  if (if_match.empty()) {
    const auto date = DateOf(Lines(head, "if-unmodified-since"), current);
    if (date && *date < current.last_modified_seconds) return ConditionResult::kPreconditionFailed;
  }
  if (!if_none_match.empty()) {
    if (!Matches(if_none_match, current, false)) return ConditionResult::kProceed;
    return reads ? ConditionResult::kNotModified : ConditionResult::kPreconditionFailed;
  }
  const auto date = DateOf(Lines(head, "if-modified-since"), current);
  const bool not_modified = reads && date && *date >= current.last_modified_seconds;
  return not_modified ? ConditionResult::kNotModified : ConditionResult::kProceed;
}

void CheckReader(std::string_view value) {
  brilliant::http::EntityTagReader reader(value);
  for (const std::string& expected : TagsOf(value)) {
    const auto tag = reader.Next();
    CHECK(tag && tag->weak == expected.starts_with("W/"));
    CHECK("\"" + std::string(tag->opaque) + "\"" == Opaque(expected));
    const auto parsed = brilliant::http::ParseEntityTag(expected);
    CHECK(parsed && parsed->weak == tag->weak && parsed->opaque == tag->opaque);
  }
  CHECK(!reader.Next());
  CHECK(brilliant::http::ParseEntityTag(value).has_value() == IsEntityTag(value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view lines(reinterpret_cast<const char*>(data), size);
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n\r\n";
  brilliant::http::RequestParser parser({});
  if (parser.Parse(text) != brilliant::http::ParseStatus::kDone) return 0;

  const std::array<Validators, 6> states = {
      Validators{.etag = "\"a\"", .last_modified_seconds = 784'111'777},
      Validators{.etag = "W/\"a\"", .last_modified_seconds = 784'111'777},
      Validators{.etag = "\"\"", .last_modified_seconds = kNow},
      Validators{.etag = "\"a,b\""},
      Validators{},
      Validators{.exists = false},
  };
  RequestHead head = parser.head();
  for (const Validators& current : states) {
    for (int method = 0; method <= static_cast<int>(Method::kUnknown); ++method) {
      head.method = static_cast<Method>(method);
      CHECK(EvaluateConditions(head, current, kNow) == Evaluate(head, current));
    }
  }
  for (const auto& field : head.fields) CheckReader(field.value);
  return 0;
}
