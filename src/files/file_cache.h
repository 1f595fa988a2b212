// What FileStore remembers, by root and path: small files in memory, bounded by their bytes, and open descriptors,
// bounded by their number; of each kind the one used longest ago goes first. Knows nothing of files: no system calls
// but one for its hash key. Owned by FileStore, used on the loop.
#ifndef BRILLIANT_FILES_FILE_CACHE_H_
#define BRILLIANT_FILES_FILE_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "files/document_root.h"
#include "files/open_file.h"
#include "files/path_hash.h"

namespace brilliant::files {

// Descriptors of folders and large files kept open.
inline constexpr size_t kOpenFilesMax = 128;
// An entry may take up to this part of the cache: one file can't push out all others.
inline constexpr uint64_t kEntryShare = 8;

// A small file in memory, ready to be sent under one location's rules.
struct RenderedFile {
  std::string fields;      // field lines of a 200, Content-Length included, without Date, Server, Connection and the
                           // empty line
  std::string fields_304;  // those of a 304
  std::string content;
  std::string etag;  // as in the field; weak while the file is younger than 2 s
  int64_t last_modified_seconds = 0;
  int64_t mtime_ns = 0;  // of the file; `last_modified_seconds` is never in the future
};
using RenderedFilePtr = std::shared_ptr<const RenderedFile>;

// A small regular file is `rendered`; a folder or a large file is `file`. Exactly one is set; in the cache, none says
// that there is nothing.
struct StoredFile {
  RenderedFilePtr rendered;
  OpenFilePtr file;

  [[nodiscard]] bool is_missing() const { return rendered == nullptr && file == nullptr; }
  [[nodiscard]] bool is_regular() const { return rendered != nullptr || (file != nullptr && file->is_regular); }
};

// One path of one root.
struct FileEntry {
  StoredFile stored;
  FileIdentity identity;
  MonotonicTime checked_at;  // when the path was known to name that state of the file
  // The file had not changed for so long when it was read that any later change must show in its identity.
  bool settled = false;
};

class FileCache {
 public:
  // `bytes_max` 0 keeps nothing, descriptors included.
  explicit FileCache(uint64_t bytes_max);
  ~FileCache() = default;
  FileCache(const FileCache&) = delete;
  FileCache& operator=(const FileCache&) = delete;

  // Null if unknown. What is found counts as used now. Allocates nothing. Valid until the next Put, Erase or Close.
  [[nodiscard]] FileEntry* Find(const DocumentRoot& root, std::string_view path, MonotonicTime now);
  // Replaces what was known, unless that was checked later.
  void Put(const DocumentRoot& root, std::string_view path, FileEntry entry, MonotonicTime now);
  void Erase(const DocumentRoot& root, std::string_view path);
  // Gives up the descriptors used last at `before` or earlier; returns how many. Those being sent stay open until then.
  size_t CloseUnused(MonotonicTime before);

  [[nodiscard]] size_t size() const { return nodes_.size(); }
  [[nodiscard]] size_t open_files() const { return open_files_; }
  // Of the entries in memory, and of those that say that there is nothing: content, fields, keys and bookkeeping.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  struct Key {
    DocumentRoot root;  // keeps its id() from being used again
    std::string path;
  };
  struct KeyView {
    const void* root_id;
    std::string_view path;
  };
  struct Hash {
    using is_transparent = void;
    [[nodiscard]] size_t operator()(const KeyView& key) const;
    [[nodiscard]] size_t operator()(const Key& key) const { return (*this)(KeyView{key.root.id(), key.path}); }
    HashKey hash_key;
  };
  struct Equal {
    using is_transparent = void;
    [[nodiscard]] bool operator()(const Key& a, const Key& b) const { return (*this)(KeyView{a.root.id(), a.path}, b); }
    [[nodiscard]] bool operator()(const KeyView& a, const Key& b) const {
      return a.root_id == b.root.id() && a.path == b.path;
    }
    [[nodiscard]] bool operator()(const Key& a, const KeyView& b) const { return (*this)(b, a); }
  };
  struct Node : ListNode<Node> {
    FileEntry entry;
    const Key* key = nullptr;  // the map's
    MonotonicTime used_at;
    uint64_t bytes = 0;
  };
  using Nodes = std::unordered_map<Key, Node, Hash, Equal>;

  void Use(Node& node, MonotonicTime now);
  void Erase(Nodes::iterator position);
  void EraseNode(const Node& node);

  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  size_t open_files_ = 0;
  Nodes nodes_;
  // Least recently used first.
  IntrusiveList<Node> in_memory_;
  IntrusiveList<Node> open_;
};

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_FILE_CACHE_H_
