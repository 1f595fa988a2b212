// CHECK for programmer errors: an invariant that no input, peer, disk or script can break. A failed CHECK prints where
// and aborts; the supervisor replaces the worker. DCHECK is the same in builds without NDEBUG and nothing elsewhere.
#ifndef BRILLIANT_BASE_CHECK_H_
#define BRILLIANT_BASE_CHECK_H_

namespace brilliant {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace brilliant

#define CHECK(condition)                                        \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::brilliant::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition)         \
  do {                            \
    if (false) (void)(condition); \
  } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif

#endif  // BRILLIANT_BASE_CHECK_H_
