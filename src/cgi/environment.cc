#include "cgi/environment.h"

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"

namespace brilliant::cgi {
namespace {

Result<void> CheckVariable(std::string_view name, std::string_view value) {
  if (!IsVariableName(name)) return Failure(ErrorCode::kInvalid, "name of an environment variable");
  if (value.find('\0') != std::string_view::npos) return Failure(ErrorCode::kInvalid, "NUL in an environment variable");
  if (name.size() + value.size() + 2 > Environment::kVariableBytesMax) {
    return Failure(ErrorCode::kTooLarge, "one environment variable");
  }
  return {};
}

}  // namespace

bool IsVariableName(std::string_view name) {
  const auto is_name_byte = [](char c) { return IsAlpha(c) || IsDigit(c) || c == '_'; };
  return !name.empty() && !IsDigit(name.front()) && std::ranges::all_of(name, is_name_byte);
}

Result<Environment> Environment::Decode(std::string_view bytes) {
  Environment environment;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\0');
    if (end == std::string_view::npos) return Failure(ErrorCode::kInvalid, "environment that is cut off");
    const std::string_view assignment = bytes.substr(0, end);
    const size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) return Failure(ErrorCode::kInvalid, "environment variable without a value");
    RETURN_IF_ERROR(environment.Add(assignment.substr(0, equals), assignment.substr(equals + 1)));
    bytes.remove_prefix(end + 1);
  }
  return environment;
}

Result<void> Environment::Add(std::string_view name, std::string_view value) {
  RETURN_IF_ERROR(CheckVariable(name, value));
  if (IndexOf(name) < size()) return Failure(ErrorCode::kInvalid, "environment variable set twice");
  if (size() == kVariablesMax) return Failure(ErrorCode::kTooLarge, "number of environment variables");
  if (name.size() + value.size() + 2 > kBytesMax - bytes_.size()) return Failure(ErrorCode::kTooLarge, "environment");
  starts_.push_back(static_cast<uint32_t>(bytes_.size()));
  bytes_ += name;
  bytes_ += '=';
  bytes_ += value;
  bytes_ += '\0';
  return {};
}

Result<void> Environment::Replace(std::string_view name, std::string_view value) {
  RETURN_IF_ERROR(CheckVariable(name, value));
  const size_t index = IndexOf(name);
  if (index == size()) return Failure(ErrorCode::kInvalid, "environment variable that is not set");
  const size_t old_size = (*this)[index].value.size();
  if (bytes_.size() - old_size + value.size() > kBytesMax) return Failure(ErrorCode::kTooLarge, "environment");
  bytes_.replace(starts_[index] + name.size() + 1, old_size, value);
  for (size_t i = index + 1; i < size(); ++i) {
    starts_[i] = static_cast<uint32_t>(starts_[i] - old_size + value.size());
  }
  return {};
}

std::string_view Environment::Find(std::string_view name) const {
  const size_t index = IndexOf(name);
  return index < size() ? (*this)[index].value : std::string_view();
}

Environment::Variable Environment::operator[](size_t index) const {
  CHECK(index < size());
  const size_t end = index + 1 < size() ? starts_[index + 1] : bytes_.size();
  const std::string_view assignment = std::string_view(bytes_).substr(starts_[index], end - starts_[index] - 1);
  const size_t equals = assignment.find('=');
  return Variable{
      .name = assignment.substr(0, equals), .value = assignment.substr(equals + 1), .assignment = assignment};
}

size_t Environment::IndexOf(std::string_view name) const {
  const auto is_name_at = [this, name](uint32_t start) {
    const std::string_view text = std::string_view(bytes_).substr(start);
    return text.starts_with(name) && text[name.size()] == '=';
  };
  return static_cast<size_t>(std::ranges::find_if(starts_, is_name_at) - starts_.begin());
}

}  // namespace brilliant::cgi
