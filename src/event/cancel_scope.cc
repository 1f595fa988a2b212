#include "event/cancel_scope.h"

#include "base/check.h"

namespace brilliant::event {

CancelScope::CancelScope(CancelScope* parent) {
  if (parent == nullptr) return;
  parent->children_.PushBack(*this);
  reason_ = parent->reason_;
}

CancelScope::~CancelScope() { CHECK(children_.empty() && sources_.empty()); }

void CancelScope::Cancel(ErrorCode reason) {
  if (reason_) return;
  reason_ = reason;
  for (WaitSource* source = sources_.front(); source != nullptr; source = sources_.Next(*source)) {
    source->Wake(WaitSource::kInput, reason);
    source->Wake(WaitSource::kOutput, reason);
  }
  for (CancelScope* child = children_.front(); child != nullptr; child = children_.Next(*child)) child->Cancel(reason);
}

}  // namespace brilliant::event
