#include "cgi/search_words.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::cgi {
namespace {

// RFC 3875 sections 2.2 and 4.4: unreserved and xreserved, but for the percent-encoded.
bool IsSearchChar(char c) { return IsAlpha(c) || IsDigit(c) || std::string_view("-_.!~*'();/?:@&,$").contains(c); }

bool LooksLikeAnOption(std::string_view word) {
  return word.starts_with('-') || word.starts_with('\xad') || word.starts_with("\xc2\xad");
}

std::optional<std::string> DecodeWord(std::string_view raw) {
  if (http::FindBadPercent(raw) != std::string_view::npos) return std::nullopt;
  std::string word;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '%') {
      word += static_cast<char>(HexValue(raw[i + 1]) * 16 + HexValue(raw[i + 2]));
      i += 2;
    } else if (IsSearchChar(raw[i])) {
      word += raw[i];
    } else {
      return std::nullopt;
    }
  }
  if (word.empty() || LooksLikeAnOption(word) || std::ranges::any_of(word, IsControl)) return std::nullopt;
  return word;
}

}  // namespace

std::vector<std::string> SearchWords(http::Method method, std::string_view query) {
  if (method != http::Method::kGet && method != http::Method::kHead) return {};
  if (query.empty() || query.size() > kSearchBytesMax) return {};
  if (static_cast<size_t>(std::ranges::count(query, '+')) >= kSearchWordsMax) return {};
  std::vector<std::string> words;
  while (true) {
    const size_t plus = query.find('+');
    std::optional<std::string> word = DecodeWord(query.substr(0, plus));
    if (!word) return {};
    words.push_back(std::move(*word));
    if (plus == std::string_view::npos) return words;
    query.remove_prefix(plus + 1);
  }
}

}  // namespace brilliant::cgi
