// Quick mode: a folder is served without a configuration file. It is done by writing the configuration, so that
// everything behind the loader sees no difference. Called by main.
#ifndef BRILLIANT_CONFIG_QUICK_H_
#define BRILLIANT_CONFIG_QUICK_H_

#include <string>
#include <string_view>
#include <vector>

#include "config/loader.h"

namespace brilliant::config {

inline constexpr std::string_view kQuickAddress = "127.0.0.1:8080";

// The folder in the folder whose files are programs.
inline constexpr std::string_view kQuickPrograms = "/cgi-bin";

// What the command line says about the folder.
struct QuickOptions {
  std::string folder;  // absolute; may hold any byte but NUL
  // Values of --listen, as a `listen` takes them: what is wrong with them comes out as diagnostics of the text. Without
  // any it is kQuickAddress, or the next free port (Listen::automatic).
  std::vector<std::string> listens = {};
  bool programs = false;  // --cgi: what can be executed below kQuickPrograms is run
  bool uploads =
      false;  // --upload: POST, with new names for what is taken, and folders on the way; with deletes, PUT too
  bool deletes = false;  // --delete: of files and empty folders
};

// For LoadBundle.
[[nodiscard]] SourceBundle QuickBundle(const QuickOptions& options);

// `text` as one word of a configuration, in double quotes.
[[nodiscard]] std::string QuoteWord(std::string_view text);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_QUICK_H_
