// The request methods of RFC 9110 section 9 and PATCH (RFC 5789), and sets of them.
#ifndef BRILLIANT_HTTP_METHOD_H_
#define BRILLIANT_HTTP_METHOD_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace brilliant::http {

enum class Method : uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kConnect,
  kOptions,
  kTrace,
  kPatch,
  kUnknown,  // a well-formed token that names none of the above: 501
};

// Methods are case-sensitive (RFC 9110 section 9.1).
[[nodiscard]] Method MethodFromName(std::string_view name);
[[nodiscard]] std::string_view MethodName(Method method);

// A set of methods, a plain value.
class MethodSet {
 public:
  constexpr MethodSet() = default;
  constexpr MethodSet(std::initializer_list<Method> methods) {
    for (const Method method : methods) Add(method);
  }
  constexpr void Add(Method method) { bits_ = static_cast<uint16_t>(bits_ | Bit(method)); }
  [[nodiscard]] constexpr bool Contains(Method method) const { return (bits_ & Bit(method)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  // As an Allow field value (RFC 9110 section 10.2.1): "GET, HEAD, OPTIONS", in the order of the enumeration.
  [[nodiscard]] std::string ToAllow() const;
  friend constexpr bool operator==(MethodSet, MethodSet) = default;

 private:
  static constexpr uint16_t Bit(Method method) { return static_cast<uint16_t>(1U << static_cast<unsigned>(method)); }
  uint16_t bits_ = 0;
};

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_METHOD_H_
