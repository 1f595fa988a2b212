// A folder of real files for tests, below TMPDIR or /tmp, removed with all it holds.
#ifndef BRILLIANT_FILES_TEST_FOLDER_H_
#define BRILLIANT_FILES_TEST_FOLDER_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace brilliant::files {

class TestFolder {
 public:
  TestFolder() {
    const char* parent = std::getenv("TMPDIR");
    // Without links: tests compare it with what the kernel calls an open file.
    path_ = std::filesystem::canonical(parent == nullptr ? "/tmp" : parent).string() + "/brilliant-files-XXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    EXPECT_EQ(chmod(path_.c_str(), 0755), 0);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] std::string Path(std::string_view name = "") const {
    return name.empty() ? path_ : path_ + "/" + std::string(name);
  }

  // Creates or overwrites, in place.
  void Write(std::string_view name, std::string_view content, int more_flags = O_TRUNC) const {
    const UniqueFd fd(open(Path(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | more_flags, 0644));
    ASSERT_TRUE(fd.valid()) << name;
    ASSERT_EQ(write(fd.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
  }
  void Append(std::string_view name, std::string_view content) const { Write(name, content, O_APPEND); }
  void MakeFolder(std::string_view name) const { ASSERT_EQ(mkdir(Path(name).c_str(), 0755), 0) << name; }
  void Link(std::string_view target, std::string_view name) const {
    ASSERT_EQ(symlink(std::string(target).c_str(), Path(name).c_str()), 0) << name;
  }
  void Rename(std::string_view from, std::string_view to) const {
    ASSERT_EQ(rename(Path(from).c_str(), Path(to).c_str()), 0) << from;
  }
  void Remove(std::string_view name) const { ASSERT_EQ(unlink(Path(name).c_str()), 0) << name; }

 private:
  std::string path_;
};

// How many descriptors this process has open.
inline int OpenDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1'024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_TEST_FOLDER_H_
