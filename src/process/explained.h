// The result of steps that fail towards a human: starting up, reloading, becoming another user. The error is one clear
// line, ready to be printed, with the remedy. Below process/, errors are codes (base/result.h).
#ifndef BRILLIANT_PROCESS_EXPLAINED_H_
#define BRILLIANT_PROCESS_EXPLAINED_H_

#include <expected>
#include <string>

namespace brilliant::process {

template <typename T>
using Explained = std::expected<T, std::string>;

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_EXPLAINED_H_
