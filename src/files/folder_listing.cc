#include "files/folder_listing.h"

#include <algorithm>
#include <compare>

#include "base/strings.h"
#include "files/natural_order.h"

namespace brilliant::files {
namespace {

std::strong_ordering CompareByKey(const FolderEntry& a, const FolderEntry& b, ListingKey key) {
  switch (key) {
    case ListingKey::kSize:
      return a.size <=> b.size;
    case ListingKey::kTime:
      return a.mtime_seconds <=> b.mtime_seconds;
    case ListingKey::kType:
      if (a.kind == EntryKind::kFolder) return std::strong_ordering::equal;
      return CompareNaturally(ToLower(ExtensionOf(a.name)), ToLower(ExtensionOf(b.name)));
    case ListingKey::kName:
      break;
  }
  return CompareNaturally(a.name, b.name);
}

}  // namespace

std::string_view ExtensionOf(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

bool NameContains(std::string_view name, std::string_view part) {
  const auto equal = [](char a, char b) { return ToLower(a) == ToLower(b); };
  return part.empty() || !std::ranges::search(name, part, equal).empty();
}

bool FolderListing::TryAdd(const FolderEntry& entry) {
  if (records_.size() >= entries_max_ || names_.size() + entry.name.size() > name_bytes_max_) {
    truncated_ = true;
    return false;
  }
  records_.push_back(Record{.size = entry.size,
                            .mtime_seconds = entry.mtime_seconds,
                            .name_begin = static_cast<uint32_t>(names_.size()),
                            .name_bytes = static_cast<uint16_t>(entry.name.size()),
                            .kind = entry.kind});
  names_ += entry.name;
  return true;
}

void FolderListing::Sort(const ListingOrder& order) {
  std::ranges::sort(records_, [this, order](const Record& left, const Record& right) {
    if (left.kind != right.kind) return left.kind < right.kind;
    const FolderEntry a = EntryOf(left);
    const FolderEntry b = EntryOf(right);
    const std::strong_ordering by_key = CompareByKey(a, b, order.key);
    if (by_key != 0) return order.descending ? by_key > 0 : by_key < 0;
    return CompareNaturally(a.name, b.name) < 0;
  });
}

}  // namespace brilliant::files
