// Content codings (RFC 9110 section 8.4.1) that a file may have a neighbour in, and which of them a request accepts
// (section 12.5.3). Pure; allocates nothing.
#ifndef BRILLIANT_HTTP_CONTENT_CODING_H_
#define BRILLIANT_HTTP_CONTENT_CODING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/request.h"

namespace brilliant::http {

enum class ContentCoding : uint8_t { kIdentity, kBrotli, kZstd, kGzip };
inline constexpr size_t kContentCodings = 4;

// As in a Content-Encoding field: "br", "zstd", "gzip"; "identity" never stands in one.
[[nodiscard]] std::string_view NameOf(ContentCoding coding);
// Of the name of a file in that coding: ".br", ".zst", ".gz"; empty for kIdentity.
[[nodiscard]] std::string_view ExtensionOf(ContentCoding coding);
// By its name, without regard to case; "x-gzip" is gzip (section 8.4.1.3). Nothing if unknown.
[[nodiscard]] std::optional<ContentCoding> CodingFromName(std::string_view name);

// Some codings in order, each once.
class CodingList {
 public:
  void Append(ContentCoding coding) { codings_[size_++] = coding; }
  [[nodiscard]] const ContentCoding* begin() const { return codings_.data(); }
  [[nodiscard]] const ContentCoding* end() const { return codings_.data() + size_; }

 private:
  std::array<ContentCoding, kContentCodings> codings_{};
  size_t size_ = 0;
};

// Those of `offered` that the request would rather have than no coding, the best first; among equals the order of
// `offered`. Without an Accept-Encoding field: none. Several lines are one list; malformed members are skipped, and of
// a coding that stands there twice the first counts. `offered`: without kIdentity, each once.
[[nodiscard]] CodingList PreferredCodings(const RequestHead& head, std::span<const ContentCoding> offered);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_CONTENT_CODING_H_
