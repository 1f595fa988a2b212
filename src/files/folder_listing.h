// The entries of a folder in memory, compactly, to be sorted and shown. Immutable once it is sorted; any thread.
#ifndef BRILLIANT_FILES_FOLDER_LISTING_H_
#define BRILLIANT_FILES_FOLDER_LISTING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "files/folder_reader.h"

namespace brilliant::files {

// Entries and bytes of names that a listing keeps; it says that there are more.
inline constexpr size_t kListedEntriesMax = 200'000;
inline constexpr size_t kListedNameBytesMax = 16U << 20;

enum class ListingKey : uint8_t { kName, kSize, kTime, kType };
struct ListingOrder {
  ListingKey key = ListingKey::kName;
  bool descending = false;
  friend bool operator==(const ListingOrder&, const ListingOrder&) = default;
};

// Behind the last dot of a name that does not begin with it; empty: none.
[[nodiscard]] std::string_view ExtensionOf(std::string_view name);

// Whether `part` stands in `name`, ASCII letters without regard to case; an empty part stands in every name.
[[nodiscard]] bool NameContains(std::string_view name, std::string_view part);

class FolderListing {
 public:
  explicit FolderListing(size_t entries_max = kListedEntriesMax, size_t name_bytes_max = kListedNameBytesMax)
      : entries_max_(entries_max), name_bytes_max_(name_bytes_max) {}

  // False if there is no room for it, which truncated() then remembers.
  bool TryAdd(const FolderEntry& entry);
  // Folders first, whatever the order; what is equal by `order` follows in the natural order of names.
  void Sort(const ListingOrder& order);

  [[nodiscard]] size_t size() const { return records_.size(); }
  [[nodiscard]] FolderEntry operator[](size_t index) const { return EntryOf(records_[index]); }
  [[nodiscard]] bool truncated() const { return truncated_; }

 private:
  struct Record {
    uint64_t size = 0;
    int64_t mtime_seconds = 0;
    uint32_t name_begin = 0;
    uint16_t name_bytes = 0;
    EntryKind kind = EntryKind::kFile;
  };
  [[nodiscard]] FolderEntry EntryOf(const Record& record) const {
    return FolderEntry{.name = std::string_view(names_).substr(record.name_begin, record.name_bytes),
                       .kind = record.kind,
                       .size = record.size,
                       .mtime_seconds = record.mtime_seconds};
  }

  size_t entries_max_;
  size_t name_bytes_max_;
  std::string names_;
  std::vector<Record> records_;
  bool truncated_ = false;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FOLDER_LISTING_H_
