// Quick mode: a folder is served without a configuration file. It is done by writing the configuration, so that
// everything behind the loader sees no difference. Called by main.
#ifndef BRILLIANT_CONFIG_QUICK_H_
#define BRILLIANT_CONFIG_QUICK_H_

#include <span>
#include <string>
#include <string_view>

#include "config/loader.h"

namespace brilliant::config {

inline constexpr std::string_view kQuickAddress = "127.0.0.1:8080";

// For LoadBundle. `folder` is absolute and may hold any byte but NUL; `listens` are values of --listen, as a `listen`
// takes them: what is wrong with them comes out as diagnostics of the text. Without any it is kQuickAddress, or the
// next free port (Listen::automatic).
[[nodiscard]] SourceBundle QuickBundle(std::string_view folder, std::span<const std::string> listens = {});

// `text` as one word of a configuration, in double quotes.
[[nodiscard]] std::string QuoteWord(std::string_view text);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_QUICK_H_
