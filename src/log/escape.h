// What both logs consider unsafe to print, in terms of UTF-8 (RFC 3629). Pure; any thread may call it.
#ifndef BRILLIANT_LOG_ESCAPE_H_
#define BRILLIANT_LOG_ESCAPE_H_

#include <cstddef>
#include <string_view>

namespace brilliant::log {

// Of the UTF-8 sequence at the start of `text`, which is not empty; 0 if it is malformed (RFC 3629 section 4) or cut
// off.
[[nodiscard]] size_t SequenceLength(std::string_view text);

// A whole, well-formed sequence that would act on a terminal or hide what stands next to it: controls, DEL, C1
// controls, and the characters that change the direction of text or separate lines.
[[nodiscard]] bool IsUnsafe(std::string_view sequence);

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_ESCAPE_H_
