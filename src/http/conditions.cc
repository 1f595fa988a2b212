#include "http/conditions.h"

#include <optional>

#include "base/strings.h"
#include "http/date.h"
#include "http/etag.h"

namespace brilliant::http {
namespace {

using TagMatch = bool (*)(const EntityTag&, const EntityTag&);

// What a request has of the four conditional fields, found in one pass.
struct ConditionFields {
  bool has_if_match = false;
  bool has_if_none_match = false;
  int if_modified_since_lines = 0;
  int if_unmodified_since_lines = 0;
  std::string_view if_modified_since;
  std::string_view if_unmodified_since;
};

ConditionFields FindConditions(const RequestHead& head) {
  ConditionFields found;
  for (const Field& field : head.fields) {
    if (field.name.size() < 8 || ToLower(field.name[0]) != 'i' || ToLower(field.name[1]) != 'f') continue;
    if (EqualsIgnoreCase(field.name, "If-Match")) found.has_if_match = true;
    if (EqualsIgnoreCase(field.name, "If-None-Match")) found.has_if_none_match = true;
    if (EqualsIgnoreCase(field.name, "If-Modified-Since")) {
      found.if_modified_since = field.value;
      ++found.if_modified_since_lines;
    }
    if (EqualsIgnoreCase(field.name, "If-Unmodified-Since")) {
      found.if_unmodified_since = field.value;
      ++found.if_unmodified_since_lines;
    }
  }
  return found;
}

// Does any member of any line of this field match the current representation?
bool AnyTagMatches(const RequestHead& head, std::string_view name, const Validators& current, TagMatch match) {
  if (!current.exists) return false;
  const std::optional<EntityTag> current_tag = ParseEntityTag(current.etag);
  for (const Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, name)) continue;
    if (field.value == "*") return true;
    if (!current_tag) continue;
    EntityTagReader tags(field.value);
    while (const std::optional<EntityTag> tag = tags.Next()) {
      if (match(*tag, *current_tag)) return true;
    }
  }
  return false;
}

// The date of a condition that counts: given once, valid, and comparable with what is there.
std::optional<int64_t> DateToCompare(std::string_view text, int lines, const Validators& current, int64_t now_seconds) {
  if (lines != 1 || !current.exists || current.last_modified_seconds == kNoLastModified) return std::nullopt;
  return ParseHttpDate(text, now_seconds);
}

}  // namespace

ConditionResult EvaluateConditions(const RequestHead& head, const Validators& current, int64_t now_seconds) {
  const bool reads = head.method == Method::kGet || head.method == Method::kHead;
  // RFC 9110 section 13.2.1: these neither select nor change a representation.
  if (head.method == Method::kConnect || head.method == Method::kOptions || head.method == Method::kTrace) {
    return ConditionResult::kProceed;
  }
  const ConditionFields fields = FindConditions(head);

  // The numbers are the steps of RFC 9110 section 13.2.2.
  if (fields.has_if_match) {  // 1
    if (!AnyTagMatches(head, "If-Match", current, StrongMatch)) return ConditionResult::kPreconditionFailed;
  } else {  // 2
    const std::optional<int64_t> date =
        DateToCompare(fields.if_unmodified_since, fields.if_unmodified_since_lines, current, now_seconds);
    if (date && current.last_modified_seconds > *date) return ConditionResult::kPreconditionFailed;
  }
  if (fields.has_if_none_match) {  // 3
    if (!AnyTagMatches(head, "If-None-Match", current, WeakMatch)) return ConditionResult::kProceed;
    return reads ? ConditionResult::kNotModified : ConditionResult::kPreconditionFailed;
  }
  if (reads) {  // 4
    const std::optional<int64_t> date =
        DateToCompare(fields.if_modified_since, fields.if_modified_since_lines, current, now_seconds);
    if (date && current.last_modified_seconds <= *date) return ConditionResult::kNotModified;
  }
  return ConditionResult::kProceed;
}

bool IfRangeHolds(const RequestHead& head, const Validators& current, int64_t now_seconds) {
  const Field* condition = nullptr;
  for (const Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "If-Range")) continue;
    if (condition != nullptr) return false;
    condition = &field;
  }
  if (condition == nullptr) return true;
  const std::optional<EntityTag> current_tag = ParseEntityTag(current.etag);
  if (!current.exists || !current_tag || current_tag->weak) return false;
  if (const std::optional<EntityTag> tag = ParseEntityTag(condition->value)) return StrongMatch(*tag, *current_tag);
  const std::optional<int64_t> date = ParseHttpDate(condition->value, now_seconds);
  return date && *date == current.last_modified_seconds;
}

}  // namespace brilliant::http
