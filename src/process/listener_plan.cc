#include "process/listener_plan.h"

#include "base/check.h"

namespace brilliant::process {

std::vector<size_t> ListenersOfSlot(size_t listeners, int slot, int workers) {
  CHECK(listeners > 0 && slot >= 0 && slot < workers);
  const auto place = static_cast<size_t>(slot);
  const auto step = static_cast<size_t>(workers);
  if (place >= listeners) return {place % listeners};
  std::vector<size_t> mine;
  for (size_t i = place; i < listeners; i += step) mine.push_back(i);
  return mine;
}

}  // namespace brilliant::process
