// A CancelScope ends all waits of one connection, or of one request on it, at once: two levels of a tree, connection >
// request. Cancelling is sticky and goes downward: waits that go on end with the reason, later ones fail at once. The
// waiting coroutines are resumed later, by the loop. A scope outlives what waits in it.
#ifndef BRILLIANT_EVENT_CANCEL_SCOPE_H_
#define BRILLIANT_EVENT_CANCEL_SCOPE_H_

#include <optional>

#include "base/intrusive_list.h"
#include "base/result.h"
#include "event/waiter.h"

namespace brilliant::event {

class CancelScope : public ListNode<CancelScope> {
 public:
  // `parent` may be null and outlives the scope.
  explicit CancelScope(CancelScope* parent);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  // The first reason stays: kCancelled, kDeadline or kClosed.
  void Cancel(ErrorCode reason);
  [[nodiscard]] std::optional<ErrorCode> reason() const { return reason_; }

 private:
  friend class WaitSource;
  IntrusiveList<CancelScope> children_;
  IntrusiveList<WaitSource> sources_;
  std::optional<ErrorCode> reason_;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_CANCEL_SCOPE_H_
