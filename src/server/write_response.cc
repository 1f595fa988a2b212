#include "server/write_response.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <variant>

#include "handlers/answer_fields.h"
#include "http/status.h"
#include "server/multipart.h"
#include "server/send_output.h"

namespace brilliant::server {
namespace {

using handlers::AnswerFields;
using handlers::FileBody;
using handlers::MemoryBody;
using handlers::MultipartBody;
using handlers::RenderedBody;
using handlers::Response;
using handlers::SliceBody;
using SourcePtr = std::unique_ptr<handlers::BodySource>;

void AppendStatus(std::string& head, int status, std::string_view reason) {
  // The two answers that nearly all requests get, ready made.
  if (!reason.empty()) {
    fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\n", status, reason);
  } else if (status == 200) {
    head += "HTTP/1.1 200 OK\r\n";
  } else if (status == 304) {
    head += "HTTP/1.1 304 Not Modified\r\n";
  } else {
    http::AppendStatusLine(head, status);
  }
}

// RFC 9112 section 9.3: HTTP/1.1 persists unless told otherwise, HTTP/1.0 only if told so.
void AppendConnection(std::string& head, bool persists, int version_minor) {
  if (!persists) {
    head += "Connection: close\r\n";
  } else if (version_minor == 0) {
    head += "Connection: keep-alive\r\n";
  }
}

// A file, a part of one, or the word that one has not changed; not a page made here, which says itself what caches may
// do.
bool IsOfFile(const Response& response) {
  if (response.fields.Contains("Cache-Control")) return false;
  if (response.status == 304 || response.status == 206) return true;
  return response.status == 200 && !std::holds_alternative<std::monostate>(response.body) &&
         !std::holds_alternative<MemoryBody>(response.body) && !std::holds_alternative<SourcePtr>(response.body);
}

void AppendLength(std::string& head, uint64_t length) {
  fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", length);
}

// The content's length, if it is known before it is made.
std::optional<uint64_t> KnownLength(const Response& response) {
  if (const auto* memory = std::get_if<MemoryBody>(&response.body)) return memory->bytes.size();
  if (const auto* file = std::get_if<FileBody>(&response.body)) return file->length;
  if (const auto* slice = std::get_if<SliceBody>(&response.body)) return slice->length;
  if (std::holds_alternative<std::monostate>(response.body)) return 0;
  if (const auto* source = std::get_if<SourcePtr>(&response.body)) return (*source)->length();
  return std::nullopt;
}

// Moves the body out of the response, which says what it is.
std::optional<Multipart> TakeMultipart(Response& response) {
  auto* body = std::get_if<MultipartBody>(&response.body);
  if (body == nullptr) return std::nullopt;
  std::optional<Multipart> multipart(std::in_place, std::move(*body), MakeBoundary());
  response.fields.Set("Content-Type", multipart->ContentType());
  response.body = std::monostate();
  return multipart;
}

void QueueContent(OutputQueue& output, Response& response) {
  if (auto* memory = std::get_if<MemoryBody>(&response.body)) {
    auto bytes = std::make_shared<const std::string>(std::move(memory->bytes));
    const std::string_view view = *bytes;
    output.AppendShared(std::move(bytes), view);
  } else if (auto* file = std::get_if<FileBody>(&response.body)) {
    output.AppendFile(std::move(file->file), file->offset, file->length);
  } else if (auto* slice = std::get_if<SliceBody>(&response.body)) {
    const std::string_view content = slice->file->content;
    output.AppendShared(std::move(slice->file), content.substr(slice->offset, slice->length));
  }
}

// `added`: field lines.
QueuedResponse QueueRendered(OutputQueue& output, const ResponseTerms& terms, RenderedBody body,
                             std::string_view added) {
  std::string& head = output.text();
  head += body.with_content ? body.file->fields : body.file->fields_304;
  head += added;
  head += "\r\n";
  output.CommitText();
  QueuedResponse queued{.persists = terms.may_persist, .content_begin = output.queued_bytes()};
  if (body.with_content && !terms.head_only) {
    const std::string_view content = body.file->content;
    output.AppendShared(std::move(body.file), content);
  }
  return queued;
}

}  // namespace

QueuedResponse QueueResponse(Connection& connection, OutputQueue& output, const ResponseTerms& terms,
                             Response response) {
  WorkerContext& worker = connection.worker();
  std::optional<Multipart> multipart = TakeMultipart(response);
  const std::optional<uint64_t> length = multipart ? multipart->content_length() : KnownLength(response);
  const bool streamed = std::holds_alternative<SourcePtr>(response.body);
  const bool has_content = !http::HasNoContent(response.status) && !terms.head_only;
  const bool chunked = streamed && has_content && !length && terms.version_minor >= 1;
  // HTTP/1.0 knows no chunks: there, content of unknown length ends with the connection.
  const bool ends_with_close = streamed && has_content && !length && !chunked;
  ResponseTerms final_terms = terms;
  final_terms.may_persist = terms.may_persist && !response.close && !ends_with_close;

  std::string& head = output.text();
  AppendStatus(head, response.status, response.reason);
  const AnswerFields::Block* added =
      response.added == nullptr ? nullptr : &response.added->For(response.status, IsOfFile(response));
  const std::string_view added_lines = added == nullptr ? std::string_view() : added->lines();
  head += worker.common_fields.Render(worker.loop.wall(), added == nullptr || !added->replaces_server());
  AppendConnection(head, final_terms.may_persist, terms.version_minor);
  if (auto* rendered = std::get_if<RenderedBody>(&response.body)) {
    return QueueRendered(output, final_terms, std::move(*rendered), added_lines);
  }
  if (added != nullptr) added->RemoveReplaced(response.fields);
  http::AppendFieldLines(head, response.fields);
  if (length && !http::HasNoContent(response.status)) AppendLength(head, *length);
  if (chunked) head += "Transfer-Encoding: chunked\r\n";
  head += added_lines;
  head += "\r\n";
  output.CommitText();
  QueuedResponse queued{.persists = final_terms.may_persist,
                        .content_begin = output.queued_bytes(),
                        .source = nullptr,
                        .streams = streamed && has_content,
                        .chunked = chunked};
  if (auto* source = std::get_if<SourcePtr>(&response.body)) queued.source = std::move(*source);
  if (!has_content) return queued;
  if (multipart) {
    multipart->Queue(output);
  } else {
    QueueContent(output, response);
  }
  return queued;
}

event::Task<Result<void>> StreamContent(Connection& connection, OutputQueue& output, QueuedResponse& queued,
                                        ProgressMeter& progress) {
  int pieces_in_turn = 0;
  size_t bytes_in_turn = 0;
  // The head does not wait for content: whoever makes it may take its time.
  if (!queued.source->first_is_there()) {
    const Result<void> sent = co_await SendOutput(connection, output, progress);
    if (!sent) co_return sent;
  }
  while (true) {
    const Result<std::span<const char>> piece = co_await queued.source->Next();
    // Who makes the content has said why. It is nothing that sending could fail with: the client is not to blame.
    if (!piece) co_return Failure(ErrorCode::kUnavailable, "source");
    if (piece->empty()) break;
    if (queued.chunked) fmt::format_to(std::back_inserter(output.text()), "{:x}\r\n", piece->size());
    // Nobody owns the piece but the source, which keeps it until the next call: it is sent before that.
    output.AppendShared(nullptr, {piece->data(), piece->size()});
    if (queued.chunked) output.text() += "\r\n";
    const Result<void> sent = co_await SendOutput(connection, output, progress);
    if (!sent) co_return sent;
    bytes_in_turn += piece->size();
    if (++pieces_in_turn < kPiecesPerTurnMax && bytes_in_turn < kSendChunkBytes) continue;
    co_await connection.loop().Yield();
    if (connection.scope().reason()) co_return Failure(*connection.scope().reason(), "stream");
    pieces_in_turn = 0;
    bytes_in_turn = 0;
  }
  if (queued.chunked) output.text() += "0\r\n\r\n";
  co_return co_await SendOutput(connection, output, progress);
}

}  // namespace brilliant::server
