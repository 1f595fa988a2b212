#include "handlers/file_category.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/strings.h"
#include "files/folder_listing.h"

namespace brilliant::handlers {
namespace {

constexpr size_t kExtensionBytesShown = 8;

std::string_view WordFor(FileCategory category) {
  switch (category) {
    case FileCategory::kImage:
      return "image";
    case FileCategory::kVideo:
      return "video";
    case FileCategory::kAudio:
      return "audio";
    case FileCategory::kText:
      return "text";
    case FileCategory::kArchive:
      return "archive";
    case FileCategory::kOther:
      break;
  }
  return "file";
}

}  // namespace

FileCategory CategoryOf(std::string_view media_type) {
  static constexpr std::array<std::string_view, 4> kTexts = {"application/json", "application/xml",
                                                             "application/javascript", "application/x-sh"};
  static constexpr std::array<std::string_view, 9> kArchives = {"application/zip",
                                                                "application/gzip",
                                                                "application/x-tar",
                                                                "application/x-7z-compressed",
                                                                "application/x-bzip2",
                                                                "application/x-xz",
                                                                "application/zstd",
                                                                "application/vnd.rar",
                                                                "application/x-rar-compressed"};
  if (media_type.starts_with("image/")) return FileCategory::kImage;
  if (media_type.starts_with("video/")) return FileCategory::kVideo;
  if (media_type.starts_with("audio/")) return FileCategory::kAudio;
  if (media_type.starts_with("text/")) return FileCategory::kText;
  if (std::ranges::find(kTexts, media_type) != kTexts.end()) return FileCategory::kText;
  if (std::ranges::find(kArchives, media_type) != kArchives.end()) return FileCategory::kArchive;
  return FileCategory::kOther;
}

void AppendDescription(std::string& text, std::string_view name, FileCategory category) {
  const std::string_view extension = files::ExtensionOf(name);
  const bool is_word = std::ranges::all_of(extension, [](char c) { return IsAlpha(c) || IsDigit(c); });
  if (is_word && !extension.empty() && extension.size() <= kExtensionBytesShown) {
    for (const char c : extension) text += c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    text += ' ';
    text += WordFor(category);
    return;
  }
  const std::string_view word = WordFor(category);
  text += static_cast<char>(word[0] - ('a' - 'A'));
  text += word.substr(1);
}

}  // namespace brilliant::handlers
