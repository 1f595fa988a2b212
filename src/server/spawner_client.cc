#include "server/spawner_client.h"

#include <string>
#include <utility>

#include "net/pipe_end.h"

namespace brilliant::server {

void SpawnerClient::Connect(UniqueFd channel) {
  channel_.emplace(std::move(channel));
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

Result<handlers::ScriptEnds> SpawnerClient::TryLaunch(uint32_t rule, bool with_input) {
  ASSIGN_OR_RETURN(auto lifeline, net::ControlChannel::MakePair());
  ASSIGN_OR_RETURN(net::PipeEnds output, net::MakePipe(net::PipeDirection::kToUs));
  ASSIGN_OR_RETURN(net::PipeEnds errors, net::MakePipe(net::PipeDirection::kToUs));
  net::PipeEnds input;
  std::vector<int> lent = {lifeline.second.get(), output.theirs.get(), errors.theirs.get()};
  if (with_input) {
    ASSIGN_OR_RETURN(input, net::MakePipe(net::PipeDirection::kFromUs));
    lent.push_back(input.theirs.get());
  }
  RETURN_IF_ERROR(channel_->TrySend(net::ControlType::kRun, std::to_string(rule), lent));
  return handlers::ScriptEnds{.lifeline = std::move(lifeline.first),
                              .output = std::move(output.ours),
                              .errors = std::move(errors.ours),
                              .input = std::move(input.ours)};
}

}  // namespace brilliant::server
