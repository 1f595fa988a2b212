#include "handlers/folder_lister.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/strings.h"
#include "files/file_store.h"
#include "files/path_hash.h"
#include "handlers/answers.h"
#include "handlers/archive_maker.h"
#include "handlers/listing_maker.h"
#include "handlers/listing_options.h"
#include "handlers/listing_page.h"
#include "http/conditions.h"
#include "http/query.h"
#include "http/syntax.h"
#include "http/target.h"

namespace brilliant::handlers {
namespace {

// Of the content itself, so a client that has it need not be sent it again, whatever changed meanwhile and back.
std::string EntityTagOf(std::string_view content) {
  return fmt::format("\"{:016x}\"", files::HashPath(files::HashKey{}, content));
}

http::FieldList FieldsOf(ListingFormat format) {
  http::FieldList fields;
  fields.Add("Content-Type", ContentTypeOf(format));
  fields.Add("Vary", "Accept");
  // To be asked for again each time.
  fields.Add("Cache-Control", "no-cache");
  fields.Add("X-Content-Type-Options", "nosniff");
  if (format == ListingFormat::kHtml) fields.Add("Content-Security-Policy", kListingPolicy);
  return fields;
}

// The name of the folder that all of an archive is in.
std::string TopFolder(std::string_view path) {
  path.remove_suffix(1);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.empty() ? "files" : std::string(name);
}

// RFC 6266 section 4.1 and RFC 8187 section 3.2.
std::string ContentDisposition(std::string_view name) {
  std::string plain;
  for (const char c : name) plain += http::IsTokenChar(c) ? c : '_';
  std::string encoded;
  for (const char c : name) {
    const bool direct = IsAlpha(c) || IsDigit(c) || c == '.' || c == '-' || c == '_';
    if (direct) {
      encoded += c;
    } else {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + encoded;
}

// So that the next change must show in its time stamps.
bool IsSettled(const files::FileIdentity& folder, WallTime now) {
  const int64_t changed_ns = std::max(folder.mtime_ns, folder.ctime_ns);
  return now.nanoseconds - changed_ns >= std::chrono::nanoseconds(files::kSettledAfter).count();
}

}  // namespace

FolderLister::FolderLister(const config::Location& location, const files::MimeTypes& types,
                           const files::DocumentRoot& root, std::shared_ptr<const files::ServedNames> names)
    : location_(location),
      types_(std::make_shared<const files::MimeTypes>(types)),
      root_(root),
      names_(std::move(names)) {}

event::Task<Answer> FolderLister::List(const Request& request, std::string_view path, files::OpenFilePtr folder,
                                       const HandlerContext& context) const {
  const std::optional<std::string> archive = http::FindParameter(request.head.query, "archive");
  if (archive && location_.archive) co_return co_await SendArchive(request, path, std::move(folder), context);
  auto options = ParseListingOptions(request.head);
  if (!options) co_return ErrorResponse(400, options.error());
  const ListingFormat format = options->format;
  const Result<files::FileIdentity> identity = files::CurrentIdentity(folder->fd.get());
  if (!identity) co_return ResponseForError(identity.error());
  std::string key = fmt::format("{} {}?{}", static_cast<int>(format), request.path, request.head.query);
  files::RenderedFilePtr page = FindKept(key, *identity, context.loop.now());
  if (page != nullptr) co_return Whole(request, format, std::move(page), context);

  ListingMaker::Source source{.folder = std::move(folder),
                              .place = {.root = root_, .path = std::string(path), .names = names_},
                              .types = types_};
  const ListingView view = ViewOf(request, path, std::move(*options));
  std::shared_ptr<PieceMaker> maker = std::make_shared<ListingMaker>(std::move(source), view);
  Result<PieceMaker::Piece> first = co_await MakePiece(maker, context.loop, context.scope);
  if (!first) {
    context.error_log.Report(failure_reports_, log::Level::kError, "folder not listed root={} path={} call={} errno={}",
                             location_.root, path, first.error().context, first.error().system_errno);
    co_return ResponseForError(first.error());
  }
  if (first->is_last) {
    auto rendered = std::make_shared<files::RenderedFile>();
    rendered->etag = EntityTagOf(first->bytes);
    rendered->content = std::move(first->bytes);
    page = std::move(rendered);
    Keep(std::move(key), *identity, page, context);
    co_return Whole(request, format, std::move(page), context);
  }
  co_return Stream(FieldsOf(format), std::move(maker), std::move(*first), context);
}

event::Task<Answer> FolderLister::SendArchive(const Request& request, std::string_view path, files::OpenFilePtr folder,
                                              const HandlerContext& context) const {
  const std::string word = http::FindParameter(request.head.query, "archive").value_or("");
  if (word != "zip" && word != "tar") co_return ErrorResponse(400, "A folder can be had as zip or tar.");
  const ArchiveFormat format = word == "zip" ? ArchiveFormat::kZip : ArchiveFormat::kTar;
  ArchiveMaker::Source source{.folder = std::move(folder),
                              .place = {.root = root_, .path = std::string(path), .names = names_},
                              .top = TopFolder(request.path),
                              .left_out = {}};
  const size_t prefix_bytes = location_.path == "/" ? 1 : location_.path.size() + 1;
  for (const std::string& inner : location_.inner_paths) source.left_out.push_back(inner.substr(prefix_bytes));
  const std::string disposition = ContentDisposition(source.top + "." + word);
  const ArchiveMaker::Limits limits{.bytes_max = location_.archive_bytes_max};
  std::shared_ptr<PieceMaker> maker = std::make_shared<ArchiveMaker>(std::move(source), format, limits);
  Result<PieceMaker::Piece> first = co_await MakePiece(maker, context.loop, context.scope);
  if (!first && first.error().code == ErrorCode::kTooLarge) {
    co_return ErrorResponse(403, "This folder is too large to be sent as one archive.");
  }
  if (!first) {
    context.error_log.Report(failure_reports_, log::Level::kError, "folder not packed root={} path={} call={} errno={}",
                             location_.root, path, first.error().context, first.error().system_errno);
    co_return ResponseForError(first.error());
  }
  http::FieldList fields;
  fields.Add("Content-Type", format == ArchiveFormat::kZip ? "application/zip" : "application/x-tar");
  fields.Add("Content-Disposition", disposition);
  fields.Add("Cache-Control", "no-store");
  fields.Add("X-Content-Type-Options", "nosniff");
  co_return Stream(std::move(fields), std::move(maker), std::move(*first), context);
}

Answer FolderLister::Stream(http::FieldList fields, std::shared_ptr<PieceMaker> maker, PieceMaker::Piece first,
                            const HandlerContext& context) const {
  if (stream_token_.use_count() > kFolderStreamsMax) {
    return ResponseForError(Error{.code = ErrorCode::kUnavailable, .context = "streams of folders"});
  }
  Response response;
  response.fields = std::move(fields);
  response.body = std::make_unique<PieceBody>(std::move(maker), std::move(first), context, stream_token_);
  return response;
}

Response FolderLister::Whole(const Request& request, ListingFormat format, files::RenderedFilePtr page,
                             const HandlerContext& context) {
  const http::Validators validators{.etag = page->etag};
  const auto condition = http::EvaluateConditions(request.head, validators, context.loop.wall().seconds());
  if (condition == http::ConditionResult::kPreconditionFailed) return ErrorResponse(412);
  Response response;
  response.fields = FieldsOf(format);
  response.fields.Add("ETag", page->etag);
  if (condition == http::ConditionResult::kNotModified) {
    response.status = 304;
    response.fields.Remove("Content-Type");
    return response;
  }
  const uint64_t length = page->content.size();
  response.body = SliceBody{.file = std::move(page), .offset = 0, .length = length};
  return response;
}

files::RenderedFilePtr FolderLister::FindKept(std::string_view key, const files::FileIdentity& folder,
                                              MonotonicTime now) const {
  std::erase_if(kept_, [now](const Kept& kept) { return now - kept.read_at >= files::kFreshFor; });
  const auto found = std::ranges::find_if(
      kept_, [key, &folder](const Kept& kept) { return kept.key == key && kept.folder == folder; });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->page;
}

void FolderLister::Keep(std::string key, const files::FileIdentity& folder, files::RenderedFilePtr page,
                        const HandlerContext& context) const {
  if (!IsSettled(folder, context.loop.wall())) return;
  std::erase_if(kept_, [&key](const Kept& kept) { return kept.key == key; });
  kept_.push_front(
      Kept{.key = std::move(key), .folder = folder, .read_at = context.loop.now(), .page = std::move(page)});
  if (kept_.size() > kListingsKeptMax) kept_.pop_back();
}

ListingView FolderLister::ViewOf(const Request& request, std::string_view path, ListingOptions options) const {
  ListingView view;
  view.path = request.path;
  view.options = std::move(options);
  view.can_delete = location_.methods.Contains(http::Method::kDelete);
  view.can_undo = !location_.deletion.trash.empty();
  view.archive = location_.archive;
  if (!location_.methods.Contains(http::Method::kPost) || !location_.upload_path) return view;
  view.upload_bytes_max = location_.body_max;
  // POST to PREFIX/rest stores in root + upload_path + rest: which rest makes that this folder?
  const std::string shown = "/" + std::string(path);
  const std::string stored = *location_.upload_path == "/" ? "/" : *location_.upload_path + "/";
  if (!shown.starts_with(stored)) return view;
  const std::string prefix = location_.path == "/" ? "/" : location_.path + "/";
  view.upload_target = http::EncodePath(prefix + shown.substr(stored.size()));
  return view;
}

}  // namespace brilliant::handlers
