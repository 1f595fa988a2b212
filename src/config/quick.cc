#include "config/quick.h"

#include <fmt/format.h>

namespace brilliant::config {

std::string QuoteWord(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

SourceBundle QuickBundle(const QuickOptions& options) {
  std::string text = "server {\n";
  if (options.listens.empty()) text += fmt::format("  listen {} automatic\n", kQuickAddress);
  for (const std::string& listen : options.listens) text += fmt::format("  listen {}\n", QuoteWord(listen));
  text += "  charset utf-8\n  host_check loopback\n";
  text +=
      fmt::format("  location / {{\n    root {}\n    index index.html\n    autoindex on\n", QuoteWord(options.folder));
  if (options.uploads || options.deletes) {
    // To replace is to delete and store.
    const char* const stores = options.uploads && options.deletes ? " POST PUT" : options.uploads ? " POST" : "";
    text += fmt::format("    methods GET{}{}\n", stores, options.deletes ? " DELETE" : "");
  }
  if (options.uploads) text += "    upload_path /\n    upload_mkdir on\n    body_max 1024g\n";
  if (options.deletes) text += "    delete_folders empty\n";
  text += "  }\n";
  if (options.programs) {
    text += fmt::format("  location {} {{\n    root {}\n    cgi *\n    methods GET POST\n  }}\n", kQuickPrograms,
                        QuoteWord(options.folder + std::string(kQuickPrograms)));
  }
  text += "}\n";
  SourceBundle bundle;
  bundle.main_path = "(quick mode)";
  bundle.folder = options.folder;
  bundle.generated = true;
  bundle.files[bundle.MainFile()] = std::move(text);
  return bundle;
}

}  // namespace brilliant::config
