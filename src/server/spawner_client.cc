#include "server/spawner_client.h"

#include <string>
#include <utility>

#include "cgi/spawn_protocol.h"
#include "net/descriptor_passing.h"
#include "net/pipe_end.h"

namespace brilliant::server {

void SpawnerClient::Connect(UniqueFd channel) {
  channel_.emplace(std::move(channel));
  free_keepers_.clear();  // the new spawner does not know them
  for (event::Signal* signal : waiting_) signal->Notify();
}

event::Task<Result<void>> SpawnerClient::WaitForSpawner(event::CancelScope& scope) {
  event::Timer patience;
  patience.Start(loop_.TimerClassFor(kSpawnerWait));
  event::Signal connected(loop_, scope);
  waiting_.push_back(&connected);
  const Result<void> waited = co_await connected.Wait(&patience);
  std::erase(waiting_, &connected);
  co_return waited;
}

event::Task<Result<handlers::ScriptEnds>> SpawnerClient::Launch(uint32_t rule, bool with_input,
                                                                event::CancelScope& scope) {
  while (true) {
    if (!channel_) {
      const Result<void> connected = co_await WaitForSpawner(scope);
      if (!connected) co_return std::unexpected(connected.error());
      continue;
    }
    Result<handlers::ScriptEnds> ends = TryLaunch(rule, with_input);
    if (ends || ends.error().code != ErrorCode::kClosed) co_return ends;
    // It has ended; the supervisor will introduce its successor.
    channel_.reset();
  }
}

void SpawnerClient::TakeBack(uint32_t rule, UniqueFd lifeline, MonotonicTime free_since) {
  const MonotonicTime until = free_since + cgi::kKeeperIsAsked;
  ForgetOldKeepers();
  if (until < loop_.now()) return;
  if (free_keepers_.size() == kFreeKeepersMax) free_keepers_.pop_front();
  free_keepers_.push_back({.rule = rule, .until = until, .lifeline = std::move(lifeline)});
}

void SpawnerClient::ForgetOldKeepers() {
  std::erase_if(free_keepers_, [this](const FreeKeeper& keeper) { return keeper.until < loop_.now(); });
}

UniqueFd SpawnerClient::AskFreeKeeper(uint32_t rule, std::span<const int> lent) {
  ForgetOldKeepers();
  // The one that came free last is still warm.
  for (size_t i = free_keepers_.size(); i-- > 0;) {
    if (free_keepers_[i].rule != rule) continue;
    UniqueFd lifeline = std::move(free_keepers_[i].lifeline);
    free_keepers_.erase(free_keepers_.begin() + static_cast<ptrdiff_t>(i));
    // Fails if the keeper has ended.
    if (net::SendDescriptors(lifeline.get(), std::span(&cgi::kAgain, 1), lent)) return lifeline;
  }
  return {};
}

Result<handlers::ScriptEnds> SpawnerClient::TryLaunch(uint32_t rule, bool with_input) {
  ASSIGN_OR_RETURN(net::PipeEnds output, net::MakePipe(net::PipeDirection::kToUs));
  ASSIGN_OR_RETURN(net::PipeEnds errors, net::MakePipe(net::PipeDirection::kToUs));
  net::PipeEnds input;
  std::vector<int> lent = {output.theirs.get(), errors.theirs.get()};
  if (with_input) {
    ASSIGN_OR_RETURN(input, net::MakePipe(net::PipeDirection::kFromUs));
    lent.push_back(input.theirs.get());
  }
  UniqueFd lifeline = AskFreeKeeper(rule, lent);
  if (!lifeline.valid()) {
    ASSIGN_OR_RETURN(auto pair, net::ControlChannel::MakePair());
    lent.insert(lent.begin(), pair.second.get());
    RETURN_IF_ERROR(channel_->TrySend(net::ControlType::kRun, std::to_string(rule), lent));
    lifeline = std::move(pair.first);
  }
  return handlers::ScriptEnds{.lifeline = std::move(lifeline),
                              .output = std::move(output.ours),
                              .errors = std::move(errors.ours),
                              .input = std::move(input.ours),
                              .rule = rule};
}

}  // namespace brilliant::server
