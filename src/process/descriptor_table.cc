#include "process/descriptor_table.h"

#include <fmt/format.h>

#include <climits>
#include <iterator>
#include <map>

#include "base/strings.h"

namespace brilliant::process {
namespace {

constexpr std::string_view kVersion = "2";

std::string EncodeName(std::string_view name) {
  std::string encoded;
  for (const char c : name) {
    if (c <= ' ' || c == '%' || c == ';' || c == '=' || c == 0x7f) {
      fmt::format_to(std::back_inserter(encoded), "%{:02x}", static_cast<unsigned char>(c));
    } else {
      encoded += c;
    }
  }
  return encoded;
}

std::optional<std::string> DecodeName(std::string_view encoded) {
  std::string name;
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      name += encoded[i];
      continue;
    }
    if (i + 2 >= encoded.size()) return std::nullopt;
    const int high = HexValue(encoded[i + 1]);
    const int low = HexValue(encoded[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    name += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return name;
}

// A number from `min` to INT_MAX.
std::optional<int> ParseNumber(std::string_view text, int min) {
  const std::optional<uint64_t> number = ParseDecimal(text);
  if (!number || *number > INT_MAX || static_cast<int>(*number) < min) return std::nullopt;
  return static_cast<int>(*number);
}

std::optional<DescriptorTable::Listener> ParseListener(std::string_view value) {
  const size_t comma = value.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::optional<int> fd = ParseNumber(value.substr(0, comma), 3);
  std::optional<std::string> name = DecodeName(value.substr(comma + 1));
  if (!fd || !name || name->empty()) return std::nullopt;
  return DescriptorTable::Listener{.fd = *fd, .name = std::move(*name)};
}

std::optional<std::vector<gid_t>> ParseGroups(std::string_view value) {
  std::vector<gid_t> groups;
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const std::optional<int> group = ParseNumber(value.substr(0, comma), 0);
    if (!group) return std::nullopt;
    groups.push_back(static_cast<gid_t>(*group));
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  return groups;
}

// Takes the numbers out of `fields` into the table; false if one is missing or malformed.
bool TakeNumbers(std::map<std::string_view, std::string_view>& fields, DescriptorTable& table) {
  struct Number {
    std::string_view name;
    int min;
    bool required;
    int* into;
  };
  int supervisor = 0;
  const Number numbers[] = {
      {"supervisor", 1, true, &supervisor},        {"slot", 0, true, &table.slot},
      {"generation", 1, true, &table.generation},  {"config", 3, true, &table.config},
      {"control", 3, true, &table.control},        {"page", 3, true, &table.page},
      {"access_log", 3, false, &table.access_log}, {"error_log", 3, false, &table.error_log},
      {"cgroups", 1, false, &table.cgroups},
  };
  for (const Number& number : numbers) {
    const auto field = fields.find(number.name);
    if (field == fields.end() && !number.required) continue;
    const std::optional<int> value = field == fields.end() ? std::nullopt : ParseNumber(field->second, number.min);
    if (!value) return false;
    *number.into = *value;
    fields.erase(field);
  }
  table.supervisor = supervisor;
  return true;
}

bool TakeRole(std::map<std::string_view, std::string_view>& fields, DescriptorTable& table) {
  const auto role = fields.find("role");
  if (role == fields.end()) return false;
  table.role = role->second == "spawner" ? DescriptorTable::Role::kSpawner : DescriptorTable::Role::kWorker;
  const bool known = role->second == "worker" || role->second == "spawner";
  fields.erase(role);
  return known;
}

bool TakeIdentity(std::map<std::string_view, std::string_view>& fields, DescriptorTable& table) {
  const auto uid = fields.find("uid");
  const auto gid = fields.find("gid");
  const auto groups = fields.find("groups");
  if (uid == fields.end() && gid == fields.end() && groups == fields.end()) return true;
  if (uid == fields.end() || gid == fields.end() || groups == fields.end()) return false;
  const std::optional<int> uid_value = ParseNumber(uid->second, 0);
  const std::optional<int> gid_value = ParseNumber(gid->second, 0);
  std::optional<std::vector<gid_t>> group_values = ParseGroups(groups->second);
  if (!uid_value || !gid_value || !group_values) return false;
  table.identity = Identity{.uid = static_cast<uid_t>(*uid_value),
                            .gid = static_cast<gid_t>(*gid_value),
                            .groups = std::move(*group_values),
                            .name = {}};
  for (const char* name : {"uid", "gid", "groups"}) fields.erase(name);
  return true;
}

}  // namespace

std::vector<int> DescriptorTable::Descriptors() const {
  std::vector<int> descriptors;
  for (const int fd : {config, control, page, access_log, error_log}) {
    if (fd >= 0) descriptors.push_back(fd);
  }
  for (const Listener& listener : listeners) descriptors.push_back(listener.fd);
  return descriptors;
}

std::string DescriptorTable::Encode() const {
  std::string text =
      fmt::format("version={};role={};supervisor={};slot={};generation={};config={};control={};page={}", kVersion,
                  role == Role::kSpawner ? "spawner" : "worker", supervisor, slot, generation, config, control, page);
  if (access_log >= 0) text += fmt::format(";access_log={}", access_log);
  if (error_log >= 0) text += fmt::format(";error_log={}", error_log);
  if (cgroups > 0) text += fmt::format(";cgroups={}", cgroups);
  if (identity) {
    text += fmt::format(";uid={};gid={};groups={}", identity->uid, identity->gid, fmt::join(identity->groups, ","));
  }
  for (const Listener& listener : listeners) {
    text += fmt::format(";listener={},{}", listener.fd, EncodeName(listener.name));
  }
  return text;
}

Result<DescriptorTable> DescriptorTable::Decode(std::string_view text) {
  DescriptorTable table;
  std::map<std::string_view, std::string_view> fields;
  for (size_t end = 0; end != std::string_view::npos;) {
    end = text.find(';');
    const std::string_view field = text.substr(0, end);
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos) return Failure(ErrorCode::kInvalid, "descriptor table field");
    const std::string_view name = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (name != "listener") {
      if (!fields.emplace(name, value).second)
        return Failure(ErrorCode::kInvalid, "descriptor table field given twice");
      continue;
    }
    std::optional<Listener> listener = ParseListener(value);
    if (!listener) return Failure(ErrorCode::kInvalid, "descriptor table listener");
    if (table.listeners.size() == kTableListenersMax)
      return Failure(ErrorCode::kTooLarge, "descriptor table listeners");
    table.listeners.push_back(std::move(*listener));
  }
  const auto version = fields.find("version");
  if (version == fields.end() || version->second != kVersion)
    return Failure(ErrorCode::kInvalid, "descriptor table version");
  fields.erase(version);
  if (!TakeRole(fields, table)) return Failure(ErrorCode::kInvalid, "descriptor table role");
  if (!TakeNumbers(fields, table)) return Failure(ErrorCode::kInvalid, "descriptor table number");
  if (!TakeIdentity(fields, table)) return Failure(ErrorCode::kInvalid, "descriptor table identity");
  if (!fields.empty()) return Failure(ErrorCode::kInvalid, "descriptor table field unknown");
  return table;
}

}  // namespace brilliant::process
