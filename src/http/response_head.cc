#include "http/response_head.h"

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"
#include "http/status.h"
#include "http/syntax.h"

namespace brilliant::http {

bool IsToken(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsTokenChar); }

bool IsFieldValue(std::string_view text) {
  if (!text.empty() && (IsBlank(text.front()) || IsBlank(text.back()))) return false;
  return FindBadValueByte(text) == std::string_view::npos;
}

void FieldList::Add(std::string_view name, std::string_view value) { CHECK(TryAdd(name, value).has_value()); }

void FieldList::Set(std::string_view name, std::string_view value) { CHECK(TrySet(name, value).has_value()); }

Result<void> FieldList::TryAdd(std::string_view name, std::string_view value) {
  if (!IsToken(name)) return Failure(ErrorCode::kInvalid, "field name");
  if (!IsFieldValue(value)) return Failure(ErrorCode::kInvalid, "field value");
  if (entries_.size() == kFieldsMax) return Failure(ErrorCode::kTooLarge, "number of response fields");
  if (name.size() + value.size() > kBytesMax - bytes_) return Failure(ErrorCode::kTooLarge, "response fields");
  entries_.push_back(Entry{.name = std::string(name), .value = std::string(value)});
  bytes_ += name.size() + value.size();
  return {};
}

Result<void> FieldList::TrySet(std::string_view name, std::string_view value) {
  const auto same_name = [name](const Entry& entry) { return EqualsIgnoreCase(entry.name, name); };
  const auto first = std::ranges::find_if(entries_, same_name);
  if (first == entries_.end()) return TryAdd(name, value);
  if (!IsFieldValue(value)) return Failure(ErrorCode::kInvalid, "field value");
  // What goes is counted before what comes, so that replacing never fails for want of room it would make itself.
  size_t bytes = bytes_ + value.size();
  for (const Entry& entry : entries_) {
    if (same_name(entry)) bytes -= entry.value.size() + (&entry == &*first ? 0 : entry.name.size());
  }
  if (bytes > kBytesMax) return Failure(ErrorCode::kTooLarge, "response fields");
  first->value = value;
  entries_.erase(std::remove_if(first + 1, entries_.end(), same_name), entries_.end());
  bytes_ = bytes;
  return {};
}

size_t FieldList::Remove(std::string_view name) {
  return std::erase_if(entries_, [this, name](const Entry& entry) {
    const bool same_name = EqualsIgnoreCase(entry.name, name);
    if (same_name) bytes_ -= entry.name.size() + entry.value.size();
    return same_name;
  });
}

std::string_view FieldList::Find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (EqualsIgnoreCase(entry.name, name)) return entry.value;
  }
  return {};
}

void AppendStatusLine(std::string& out, int status) {
  CHECK(IsValidStatus(status));
  out += "HTTP/1.1 ";
  out += static_cast<char>('0' + status / 100);
  out += static_cast<char>('0' + status / 10 % 10);
  out += static_cast<char>('0' + status % 10);
  out += ' ';
  out += ReasonPhrase(status);
  out += "\r\n";
}

void AppendFieldLine(std::string& out, std::string_view name, std::string_view value) {
  CHECK(IsToken(name) && IsFieldValue(value));
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void AppendFieldLines(std::string& out, const FieldList& fields) {
  for (const FieldList::Entry& entry : fields) AppendFieldLine(out, entry.name, entry.value);
}

}  // namespace brilliant::http
