#include "http/method.h"

#include <array>

namespace brilliant::http {
namespace {

constexpr std::array<std::string_view, 9> kNames = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                    "CONNECT", "OPTIONS", "TRACE", "PATCH"};

}  // namespace

Method MethodFromName(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Method>(i);
  }
  return Method::kUnknown;
}

std::string_view MethodName(Method method) {
  const auto index = static_cast<size_t>(method);
  return index < kNames.size() ? kNames[index] : "unknown";
}

std::string MethodSet::ToAllow() const {
  std::string allow;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (!Contains(static_cast<Method>(i))) continue;
    if (!allow.empty()) allow += ", ";
    allow += kNames[i];
  }
  return allow;
}

}  // namespace brilliant::http
