// The environment of a program as one run of bytes, "NAME=value\0NAME=value\0": what a worker sends to the process that
// starts programs, and what that process hands to execve. A plain value; pure.
//
// The receiver trusts nothing: Decode() holds bytes from elsewhere to the rules that Add() holds its caller to.
#ifndef BRILLIANT_CGI_ENVIRONMENT_H_
#define BRILLIANT_CGI_ENVIRONMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace brilliant::cgi {

// Letters, digits and "_", no digit first: what shells and programs can use as the name of a variable.
[[nodiscard]] bool IsVariableName(std::string_view name);

// Variables in the order in which they were added; no name occurs twice. Names are compared with case.
class Environment {
 public:
  static constexpr size_t kBytesMax = 131'072;         // of all variables, with "=" and NUL
  static constexpr size_t kVariableBytesMax = 65'536;  // of one, with "=" and NUL; Linux itself allows 131,072
  static constexpr size_t kVariablesMax = 512;

  // Views into the environment, valid until it changes.
  struct Variable {
    std::string_view name{};
    std::string_view value{};
    std::string_view assignment{};  // "NAME=value", and a NUL stands behind it
  };

  // Bytes as made by bytes(). kInvalid: a malformed or repeated name, no "=", no NUL at the end; kTooLarge: a limit.
  [[nodiscard]] static Result<Environment> Decode(std::string_view bytes);

  // kInvalid: not a name, a NUL in the value, or the name is there already; kTooLarge: a limit would be exceeded. The
  // environment is then unchanged.
  [[nodiscard]] Result<void> Add(std::string_view name, std::string_view value);
  // Gives a variable that is there another value, at the same place; kInvalid also if it is not there.
  [[nodiscard]] Result<void> Replace(std::string_view name, std::string_view value);

  // The value; a view with data() == nullptr if there is no such variable.
  [[nodiscard]] std::string_view Find(std::string_view name) const;
  [[nodiscard]] bool Contains(std::string_view name) const { return Find(name).data() != nullptr; }

  [[nodiscard]] size_t size() const { return starts_.size(); }
  [[nodiscard]] bool empty() const { return starts_.empty(); }
  [[nodiscard]] Variable operator[](size_t index) const;

  [[nodiscard]] std::string_view bytes() const { return bytes_; }

  friend bool operator==(const Environment& a, const Environment& b) { return a.bytes_ == b.bytes_; }

 private:
  // The index of the variable of that name; size() if there is none.
  [[nodiscard]] size_t IndexOf(std::string_view name) const;

  std::string bytes_;
  std::vector<uint32_t> starts_;  // where each variable begins
};

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_ENVIRONMENT_H_
