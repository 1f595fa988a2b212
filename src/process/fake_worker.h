// Workers that misbehave, for tests of the supervisor: the test program itself, started again by the code under test,
// is the worker. What it does is said by an environment variable.
#ifndef BRILLIANT_PROCESS_FAKE_WORKER_H_
#define BRILLIANT_PROCESS_FAKE_WORKER_H_

namespace brilliant::process {

// "serve"   ready, beats, obeys
// "silent"  ready and obeys, but never beats
// "deaf"    ready, and then hears nothing
// "mute"    never ready
// "fail"    gives up with the words "no luck"
// "crash"   ends by a signal before it is ready
// "babble"  breaks the protocol
// "half"    slot 0 crashes before it is ready, the others serve
inline constexpr char kFakeWorkerVariable[] = "FAKE_WORKER";

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_FAKE_WORKER_H_
