// SipHash-1-3: a keyed hash for tables whose keys come from clients. Who doesn't know the key can't make them collide.
// (std::hash with a seed would not do: its Murmur rounds have collisions that hold for every seed.) Pure, but for the
// key.
#ifndef BRILLIANT_FILES_PATH_HASH_H_
#define BRILLIANT_FILES_PATH_HASH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace brilliant::files {

struct HashKey {
  uint64_t low = 0;
  uint64_t high = 0;
};

// A key that nobody can guess. Asks the system.
[[nodiscard]] HashKey RandomHashKey();

// Aumasson and Bernstein, "SipHash: a fast short-input PRF". Rounds after each word, and at the end.
template <int kWordRounds, int kEndRounds>
class SipHash {
 public:
  explicit SipHash(const HashKey& key)
      : a_(key.low ^ 0x736f6d6570736575),
        b_(key.high ^ 0x646f72616e646f6d),
        c_(key.low ^ 0x6c7967656e657261),
        d_(key.high ^ 0x7465646279746573) {}

  [[nodiscard]] uint64_t Hash(std::string_view text) {
    const uint64_t length = text.size();
    while (text.size() >= sizeof(uint64_t)) {
      Absorb(LoadLittleEndian(text.substr(0, sizeof(uint64_t))));
      text.remove_prefix(sizeof(uint64_t));
    }
    Absorb((length << 56) | LoadLittleEndian(text));
    c_ ^= 0xff;
    Rounds(kEndRounds);
    return a_ ^ b_ ^ c_ ^ d_;
  }

 private:
  // At most eight bytes.
  static uint64_t LoadLittleEndian(std::string_view bytes) {
    uint64_t word = 0;
    if (bytes.empty()) return word;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&word, bytes.data(), bytes.size());
    } else {
      for (size_t i = 0; i < bytes.size(); ++i) word |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return word;
  }

  void Absorb(uint64_t word) {
    d_ ^= word;
    Rounds(kWordRounds);
    a_ ^= word;
  }

  void Rounds(int count) {
    for (int i = 0; i < count; ++i) {
      a_ += b_;
      b_ = std::rotl(b_, 13) ^ a_;
      a_ = std::rotl(a_, 32);
      c_ += d_;
      d_ = std::rotl(d_, 16) ^ c_;
      a_ += d_;
      d_ = std::rotl(d_, 21) ^ a_;
      c_ += b_;
      b_ = std::rotl(b_, 17) ^ c_;
      c_ = std::rotl(c_, 32);
    }
  }

  uint64_t a_;
  uint64_t b_;
  uint64_t c_;
  uint64_t d_;
};

[[nodiscard]] inline uint64_t HashPath(const HashKey& key, std::string_view path) {
  return SipHash<1, 3>(key).Hash(path);
}

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_PATH_HASH_H_
