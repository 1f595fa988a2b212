#include "handlers/piece_body.h"

#include "event/offload.h"

namespace brilliant::handlers {

event::Task<Result<PieceMaker::Piece>> MakePiece(std::shared_ptr<PieceMaker> maker, event::EventLoop& loop,
                                                 event::CancelScope& scope) {
  const MonotonicTime now = loop.now();
  auto make = [maker = std::move(maker), now] { return maker->Make(now); };
  co_return co_await event::Offload(loop, scope, std::move(make));
}

event::Task<Result<std::span<const char>>> PieceBody::Next() {
  if (!is_first_ && piece_.is_last) co_return std::span<const char>();
  if (!is_first_) {
    Result<PieceMaker::Piece> next = co_await MakePiece(maker_, context_.loop, context_.scope);
    if (!next) {
      context_.error_log.Write(log::Level::kError, fmt::format("content cut off reason=\"{}\" errno={}",
                                                               next.error().context, next.error().system_errno));
      co_return std::unexpected(next.error());
    }
    piece_ = std::move(*next);
  }
  is_first_ = false;
  co_return std::span<const char>(piece_.bytes);
}

}  // namespace brilliant::handlers
