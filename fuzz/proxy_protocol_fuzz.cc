// The input is the start of a connection. Byte by byte the parser must come to the same end as with everything at once,
// and no more bytes may change a verdict.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/proxy_protocol.h"

using brilliant::net::kProxyHeaderBytesMax;
using brilliant::net::ParseProxyHeader;
using brilliant::net::ProxyHeader;
using brilliant::net::ProxyStatus;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  ProxyHeader whole;
  const ProxyStatus status = ParseProxyHeader(input, whole);
  ProxyHeader header;
  ProxyStatus first = ProxyStatus::kNeedMore;
  size_t bytes = 0;
  for (; bytes <= size && first == ProxyStatus::kNeedMore; ++bytes) {
    first = ParseProxyHeader(input.substr(0, bytes), header);
  }
  CHECK(first == status);
  CHECK(status == ProxyStatus::kNeedMore ? size < kProxyHeaderBytesMax : bytes - 1 <= kProxyHeaderBytesMax);
  if (status != ProxyStatus::kDone) return 0;
  CHECK(whole.bytes == bytes - 1 && header.bytes == whole.bytes);
  CHECK(header.client == whole.client && header.address == whole.address && header.port == whole.port);
  return 0;
}
