// Words and pictures for kinds of files, for people. Pure.
#ifndef BRILLIANT_HANDLERS_FILE_CATEGORY_H_
#define BRILLIANT_HANDLERS_FILE_CATEGORY_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace brilliant::handlers {

enum class FileCategory : uint8_t { kImage, kVideo, kAudio, kText, kArchive, kOther };

[[nodiscard]] FileCategory CategoryOf(std::string_view media_type);

// Appends what a file of that name is: "PNG image", "TXT text"; "File" if its extension says nothing to people. Only
// letters, digits and spaces.
void AppendDescription(std::string& text, std::string_view name, FileCategory category);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FILE_CATEGORY_H_
