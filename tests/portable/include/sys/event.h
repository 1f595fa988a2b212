// The part of <sys/event.h> that the kqueue code uses, declared after the manual pages of FreeBSD and macOS
// (kqueue(2)), so that this code can be checked for syntax on systems without kqueue. Nothing is linked against it.
#ifndef BRILLIANT_TESTS_PORTABLE_SYS_EVENT_H_
#define BRILLIANT_TESTS_PORTABLE_SYS_EVENT_H_

#include <cstdint>
#include <ctime>

struct kevent {
  uintptr_t ident;
  short filter;
  unsigned short flags;
  unsigned int fflags;
  intptr_t data;
  void* udata;
};

#define EV_SET(event, ident_value, filter_value, flags_value, fflags_value, data_value, udata_value) \
  do {                                                                                               \
    struct kevent* ev_set_event = (event);                                                           \
    ev_set_event->ident = static_cast<uintptr_t>(ident_value);                                       \
    ev_set_event->filter = static_cast<short>(filter_value);                                         \
    ev_set_event->flags = static_cast<unsigned short>(flags_value);                                  \
    ev_set_event->fflags = static_cast<unsigned int>(fflags_value);                                  \
    ev_set_event->data = static_cast<intptr_t>(data_value);                                          \
    ev_set_event->udata = (udata_value);                                                             \
  } while (false)

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_VNODE (-4)
#define EVFILT_PROC (-5)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER (-7)
#define EVFILT_USER (-10)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_LOWAT 0x00000001
#define NOTE_TRIGGER 0x01000000
#define NOTE_EXIT 0x80000000
#define NOTE_NSECONDS 0x00000004

int kqueue();
int kevent(int kq, const struct kevent* changes, int changes_count, struct kevent* events, int events_count,
           const timespec* timeout);

#endif  // BRILLIANT_TESTS_PORTABLE_SYS_EVENT_H_
