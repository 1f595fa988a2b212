// Which names exist for clients: the same for a single request as for the listing and the archive of a folder. A value;
// any thread.
#ifndef BRILLIANT_FILES_SERVED_NAMES_H_
#define BRILLIANT_FILES_SERVED_NAMES_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace brilliant::files {

// Whether `name` ends with one of `extensions`, with their dot, compared without case.
[[nodiscard]] bool HasExtension(std::string_view name, const std::vector<std::string>& extensions);

class ServedNames {
 public:
  // `dotfiles`: names that begin with a dot exist, but for those of uploads that are not complete. `script_extensions`:
  // with their dot, compared without case; what is called so is a program and never sent as bytes.
  ServedNames(bool dotfiles, std::vector<std::string> script_extensions)
      : dotfiles_(dotfiles), script_extensions_(std::move(script_extensions)) {}

  // Of one segment of a path.
  [[nodiscard]] bool IsHidden(std::string_view name) const;
  // Of a path or its last segment.
  [[nodiscard]] bool IsScript(std::string_view path) const;
  [[nodiscard]] bool Contains(std::string_view name) const { return !IsHidden(name) && !IsScript(name); }

  [[nodiscard]] const std::vector<std::string>& script_extensions() const { return script_extensions_; }

 private:
  bool dotfiles_;
  std::vector<std::string> script_extensions_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_SERVED_NAMES_H_
