// How the processes of the server share a processor that is short. The worker answers many, in bursts of microseconds;
// programs (CGI) take as long as they take. Called by each process for itself, once, at its start.
#ifndef BRILLIANT_PROCESS_SCHEDULING_H_
#define BRILLIANT_PROCESS_SCHEDULING_H_

#include <chrono>

namespace brilliant::process {

// Shorter than what Linux gives everybody (0.7 ms on one processor, more on several), so that a worker need not wait
// for the end of another's turn, and long enough for what a turn of its loop takes.
inline constexpr std::chrono::microseconds kWorkerSlice{500};

// For a worker: short turns, but at once when there is something to do, even while a program has its turn. It takes no
// more of the processor by that. Linux 6.12 and later; else nothing.
void TakeShortTurns();

// For the spawner, whose programs share its session. Linux gives each session the same share of a processor that is
// short (sched_autogroup): a session for each program would leave the worker one share among all of theirs, and whoever
// asks for a file beside eight slow programs would wait for each of the eight. The session has no terminal, so a
// program gains nothing by who else is in it. `nice`: 0 to 19, see nice(1).
void SetProgramsApart(int nice);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SCHEDULING_H_
