// IP addresses and blocks of them as plain values, for rules about who a peer is. IPv4 addresses are kept in their
// IPv6-mapped form, so that a client looks the same through a socket of either family. Pure; any thread may use it.
#ifndef BRILLIANT_BASE_IP_ADDRESS_H_
#define BRILLIANT_BASE_IP_ADDRESS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brilliant {

class IpAddress {
 public:
  static constexpr size_t kBytes = 16;
  static constexpr int kBits = 128;
  static constexpr int kMappedBits = 96;       // of an IPv4 address, those before its own
  static constexpr size_t kTextBytesMax = 45;  // of a text that is read
  static constexpr size_t kMadeBytesMax = 39;  // of what ToString() makes

  // ::
  IpAddress() = default;
  // `bytes`: 4 or 16 of them in network order.
  [[nodiscard]] static IpAddress FromBytes(std::string_view bytes);
  // Digits without brackets, zone or port; nothing if malformed.
  [[nodiscard]] static std::optional<IpAddress> Parse(std::string_view text);

  [[nodiscard]] bool is_ipv4() const;
  // The network it is in: the first `bits` of kBits, the others 0.
  [[nodiscard]] IpAddress Masked(int bits) const;
  [[nodiscard]] std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), kBytes}; }
  // "192.0.2.1", "2001:db8::1".
  [[nodiscard]] std::string ToString() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<uint8_t, kBytes> bytes_{};  // unsigned, so that they compare as networks do
};

// All addresses that begin alike.
struct AddressBlock {
  IpAddress first;  // the bits behind `bits` are 0
  int bits = IpAddress::kBits;

  [[nodiscard]] bool Contains(const IpAddress& address) const { return address.Masked(bits) == first; }
  // "10.0.0.0/8", "192.0.2.1", "2001:db8::/32".
  [[nodiscard]] std::string ToString() const;
  friend bool operator==(const AddressBlock&, const AddressBlock&) = default;
};

// Addresses that a rule holds for. Looking one up takes logarithmic time.
class AddressSet {
 public:
  void Add(const AddressBlock& block);
  [[nodiscard]] bool Contains(const IpAddress& address) const;
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  // In order, none within another.
  [[nodiscard]] const std::vector<AddressBlock>& blocks() const { return blocks_; }

 private:
  std::vector<AddressBlock> blocks_;
};

}  // namespace brilliant

#endif  // BRILLIANT_BASE_IP_ADDRESS_H_
