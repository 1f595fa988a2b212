#include "server/send_output.h"

#include <algorithm>

namespace brilliant::server {
namespace {

// Who has taken a buffer's content in this time is on a fast network, or on this machine.
constexpr Milliseconds kPromptReader{20};

// One call to the kernel. 0 bytes: the file at the front has ended early.
Result<size_t> TrySendFront(Connection& connection, OutputQueue& output) {
  if (output.front_file() != nullptr) {
    const net::FileSlice slice = output.front_slice(kSendChunkBytes);
    return connection.transport().TrySendFile(slice, output.more_after_slice(slice));
  }
  const std::span<const iovec> parts = output.GatherParts();
  return connection.transport().TryWrite(parts, output.more_after_gather());
}

// Waits until there is room. kDeadline: the client takes too little.
event::Task<Result<void>> WaitForReader(Connection& connection, ProgressMeter& progress) {
  WorkerContext& worker = connection.worker();
  net::Transport& transport = connection.transport();
  event::Timer term;
  while (true) {
    const MonotonicTime began = worker.loop.now();
    const uint64_t unsent = transport.UnsentBytes();
    term.Start(worker.send_timeout);
    const Result<void> writable = co_await worker.loop.Wait(transport.waitable(), event::Interest::kWrite, &term);
    if (!writable && writable.error().code != ErrorCode::kDeadline) co_return writable;
    const uint64_t taken = unsent - std::min(unsent, transport.UnsentBytes());
    if (!progress.Keeps(worker.loop.now() - began, taken)) {
      co_return Failure(ErrorCode::kDeadline, "send");
    }
    if (writable) co_return writable;
  }
}

}  // namespace

bool TrySendAtOnce(Connection& connection, OutputQueue& output) {
  output.CommitText();
  while (!output.empty()) {
    if (output.front_file() != nullptr || !connection.transport().waitable().writable()) return false;
    const Result<size_t> sent = TrySendFront(connection, output);
    if (!sent) return false;
    output.Advance(*sent);
  }
  return true;
}

event::Task<Result<void>> SendOutput(Connection& connection, OutputQueue& output, ProgressMeter& progress) {
  output.CommitText();
  size_t sent_in_turn = 0;
  bool prompt = false;
  while (!output.empty()) {
    if (!connection.transport().waitable().writable()) {
      const MonotonicTime began = connection.loop().now();
      const Result<void> writable = co_await WaitForReader(connection, progress);
      if (!writable) co_return writable;
      const bool at_once = connection.loop().now() - began < kPromptReader;
      if (at_once && !prompt) connection.transport().TakeMoreAtOnce();
      prompt = prompt || at_once;
      sent_in_turn = 0;
    }
    if (const files::OpenFilePtr* file = output.front_file(); file != nullptr) {
      const net::FileSlice slice = output.front_slice(kSendChunkBytes);
      files::OpenFilePtr warm_file = *file;
      const Result<void> warm =
          co_await connection.worker().files.Warm(std::move(warm_file), slice.offset, slice.length, connection.scope());
      // A pool without room is no reason to break a promise: the kernel then reads while it sends.
      if (!warm && warm.error().code != ErrorCode::kUnavailable) co_return warm;
    }
    const bool from_file = output.front_file() != nullptr;
    const Result<size_t> sent = TrySendFront(connection, output);
    if (!sent && sent.error().code == ErrorCode::kWouldBlock) continue;
    if (!sent) co_return std::unexpected(sent.error());
    if (*sent == 0 && from_file) co_return Failure(ErrorCode::kInvalid, "file became shorter");
    output.Advance(*sent);
    sent_in_turn += *sent;
    if (sent_in_turn >= kSendChunkBytes && !output.empty()) {
      co_await connection.loop().Yield();
      if (connection.scope().reason()) co_return Failure(*connection.scope().reason(), "send");
      sent_in_turn = 0;
    }
  }
  co_return Result<void>();
}

}  // namespace brilliant::server
