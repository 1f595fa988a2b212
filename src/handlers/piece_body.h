// Content that is made piece by piece by calls that may block: each piece in the offload pool, and only when the one
// before has been sent, so that memory stays bounded however slow the client is.
#ifndef BRILLIANT_HANDLERS_PIECE_BODY_H_
#define BRILLIANT_HANDLERS_PIECE_BODY_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "handlers/api.h"

namespace brilliant::handlers {

// A piece is sent once it has grown to this.
inline constexpr size_t kPieceBytes = 262'144;

// Owned by the body and by the job that works on it: it may outlive the request by one call, so it owns all it uses.
class PieceMaker {
 public:
  virtual ~PieceMaker() = default;
  struct Piece {
    std::string bytes;
    bool is_last = false;
  };
  // Blocks. The next piece of about kPieceBytes; one that is not the last is not empty. `now`: of the loop.
  [[nodiscard]] virtual Result<Piece> Make(MonotonicTime now) = 0;
};

class PieceBody final : public BodySource {
 public:
  // `first` has been made already. Of `context`, what outlives the response. `token` is held as long as the body lives.
  PieceBody(std::shared_ptr<PieceMaker> maker, PieceMaker::Piece first, const HandlerContext& context,
            std::shared_ptr<const int> token)
      : maker_(std::move(maker)), piece_(std::move(first)), context_(context), token_(std::move(token)) {}

  [[nodiscard]] bool first_is_there() const override { return true; }
  event::Task<Result<std::span<const char>>> Next() override;
  event::Task<void> Finish() override { co_return; }

 private:
  std::shared_ptr<PieceMaker> maker_;
  PieceMaker::Piece piece_;
  const HandlerContext context_;
  const std::shared_ptr<const int> token_;
  bool is_first_ = true;
};

// One piece, made in the pool.
[[nodiscard]] event::Task<Result<PieceMaker::Piece>> MakePiece(std::shared_ptr<PieceMaker> maker,
                                                               event::EventLoop& loop, event::CancelScope& scope);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_PIECE_BODY_H_
