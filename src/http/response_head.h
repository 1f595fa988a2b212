// Building response heads that can't be broken by what is put into them: a name that is no token or a value with CR, LF
// or NUL never gets through. FieldList is a plain value owned by its response.
#ifndef BRILLIANT_HTTP_RESPONSE_HEAD_H_
#define BRILLIANT_HTTP_RESPONSE_HEAD_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace brilliant::http {

// RFC 9110 section 5.6.2.
[[nodiscard]] bool IsToken(std::string_view text);
// RFC 9110 section 5.5: no control character but HTAB, no blank at either end; may be empty; bytes above 0x7F are
// allowed.
[[nodiscard]] bool IsFieldValue(std::string_view text);

// The fields of a response, in order; names compare without case. Add and Set are for names and values that the program
// itself chose: a bad one is a programmer error (CHECK). What comes from a script or a user goes through TryAdd or
// TrySet.
class FieldList {
 public:
  static constexpr size_t kFieldsMax = 256;
  static constexpr size_t kBytesMax = 65536;  // of names and values together

  struct Entry {
    std::string name;
    std::string value;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  void Add(std::string_view name, std::string_view value);
  // Replaces all fields of that name by one, at the place of the first.
  void Set(std::string_view name, std::string_view value);
  // kInvalid: name or value malformed; kTooLarge: a limit would be exceeded. The list is then unchanged.
  [[nodiscard]] Result<void> TryAdd(std::string_view name, std::string_view value);
  [[nodiscard]] Result<void> TrySet(std::string_view name, std::string_view value);
  // Removes all fields of that name and returns how many there were.
  size_t Remove(std::string_view name);

  // The value of the first field of that name; a view with data() == nullptr if there is none. Valid until the list
  // changes.
  [[nodiscard]] std::string_view Find(std::string_view name) const;
  [[nodiscard]] bool Contains(std::string_view name) const { return Find(name).data() != nullptr; }

  [[nodiscard]] size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  friend bool operator==(const FieldList&, const FieldList&) = default;

 private:
  std::vector<Entry> entries_;
  size_t bytes_ = 0;
};

// "HTTP/1.1 404 Not Found\r\n". CHECKs that the status is in 100 to 599.
void AppendStatusLine(std::string& out, int status);
// "Name: value\r\n". CHECKs name and value.
void AppendFieldLine(std::string& out, std::string_view name, std::string_view value);
// The field line of every entry.
void AppendFieldLines(std::string& out, const FieldList& fields);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_RESPONSE_HEAD_H_
