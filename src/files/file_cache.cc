#include "files/file_cache.h"

#include <utility>

#include "base/check.h"

namespace brilliant::files {
namespace {

// What the allocator, the map and the shared pointer add to an entry, about.
constexpr uint64_t kOverheadBytes = 128;

uint64_t BytesOf(const RenderedFile& file) {
  return sizeof(file) + file.fields.capacity() + file.fields_304.capacity() + file.content.capacity() +
         file.etag.capacity();
}

}  // namespace

size_t FileCache::Hash::operator()(const KeyView& key) const {
  // Roots are few and not chosen by clients: their address needs no mixing of its own.
  return static_cast<size_t>(HashPath(hash_key, key.path) ^ reinterpret_cast<uintptr_t>(key.root_id));
}

FileCache::FileCache(uint64_t bytes_max)
    : bytes_max_(bytes_max), nodes_(0, Hash{.hash_key = RandomHashKey()}, Equal{}) {}

FileEntry* FileCache::Find(const DocumentRoot& root, std::string_view path, MonotonicTime now) {
  const auto found = nodes_.find(KeyView{root.id(), path});
  if (found == nodes_.end()) return nullptr;
  Use(found->second, now);
  return &found->second.entry;
}

void FileCache::Use(Node& node, MonotonicTime now) {
  node.used_at = now;
  (node.entry.stored.file == nullptr ? in_memory_ : open_).PushBack(node);
}

void FileCache::Put(const DocumentRoot& root, std::string_view path, FileEntry entry, MonotonicTime now) {
  const auto found = nodes_.find(KeyView{root.id(), path});
  if (found != nodes_.end()) {
    if (found->second.entry.checked_at > entry.checked_at) return;
    Erase(found);
  }
  uint64_t bytes = 0;
  if (entry.stored.file == nullptr) {
    bytes = kOverheadBytes + sizeof(Key) + sizeof(Node) + path.size();
    if (entry.stored.rendered != nullptr) bytes += BytesOf(*entry.stored.rendered);
    if (bytes > bytes_max_ / kEntryShare) return;
  } else if (bytes_max_ == 0) {
    return;
  }
  const auto [position, inserted] = nodes_.try_emplace(Key{.root = root, .path = std::string(path)});
  CHECK(inserted);
  Node& node = position->second;
  node.key = &position->first;
  node.bytes = bytes;
  node.entry = std::move(entry);
  Use(node, now);
  bytes_ += bytes;
  if (node.entry.stored.file != nullptr) ++open_files_;
  while (bytes_ > bytes_max_) EraseNode(*in_memory_.front());
  while (open_files_ > kOpenFilesMax) EraseNode(*open_.front());
}

void FileCache::Erase(const DocumentRoot& root, std::string_view path) {
  const auto found = nodes_.find(KeyView{root.id(), path});
  if (found != nodes_.end()) Erase(found);
}

size_t FileCache::CloseUnused(MonotonicTime before) {
  size_t count = 0;
  while (!open_.empty() && open_.front()->used_at <= before) {
    EraseNode(*open_.front());
    ++count;
  }
  return count;
}

void FileCache::EraseNode(const Node& node) { Erase(nodes_.find(*node.key)); }

void FileCache::Erase(Nodes::iterator position) {
  const Node& node = position->second;
  bytes_ -= node.bytes;
  if (node.entry.stored.file != nullptr) --open_files_;
  nodes_.erase(position);
}

}  // namespace brilliant::files
