// What a configuration may be made of at most. The bounds keep a mistyped include, a wrong file or a hostile one from
// costing more than a moment: each is far above what a real site needs, and a test hits each.
#ifndef BRILLIANT_CONFIG_LIMITS_H_
#define BRILLIANT_CONFIG_LIMITS_H_

#include <cstddef>

namespace brilliant::config {

inline constexpr size_t kFileBytesMax = size_t{1} << 20;      // one configuration file
inline constexpr size_t kSourceBytesMax = size_t{8} << 20;    // all files together, each time one is included
inline constexpr size_t kTokensMax = 500'000;                 // words, braces, ends of lines: all files together
inline constexpr size_t kDirectivesMax = 50'000;              // all files together
inline constexpr size_t kNamesMax = 500'000;                  // server names, once for each address of their server
inline constexpr size_t kCgiVariablesMax = 256;               // cgi_env in one block
inline constexpr size_t kAddedHeadersMax = 32;                // add_header in one block
inline constexpr size_t kAddedHeaderBytesMax = 8'192;         // names and values of add_header in one block
inline constexpr size_t kCacheControlBytesMax = 1'024;        // the value of `cache_control`
inline constexpr size_t kRealmBytesMax = 256;                 // of `auth_basic`
inline constexpr size_t kAllowedOriginsMax = 100;             // of `allowed_origins`
inline constexpr size_t kTrustedProxiesMax = 1'000;           // blocks of addresses
inline constexpr int kIndexNamesMax = 16;                     // of `index`
inline constexpr size_t kRangesMaxMost = 1'000;               // of `max_ranges`
inline constexpr size_t kScriptFolderLooksMax = 1'000'000;    // pairs of uploads and scripts that are compared
inline constexpr size_t kSecretLooksMax = 1'000'000;          // pairs of password files and locations that are compared
inline constexpr int kBlockDepthMax = 8;                      // blocks in blocks
inline constexpr int kIncludeDepthMax = 16;                   // files that include files
inline constexpr size_t kIncludeFilesMax = 1'000;             // files read because of `include`
inline constexpr size_t kWordBytesMax = 8'192;                // one word, after ${NAME} was replaced
inline constexpr size_t kExpandedBytesMax = size_t{1} << 20;  // all values of ${NAME} together
inline constexpr size_t kDiagnosticsMax = 100;                // mistakes reported in one run
inline constexpr size_t kPathBytesMax = 4'095;                // PATH_MAX of Linux, without its final NUL
inline constexpr size_t kBundleBytesMax = size_t{16} << 20;   // a serialised SourceBundle
inline constexpr size_t kExcerptColumnsMax = 100;             // of a line shown below a message

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_LIMITS_H_
