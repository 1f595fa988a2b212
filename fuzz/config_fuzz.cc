// The whole way from text to a Config: no input may crash, hang or be loaded differently the second time. Text behind a
// line "%%% NAME" is a file of its own, for include; the first file is the main one. An input that begins like a bundle
// is read as one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/loader.h"
#include "config/quick.h"

namespace {

using brilliant::Result;
using brilliant::config::LoadBundle;
using brilliant::config::LoadResult;
using brilliant::config::SourceBundle;

void Require(bool condition) {
  if (!condition) std::abort();
}

SourceBundle BundleFromText(std::string_view text) {
  constexpr std::string_view kMark = "\n%%% ";
  SourceBundle bundle;
  bundle.main_path = "site.conf";
  bundle.folder = "/etc/b";
  bundle.environment = {{"EMPTY", ""}, {"NAME", "value; {"}, {"PORT", "8080"}};
  std::string name = "site.conf";
  while (true) {
    const size_t mark = text.find(kMark);
    bundle.files["/etc/b/" + name] = text.substr(0, mark);
    if (mark == std::string_view::npos) break;
    text.remove_prefix(mark + kMark.size());
    const size_t end = text.find('\n');
    name = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  for (const auto& [path, unused] : bundle.files) bundle.globs["/etc/b/*"].push_back(path);
  if (bundle.files.contains("/etc/b/prefix")) bundle.prefix = "/etc";
  return bundle;
}

void Exercise(const SourceBundle& bundle) {
  const LoadResult result = LoadBundle(bundle);
  Require(result.config.has_value() == !HasErrors(result.diagnostics));
  const std::string text = Render(result.diagnostics);
  for (const char c : text) Require(c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20);
  const std::string bytes = bundle.Serialize();
  const Result<SourceBundle> again = SourceBundle::Deserialize(bytes);
  Require(again.has_value() && again->Serialize() == bytes);
  Require(Render(LoadBundle(*again).diagnostics) == text);
  if (result.config) (void)UploadFolders(*result.config);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with("Brilliant")) {
    const Result<SourceBundle> bundle = SourceBundle::Deserialize(input);
    if (bundle) Exercise(*bundle);
    return 0;
  }
  Exercise(BundleFromText(input));
  // Any name of a folder can be written and read back.
  if (size > 0 && size < 256 && input.find('\0') == std::string_view::npos) {
    const std::string quoted = brilliant::config::QuoteWord(input);
    SourceBundle bundle = BundleFromText("server { listen 1; location / { cgi /p; cgi_env A " + quoted + " } }");
    const LoadResult result = LoadBundle(bundle);
    Require(result.config.has_value());
    Require(result.config->servers[0].locations[0].cgi->environment[0].second == input);
  }
  return 0;
}
