// One descriptor, registered once with the loop's poller, edge-triggered. Remembers what the kernel
// said until whoever reads or writes finds out otherwise. A member of the object that owns the descriptor, declared
// after it; pinned in memory.
#ifndef BRILLIANT_EVENT_WAITABLE_H_
#define BRILLIANT_EVENT_WAITABLE_H_

#include <cstdint>
#include <utility>

#include "event/poller.h"
#include "event/waiter.h"

namespace brilliant::event {

enum class Interest : uint8_t { kRead, kWrite };

class Waitable : public WaitSource {
 public:
  enum class Kind : uint8_t {
    kConnection,  // a client's socket, ours alone: losing both directions cancels the scope, its handlers have no
                  // reader left
    kPrivate,     // ours alone
    kShared,      // other processes hold it too (a listener)
  };
  // Borrows `fd`, which must be non-blocking and stay open as long as the Waitable lives.
  Waitable(EventLoop& loop, CancelScope& scope, int fd, Kind kind);
  ~Waitable();

  // Registers with the poller; before the first wait. Fails only for want of memory or of watches. kInput: nobody will
  // wait to write.
  Result<void> Register(Watch watch = Watch::kBoth);

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool readable() const { return readable_; }
  [[nodiscard]] bool writable() const { return writable_; }
  // The other side sends nothing more (what it has sent may still be unread).
  [[nodiscard]] bool input_ended() const { return input_ended_; }
  // A read found nothing, or less than it asked for. Bytes that come later are a new edge; an end of input that the
  // kernel has reported already is not: then it stays readable.
  void InputDrained() {
    readable_ = input_ended_;
    if (muted_) Unmute();
  }
  // A read said EAGAIN.
  void ReadWouldBlock() {
    readable_ = false;
    if (muted_) Unmute();
  }
  void WriteWouldBlock() { writable_ = false; }
  // The open file outlives this: the system must be told to watch it no more.
  void NoteStaysOpen() { stays_open_ = true; }
  // Ends the wait for input, if somebody waits, with kCancelled. What waits later is not concerned.
  void InterruptRead() { Wake(kInput, ErrorCode::kCancelled); }

 private:
  friend class EventLoop;
  void Apply(const PollEvent& event);
  // Whether more input is reported. A client that sends while nobody reads would else wake the loop with each packet.
  void Mute();
  void Unmute();

  const int fd_;
  bool registered_ = false;
  bool readable_ = true;  // until a read says otherwise: accepted sockets often have a request waiting
  bool writable_ = true;
  bool input_ended_ = false;
  bool output_ended_ = false;
  bool muted_ = false;
  bool stays_open_ = false;
  const Kind kind_;
};

// A wake-up from one coroutine (or the loop) to another: Notify makes the next or current Wait succeed, once. Waiting
// with a Timer and nobody who notifies is a sleep.
class Signal : public WaitSource {
 public:
  using WaitSource::WaitSource;
  void Notify() { notified_ = !Wake(kInput, std::nullopt); }
  // kDeadline when `timer` expires first.
  [[nodiscard]] WaitAwaiter Wait(Timer* timer = nullptr) {
    return {*this, kInput, timer, std::exchange(notified_, false)};
  }
  // Forgets a notification nobody waited for.
  void Clear() { notified_ = false; }

 private:
  bool notified_ = false;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_WAITABLE_H_
