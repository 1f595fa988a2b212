#include "http/content_coding.h"

#include <algorithm>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

struct CodingRow {
  std::string_view name;
  std::string_view extension;
};
constexpr std::array<CodingRow, kContentCodings> kRows = {{
    {"identity", ""},
    {"br", ".br"},
    {"zstd", ".zst"},
    {"gzip", ".gz"},
}};

constexpr int kWeightMax = 1'000;  // "q=1"
constexpr int kUnlisted = -1;

// What a request says of each coding, in thousandths.
struct Weights {
  std::array<int, kContentCodings> listed{kUnlisted, kUnlisted, kUnlisted, kUnlisted};
  int others = kUnlisted;  // "*"

  [[nodiscard]] int Of(ContentCoding coding) const {
    const int own = listed[static_cast<size_t>(coding)];
    return own != kUnlisted ? own : others;
  }
};

// RFC 9110 section 12.4.2: "0.123", "1.000". Nothing if malformed.
std::optional<int> ParseQuality(std::string_view text) {
  constexpr size_t kTextMax = 5;
  if (text.empty() || text.size() > kTextMax || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int quality = (text[0] - '0') * kWeightMax;
  int place = kWeightMax / 10;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (!IsDigit(c)) return std::nullopt;
    quality += (c - '0') * place;
    place /= 10;
  }
  if (quality > kWeightMax) return std::nullopt;
  return quality;
}

// The weight of a member, by what follows the coding's name. Nothing if malformed.
std::optional<int> ParseWeight(std::string_view rest) {
  rest = TrimBlanks(rest);
  if (rest.empty()) return kWeightMax;
  if (rest.front() != ';') return std::nullopt;
  rest = TrimBlanks(rest.substr(1));
  if (!EqualsIgnoreCase(rest.substr(0, 2), "q=")) return std::nullopt;
  return ParseQuality(rest.substr(2));
}

void ReadMember(std::string_view member, Weights& weights) {
  const size_t name_size = std::min(member.find_first_of("; \t"), member.size());
  const std::string_view name = member.substr(0, name_size);
  const std::optional<int> weight = ParseWeight(member.substr(name_size));
  if (!weight) return;
  const std::optional<ContentCoding> coding = CodingFromName(name);
  if (!coding && name != "*") return;
  int& said = coding ? weights.listed[static_cast<size_t>(*coding)] : weights.others;
  if (said == kUnlisted) said = *weight;
}

}  // namespace

std::string_view NameOf(ContentCoding coding) { return kRows[static_cast<size_t>(coding)].name; }

std::string_view ExtensionOf(ContentCoding coding) { return kRows[static_cast<size_t>(coding)].extension; }

std::optional<ContentCoding> CodingFromName(std::string_view name) {
  if (EqualsIgnoreCase(name, "x-gzip")) return ContentCoding::kGzip;
  const auto found =
      std::ranges::find_if(kRows, [&](const CodingRow& row) { return EqualsIgnoreCase(row.name, name); });
  if (found == kRows.end()) return std::nullopt;
  return static_cast<ContentCoding>(found - kRows.begin());
}

CodingList PreferredCodings(const RequestHead& head, std::span<const ContentCoding> offered) {
  Weights weights;
  for (const Field& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "Accept-Encoding")) continue;
    ListReader members(field.value);
    std::string_view member;
    while (members.Next(member)) ReadMember(member, weights);
  }
  // Not mentioned, "identity" is acceptable, but nobody has asked for it.
  const int least = std::max(weights.Of(ContentCoding::kIdentity), 1);
  CodingList preferred;
  // By falling weight, so that equals keep the order of `offered`.
  for (int above = kWeightMax + 1; above > least;) {
    int best = 0;
    for (const ContentCoding coding : offered) {
      const int weight = weights.Of(coding);
      if (weight < above) best = std::max(best, weight);
    }
    if (best < least) break;
    for (const ContentCoding coding : offered) {
      if (weights.Of(coding) == best) preferred.Append(coding);
    }
    above = best;
  }
  return preferred;
}

}  // namespace brilliant::http
