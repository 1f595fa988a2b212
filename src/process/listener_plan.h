// Which listeners of an address belong to which worker. The number of listeners is fixed when the address is first
// taken (closing one would reset the clients in its queue), the number of workers may change with every reload. Pure.
#ifndef BRILLIANT_PROCESS_LISTENER_PLAN_H_
#define BRILLIANT_PROCESS_LISTENER_PLAN_H_

#include <cstddef>
#include <vector>

namespace brilliant::process {

// The listeners, 0 to `listeners`-1, that the worker of `slot` (0 to `workers`-1) accepts from. Every listener has a
// worker and every worker a listener: with more listeners than workers some have several, with fewer some share one.
[[nodiscard]] std::vector<size_t> ListenersOfSlot(size_t listeners, int slot, int workers);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_LISTENER_PLAN_H_
