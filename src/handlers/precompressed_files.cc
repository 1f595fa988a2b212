#include "handlers/precompressed_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/strings.h"

namespace brilliant::handlers {
namespace {

using files::StoredFile;
using http::ContentCoding;

// Names longer than this take the way with allocations.
constexpr size_t kKnownPathBytesMax = 512;

bool IsProgram(std::string_view extension, const std::vector<std::string>& script_extensions) {
  return std::ranges::any_of(script_extensions, [&](const std::string& script) {
    return script.size() >= extension.size() &&
           EqualsIgnoreCase(std::string_view(script).substr(script.size() - extension.size()), extension);
  });
}

// To the second: tools that copy a time stamp to the file they make often lose the rest of it.
int64_t ModifiedSeconds(const StoredFile& file) {
  if (file.rendered != nullptr) return WallTime{.nanoseconds = file.rendered->mtime_ns}.seconds();
  CHECK(file.file != nullptr);
  return WallTime{.nanoseconds = file.file->mtime_ns}.seconds();
}

// A neighbour older than the file was made from an earlier state of it.
bool IsUsable(const StoredFile& neighbour, const StoredFile& file) {
  return neighbour.is_regular() && ModifiedSeconds(neighbour) >= ModifiedSeconds(file);
}

}  // namespace

PrecompressedFiles::PrecompressedFiles(const config::Location& location, const FileResponder& responder,
                                       const std::vector<std::string>& script_extensions)
    : responder_(responder), root_(location.root, location.symlink_roots) {
  for (const ContentCoding coding : location.precompressed) {
    if (!IsProgram(http::ExtensionOf(coding), script_extensions)) codings_.push_back(coding);
  }
}

std::optional<Representation> PrecompressedFiles::TryChoose(const Request& request, const Representation& file,
                                                            files::FileStore& store) const {
  if (codings_.empty()) return file;
  std::array<char, kKnownPathBytesMax> name;
  for (const ContentCoding coding : http::PreferredCodings(request.head, codings_)) {
    const std::string_view extension = http::ExtensionOf(coding);
    if (file.path.size() + extension.size() > name.size()) return std::nullopt;
    std::ranges::copy(extension, std::ranges::copy(file.path, name.data()).out);
    std::optional<StoredFile> known = store.FindKnown(root_, {name.data(), file.path.size() + extension.size()});
    if (!known) return std::nullopt;
    if (!IsUsable(*known, file.stored)) continue;
    return Representation{.path = file.path, .stored = std::move(*known), .coding = coding};
  }
  return file;
}

event::Task<Representation> PrecompressedFiles::Choose(const Request& request, Representation file,
                                                       const HandlerContext& context) const {
  for (const ContentCoding coding : http::PreferredCodings(request.head, codings_)) {
    const std::string name = std::string(file.path) + std::string(http::ExtensionOf(coding));
    Result<StoredFile> found = co_await context.files.OpenOptional(root_, name, *this, context.scope);
    if (!found && found.error().code == ErrorCode::kForbidden) {
      context.error_log.Report(forbidden_reports_, log::Level::kWarn,
                               "precompressed file refused root={} path={} reason=\"{}\" errno={}", root_.path(), name,
                               found.error().context, found.error().system_errno);
    }
    if (!found || !IsUsable(*found, file.stored)) continue;
    co_return Representation{.path = file.path, .stored = std::move(*found), .coding = coding};
  }
  co_return file;
}

files::RenderedFile PrecompressedFiles::Render(std::string_view path, const files::OpenFile& file, std::string content,
                                               WallTime now) const {
  const auto coding = std::ranges::find_if(
      codings_, [&](ContentCoding candidate) { return path.ends_with(http::ExtensionOf(candidate)); });
  path.remove_suffix(http::ExtensionOf(*coding).size());
  return responder_.Render(path, *coding, file, std::move(content), now);
}

}  // namespace brilliant::handlers
