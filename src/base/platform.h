// Which system calls may be used: BRILLIANT_LINUX is 1 where those of Linux may be (epoll, openat2, sendfile(2), pidfd)
// and 0 elsewhere, where only what macOS and FreeBSD offer as well is allowed. Every seam asks `#if BRILLIANT_LINUX`;
// nothing else in the program asks for the system's name.
//
// BRILLIANT_PORTABLE, defined by the build with -DBRILLIANT_POLLER=kqueue, selects the portable branches on Linux too,
// so that they stay compilable without a second machine.
#ifndef BRILLIANT_BASE_PLATFORM_H_
#define BRILLIANT_BASE_PLATFORM_H_

#if defined(__linux__) && !defined(BRILLIANT_PORTABLE)
#define BRILLIANT_LINUX 1
#else
#define BRILLIANT_LINUX 0
#endif

#endif  // BRILLIANT_BASE_PLATFORM_H_
