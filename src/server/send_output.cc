#include "server/send_output.h"

namespace brilliant::server {
namespace {

// One call to the kernel. 0 bytes: the file at the front has ended early.
Result<size_t> TrySendFront(Connection& connection, OutputQueue& output) {
  if (output.front_file() != nullptr) {
    const net::FileSlice slice = output.front_slice(kSendChunkBytes);
    return connection.transport().TrySendFile(slice, output.more_after_slice(slice));
  }
  const std::span<const iovec> parts = output.GatherParts();
  return connection.transport().TryWrite(parts, output.more_after_gather());
}

void ReportShortFile(Connection& connection, const OutputQueue& output) {
  WorkerContext& worker = connection.worker();
  worker.error_log.Report(worker.short_file_reports, log::Level::kWarn,
                          "a file became shorter while it was sent: connection cut client={} sent={} of={}",
                          connection.client(), output.sent_bytes(), output.queued_bytes());
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

event::Task<Result<void>> SendOutput(Connection& connection, OutputQueue& output) {
  output.CommitText();
  event::Timer progress_timer;
  size_t sent_in_turn = 0;
  while (!output.empty()) {
    if (!connection.transport().waitable().writable()) {
      progress_timer.Start(connection.worker().send_timeout);
      const Result<void> writable =
          co_await connection.loop().Wait(connection.transport().waitable(), event::Interest::kWrite, &progress_timer);
      if (!writable) co_return writable;
      progress_timer.Stop();
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
    if (*sent == 0 && from_file) {
      ReportShortFile(connection, output);
      co_return Failure(ErrorCode::kInvalid, "file became shorter");
    }
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
