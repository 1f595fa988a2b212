// Where in a path a script could be: the part of finding it that needs no file system. Pure; views only.
#ifndef BRILLIANT_CGI_SCRIPT_PATH_H_
#define BRILLIANT_CGI_SCRIPT_PATH_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace brilliant::cgi {

// RFC 3875 sections 3.2 and 3.3: one way to divide a path.
struct ScriptSplit {
  std::string_view script_name{};  // "/app/x.py"
  std::string_view path_info{};    // "/extra", or empty
  size_t extension = 0;            // which of the extensions the script has
};

// Lists the ways to divide `path` in the order in which they are to be tried: after each component whose name ends with
// one of `extensions`, from the left. Whether that component is a file and not a folder is the caller's to find out;
// the first that is a file is the script. Extensions are compared as bytes, with case; of several that fit, the longest
// counts. `path` is decoded and normal (http::NormalizePath). Path and extensions must outlive the reader.
class ScriptSplitReader {
 public:
  ScriptSplitReader(std::string_view path, std::span<const std::string> extensions)
      : path_(path), extensions_(extensions) {}
  // False at the end.
  [[nodiscard]] bool Next(ScriptSplit& split);

 private:
  std::string_view path_;
  std::span<const std::string> extensions_;
  size_t component_ = 1;  // where the next component begins
};

// The name of a script whose output has no parsed header (RFC 3875 section 5.1): it begins with "nph-". `path` is the
// script's name or path.
[[nodiscard]] bool IsNonParsedHeaderScript(std::string_view path);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_SCRIPT_PATH_H_
