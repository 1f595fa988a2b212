#include "handlers/password_memory.h"

#include <algorithm>

namespace brilliant::handlers {
namespace {

uint64_t Hash(const files::HashKey& key, std::string_view text) { return files::SipHash<2, 4>(key).Hash(text); }

}  // namespace

PasswordMemory::Mark PasswordMemory::MarkOf(std::string_view pair, std::string_view hash) const {
  return Mark{
      .pair_first = Hash(first_key_, pair), .pair_second = Hash(second_key_, pair), .hash = Hash(first_key_, hash)};
}

bool PasswordMemory::Knows(std::string_view pair, std::string_view hash, MonotonicTime now) const {
  const Mark mark = MarkOf(pair, hash);
  const Set& set = sets_[mark.pair_first % kSets];
  return std::ranges::any_of(set, [&](const Entry& entry) { return entry.until > now && entry.mark == mark; });
}

void PasswordMemory::Remember(std::string_view pair, std::string_view hash, MonotonicTime now) {
  const Mark mark = MarkOf(pair, hash);
  Set& set = sets_[mark.pair_first % kSets];
  auto place = std::ranges::find(set, mark, &Entry::mark);
  if (place == set.end()) place = std::ranges::min_element(set, {}, &Entry::until);
  *place = Entry{.mark = mark, .until = now + kPasswordKnownFor};
}

}  // namespace brilliant::handlers
