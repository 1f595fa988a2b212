// The input's lines are the values of as many fields: X-Forwarded-For if the first byte is even, Forwarded if it is
// odd, and every fourth X-Forwarded-Proto. Who comes out must be an address that stands in one of them, and nothing
// that a client writes before the last address that isn't a trusted proxy may change it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/forwarded.h"

namespace {

using brilliant::AddressSet;
using brilliant::IpAddress;
using brilliant::http::Field;
using brilliant::http::ForwardedClient;
using brilliant::http::ForwardedField;
using brilliant::http::ReadForwarded;

AddressSet Trusted() {
  AddressSet set;
  set.Add({.first = *IpAddress::Parse("10.0.0.0"), .bits = IpAddress::kMappedBits + 8});
  set.Add({.first = *IpAddress::Parse("2001:db8::"), .bits = 32});
  return set;
}

bool IsWithin(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool standard = (data[0] & 1) != 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<Field> fields;
  for (size_t begin = 0; begin <= text.size(); begin = text.find('\n', begin) + 1) {
    const bool scheme = fields.size() % 4 == 3;
    const std::string_view name = scheme ? "X-Forwarded-Proto" : (standard ? "Forwarded" : "X-Forwarded-For");
    fields.push_back({.name = name, .value = text.substr(begin, text.find('\n', begin) - begin)});
    if (text.find('\n', begin) == std::string_view::npos) break;
  }
  const AddressSet trusted = Trusted();
  const ForwardedField field = standard ? ForwardedField::kForwarded : ForwardedField::kXForwardedFor;
  const ForwardedClient client = ReadForwarded(fields, field, trusted);
  CHECK(client.scheme.empty() || client.scheme == "http" || client.scheme == "https");
  if (client.address.empty()) return 0;
  const auto address = IpAddress::Parse(client.address);
  CHECK(address && IsWithin(client.address, text));
  if (trusted.Contains(*address)) return 0;

  const std::string forged =
      (standard ? "for=192.0.2.66;proto=https, " : "192.0.2.66, ") + std::string(fields[0].value);
  if (fields[0].name != "X-Forwarded-Proto") fields[0].value = forged;
  fields.insert(fields.begin(), {.name = fields[0].name, .value = standard ? "for=\"" : "<>"});
  const ForwardedClient again = ReadForwarded(fields, field, trusted);
  CHECK(again.address == client.address && again.scheme == client.scheme && again.port == client.port);
  return 0;
}
