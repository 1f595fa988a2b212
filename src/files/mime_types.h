// From a file's name to its media type: the table compiled in (generated from the system's mime.types), what the
// configuration says on top of it, and a default. Immutable; any thread.
#ifndef BRILLIANT_FILES_MIME_TYPES_H_
#define BRILLIANT_FILES_MIME_TYPES_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace brilliant::files {

// A longer extension has no type.
inline constexpr size_t kExtensionBytesMax = 32;

class MimeTypes {
 public:
  // `overrides`: lower-case extension without dot -> media type; they come before the table.
  MimeTypes(const std::map<std::string, std::string>& overrides, std::string default_type);

  // By what stands behind the last dot of the last segment, compared without case. A name that only begins with a dot
  // (".profile") has no extension. Allocates nothing; valid as long as this object.
  [[nodiscard]] std::string_view TypeOf(std::string_view path) const;

 private:
  std::map<std::string, std::string, std::less<>> overrides_;
  std::string default_type_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_MIME_TYPES_H_
