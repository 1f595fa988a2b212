// The worker's side of the spawner: hands it jobs. The supervisor introduces the two, and again when one of them has
// been replaced; requests that come in between wait a moment. A keeper that has just come free gets the next job of the
// same rule directly. Owned by the worker; used on the loop.
#ifndef BRILLIANT_SERVER_SPAWNER_CLIENT_H_
#define BRILLIANT_SERVER_SPAWNER_CLIENT_H_

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "event/event_loop.h"
#include "handlers/script_launcher.h"
#include "net/control_channel.h"

namespace brilliant::server {

// How long a request waits for a spawner that is being replaced.
inline constexpr Milliseconds kSpawnerWait{5'000};
// Keepers that are free and may be asked again; of more, the oldest go back to the spawner.
inline constexpr size_t kFreeKeepersMax = 16;

class SpawnerClient final : public handlers::ScriptLauncher {
 public:
  explicit SpawnerClient(event::EventLoop& loop) : loop_(loop) {}
  SpawnerClient(const SpawnerClient&) = delete;
  SpawnerClient& operator=(const SpawnerClient&) = delete;

  // From now on, jobs go to whoever is at the other end.
  void Connect(UniqueFd channel);

  event::Task<Result<handlers::ScriptEnds>> Launch(uint32_t rule, bool with_input, event::CancelScope& scope) override;
  void TakeBack(uint32_t rule, UniqueFd lifeline, MonotonicTime free_since) override;

 private:
  [[nodiscard]] event::Task<Result<void>> WaitForSpawner(event::CancelScope& scope);
  struct FreeKeeper {
    uint32_t rule = 0;
    MonotonicTime until;  // it may be asked
    UniqueFd lifeline;
  };

  [[nodiscard]] Result<handlers::ScriptEnds> TryLaunch(uint32_t rule, bool with_input);
  // Lends the descriptors to a keeper that is free. Invalid: there is none.
  [[nodiscard]] UniqueFd AskFreeKeeper(uint32_t rule, std::span<const int> lent);
  void ForgetOldKeepers();

  event::EventLoop& loop_;
  std::optional<net::ControlChannel> channel_;
  std::vector<event::Signal*> waiting_;  // in the frames of WaitForSpawner
  std::deque<FreeKeeper> free_keepers_;  // the one that came back first is the first
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_SPAWNER_CLIENT_H_
