// How the processes of the server share a processor that is short. The worker answers many, in bursts of microseconds;
// programs (CGI) take as long as they take.
#ifndef BRILLIANT_PROCESS_SCHEDULING_H_
#define BRILLIANT_PROCESS_SCHEDULING_H_

namespace brilliant::process {

// For the spawner, once, at its start; its programs share its session. Linux gives each session the same share of a
// processor that is short (sched_autogroup): a session for each program would leave the worker one share among all of
// theirs, and whoever asks for a file beside eight slow programs would wait for each of the eight. The session has no
// terminal, so a program gains nothing by who else is in it. `nice`: 0 to 19, see nice(1).
void SetProgramsApart(int nice);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SCHEDULING_H_
