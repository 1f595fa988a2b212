// Entity tags (RFC 9110 section 8.8.3): parsing, comparing, and how this server makes its own. Pure; views only.
#ifndef BRILLIANT_HTTP_ETAG_H_
#define BRILLIANT_HTTP_ETAG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brilliant::http {

struct EntityTag {
  bool weak = false;
  std::string_view opaque{};  // between the quotes
};

// One entity tag and nothing else: `"xyzzy"` or `W/"xyzzy"`.
[[nodiscard]] std::optional<EntityTag> ParseEntityTag(std::string_view text);

// RFC 9110 section 8.8.3.2.
[[nodiscard]] inline bool StrongMatch(const EntityTag& a, const EntityTag& b) {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}
[[nodiscard]] inline bool WeakMatch(const EntityTag& a, const EntityTag& b) { return a.opaque == b.opaque; }

// Reads the members of `1#entity-tag`, one field line's value, in order. Empty members are skipped; the first malformed
// one ends the list.
class EntityTagReader {
 public:
  explicit EntityTagReader(std::string_view value) : rest_(value) {}
  [[nodiscard]] std::optional<EntityTag> Next();

 private:
  std::string_view rest_;
};

// The entity tag of a file's representation, with quotes: modification time, size and content coding (empty: none) in
// hexadecimal, without the inode number, so that replicas agree. `weak` while the file is so young that it may change
// again within the resolution of its time stamp. `coding` is a token.
[[nodiscard]] std::string MakeEntityTag(int64_t mtime_ns, uint64_t size, std::string_view coding, bool weak);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_ETAG_H_
