#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "config/limits.h"
#include "config/loader.h"
#include "config/paths.h"

namespace brilliant::config {
namespace {

constexpr std::string_view kMagic = "BrilliantBundle1";

void PutCount(std::string& bytes, size_t count) {
  for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(count >> shift & 0xFFU);
}

void PutText(std::string& bytes, std::string_view text) {
  PutCount(bytes, text.size());
  bytes += text;
}

void PutTexts(std::string& bytes, const std::map<std::string, std::string>& texts) {
  PutCount(bytes, texts.size());
  for (const auto& [key, text] : texts) {
    PutText(bytes, key);
    PutText(bytes, text);
  }
}

// Takes values from the front. After a failure everything is empty and ok() is false.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

  uint32_t Count() {
    constexpr size_t kBytes = 4;
    if (rest_.size() < kBytes) return Fail();
    uint32_t count = 0;
    for (size_t i = 0; i < kBytes; ++i) count |= static_cast<uint32_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(kBytes);
    return count;
  }

  std::string Text() {
    const uint32_t size = Count();
    if (size > rest_.size()) Fail();
    std::string text(rest_.substr(0, ok_ ? size : 0));
    rest_.remove_prefix(text.size());
    return text;
  }

  std::map<std::string, std::string> Texts() {
    std::map<std::string, std::string> texts;
    const uint32_t count = Count();
    for (uint32_t i = 0; i < count && ok_; ++i) {
      std::string key = Text();
      Insert(texts, std::move(key), Text());
    }
    return texts;
  }

  // Keys come in their order, each once: there is one way to write a bundle.
  template <typename Value>
  void Insert(std::map<std::string, Value>& map, std::string key, Value value) {
    if (!map.empty() && key <= map.rbegin()->first) Fail();
    map.emplace_hint(map.end(), std::move(key), std::move(value));
  }

  uint32_t Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::string SourceBundle::MainFile() const {
  const size_t slash = main_path.rfind('/');
  const std::string name = slash == std::string::npos ? main_path : main_path.substr(slash + 1);
  return JoinPath(folder, '/' + name);
}

std::string SourceBundle::Serialize() const {
  std::string bytes(kMagic);
  PutText(bytes, main_path);
  PutText(bytes, folder);
  PutText(bytes, generated ? "generated" : "");
  PutText(bytes, prefix);
  PutTexts(bytes, files);
  PutTexts(bytes, environment);
  PutCount(bytes, globs.size());
  for (const auto& [pattern, paths] : globs) {
    PutText(bytes, pattern);
    PutCount(bytes, paths.size());
    for (const std::string& path : paths) PutText(bytes, path);
  }
  return bytes;
}

Result<SourceBundle> SourceBundle::Deserialize(std::string_view bytes) {
  if (bytes.size() > kBundleBytesMax) return Failure(ErrorCode::kTooLarge, "configuration bundle");
  if (!bytes.starts_with(kMagic)) return Failure(ErrorCode::kInvalid, "configuration bundle");
  Cursor cursor(bytes.substr(kMagic.size()));
  SourceBundle bundle;
  bundle.main_path = cursor.Text();
  bundle.folder = cursor.Text();
  const std::string generated = cursor.Text();
  if (!generated.empty() && generated != "generated") cursor.Fail();
  bundle.generated = !generated.empty();
  bundle.prefix = cursor.Text();
  bundle.files = cursor.Texts();
  bundle.environment = cursor.Texts();
  const uint32_t globs = cursor.Count();
  for (uint32_t i = 0; i < globs && cursor.ok(); ++i) {
    std::string pattern = cursor.Text();
    std::vector<std::string> paths;
    const uint32_t count = cursor.Count();
    for (uint32_t j = 0; j < count && cursor.ok(); ++j) paths.push_back(cursor.Text());
    cursor.Insert(bundle.globs, std::move(pattern), std::move(paths));
  }
  if (!cursor.ok() || !cursor.empty()) return Failure(ErrorCode::kInvalid, "configuration bundle");
  return bundle;
}

}  // namespace brilliant::config
