#include "handlers/answer_fields.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace brilliant::handlers {
namespace {

constexpr std::string_view kServer = "Server";

// Fields whose lines mean more together than each alone.
bool AddsUp(std::string_view name) {
  static constexpr std::array<std::string_view, 3> kNames = {"Vary", "Link", "Set-Cookie"};
  return std::ranges::any_of(kNames, [name](std::string_view other) { return EqualsIgnoreCase(name, other); });
}

}  // namespace

AnswerFields::AnswerFields(const std::vector<config::AddHeader>& headers, std::string_view cache_control) {
  for (const config::AddHeader& header : headers) {
    ordinary_.Add(header);
    if (header.always) other_.Add(header);
  }
  file_ = ordinary_;
  if (!cache_control.empty()) http::AppendFieldLine(file_.lines_, "Cache-Control", cache_control);
}

bool AnswerFields::IsOrdinary(int status) {
  static constexpr std::array kStatuses = {200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
  return std::ranges::find(kStatuses, status) != kStatuses.end();
}

void AnswerFields::Block::Add(const config::AddHeader& header) {
  if (!header.value.empty()) http::AppendFieldLine(lines_, header.name, header.value);
  if (AddsUp(header.name)) return;
  if (EqualsIgnoreCase(header.name, kServer)) replaces_server_ = true;
  replaced_.push_back(header.name);
}

void AnswerFields::Block::RemoveReplaced(http::FieldList& fields) const {
  for (const std::string& name : replaced_) fields.Remove(name);
}

bool Replaces(const std::vector<config::AddHeader>& headers, std::string_view name) {
  if (AddsUp(name)) return false;
  return std::ranges::any_of(headers,
                             [name](const config::AddHeader& header) { return EqualsIgnoreCase(header.name, name); });
}

}  // namespace brilliant::handlers
