// UniqueFd owns one file descriptor and is the only type in the program that calls close(). Functions that borrow a
// descriptor take `int fd`; functions that take it over take `UniqueFd`.
#ifndef BRILLIANT_BASE_UNIQUE_FD_H_
#define BRILLIANT_BASE_UNIQUE_FD_H_

#include <utility>

namespace brilliant {

class [[nodiscard]] UniqueFd {
 public:
  UniqueFd() = default;
  // Takes over `fd`; a negative value owns nothing.
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Reset(); }

  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

  // Gives the descriptor up without closing it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  // Closes what is owned now and takes over `fd`.
  void Reset(int fd = -1);
  // The same open file under the lowest number that is free, close-on-exec, if that is lower.
  void TakeLowestNumber();

 private:
  int fd_ = -1;
};

}  // namespace brilliant

#endif  // BRILLIANT_BASE_UNIQUE_FD_H_
