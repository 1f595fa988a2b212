#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace brilliant {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kMappedBytes = IpAddress::kBytes - kIpv4Bytes;
constexpr std::string_view kMappedPrefix{"\0\0\0\0\0\0\0\0\0\0\xff\xff", kMappedBytes};

bool BeginsBefore(const AddressBlock& a, const AddressBlock& b) { return a.first < b.first; }

}  // namespace

IpAddress IpAddress::FromBytes(std::string_view bytes) {
  IpAddress address;
  auto to = address.bytes_.begin();
  if (bytes.size() == kIpv4Bytes) to = std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), to);
  std::copy(bytes.begin(), bytes.end(), to);
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  char terminated[kTextBytesMax + 1] = {};
  if (text.size() > kTextBytesMax || text.find('\0') != std::string_view::npos) return std::nullopt;
  text.copy(terminated, text.size());
  char bytes[kBytes];
  if (inet_pton(AF_INET, terminated, bytes) == 1) return FromBytes({bytes, kIpv4Bytes});
  if (inet_pton(AF_INET6, terminated, bytes) == 1) return FromBytes({bytes, kBytes});
  return std::nullopt;
}

bool IpAddress::is_ipv4() const { return bytes().starts_with(kMappedPrefix); }

IpAddress IpAddress::Masked(int bits) const {
  IpAddress masked;
  const auto whole = static_cast<size_t>(bits / 8);
  std::copy_n(bytes_.begin(), whole, masked.bytes_.begin());
  if (bits % 8 != 0) masked.bytes_[whole] = static_cast<uint8_t>(bytes_[whole] & (0xff << (8 - bits % 8)));
  return masked;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_ipv4()) {
    inet_ntop(AF_INET, bytes_.data() + kMappedBytes, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

std::string AddressBlock::ToString() const {
  if (bits == IpAddress::kBits) return first.ToString();
  const bool ipv4 = first.is_ipv4() && bits >= IpAddress::kMappedBits;
  return first.ToString() + "/" + std::to_string(ipv4 ? bits - IpAddress::kMappedBits : bits);
}

void AddressSet::Add(const AddressBlock& block) {
  // Two blocks are apart, or one is within the other.
  const auto holds_new = [&](const AddressBlock& other) {
    return other.bits <= block.bits && other.Contains(block.first);
  };
  if (std::any_of(blocks_.begin(), blocks_.end(), holds_new)) return;
  std::erase_if(blocks_, [&](const AddressBlock& other) { return block.Contains(other.first); });
  blocks_.insert(std::upper_bound(blocks_.begin(), blocks_.end(), block, BeginsBefore), block);
}

bool AddressSet::Contains(const IpAddress& address) const {
  const AddressBlock wanted{.first = address};
  const auto above = std::upper_bound(blocks_.begin(), blocks_.end(), wanted, BeginsBefore);
  return above != blocks_.begin() && std::prev(above)->Contains(address);
}

}  // namespace brilliant
