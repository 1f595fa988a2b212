#include "handlers/upload_handler.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/strings.h"
#include "event/offload.h"
#include "handlers/answers.h"
#include "handlers/preconditions.h"
#include "http/target.h"

namespace brilliant::handlers {
namespace {

using files::NamedThing;
using files::Published;
using files::PublishPlan;
using files::UploadPlace;

// What stands under a name may change this often between looking and publishing.
constexpr int kChangesMax = 16;
// Content of a form is read in pieces of this size,
constexpr size_t kFormPieceBytes = 65'536;
// and after so many of them others have their turn.
constexpr int kFormPiecesPerTurn = 16;

bool ConditionsHold(const http::RequestHead& head, const std::optional<NamedThing>& there, WallTime now) {
  const bool is_file = there && there->is_regular;
  return PreconditionsHold(head, there.has_value(), is_file ? std::optional(there->identity) : std::nullopt, now);
}

std::optional<files::FileIdentity> IdentityOf(const std::optional<NamedThing>& there) {
  return there ? std::optional(there->identity) : std::nullopt;
}

std::string UploadPrefix(const config::Location& location) {
  if (!location.upload_path || *location.upload_path == "/") return {};
  return location.upload_path->substr(1) + "/";
}

// Everything that requests may write to counts.
std::optional<files::FolderQuota> QuotaOf(const config::Location& location) {
  if (location.upload.quota == 0) return std::nullopt;
  std::string folder = location.root;
  const bool only_below = !location.methods.Contains(http::Method::kPut) && !UploadPrefix(location).empty();
  if (only_below) folder += *location.upload_path;
  return files::FolderQuota{.folder = std::move(folder), .bytes_max = location.upload.quota};
}

PublishPlan::IfTaken IfTaken(config::UploadConflict conflict) {
  switch (conflict) {
    case config::UploadConflict::kReject:
      return PublishPlan::IfTaken::kFail;
    case config::UploadConflict::kReplace:
      return PublishPlan::IfTaken::kReplace;
    default:
      return PublishPlan::IfTaken::kFindAnother;
  }
}

Response NameTaken() { return ErrorResponse(409, "This name is taken."); }

}  // namespace

// A form on its way to the disk.
struct UploadHandler::Form {
  const Request& request;
  const HandlerContext& context;
  const std::string folder;  // beneath the root, with a slash at the end, or empty
  UploadPlace place;
  http::FormParser parser;
  UploadWriter writer;
  std::vector<StoredUpload> stored;
  bool is_file = false;  // the part that is being read
  bool ended = false;

  [[nodiscard]] uint64_t expected() const {
    const http::RequestHead& head = request.head;
    return head.framing == http::Framing::kLength ? head.content_length : UINT64_MAX;
  }
};

UploadHandler::UploadHandler(const config::Location& location, files::DocumentRoot root, files::ServedNames names)
    : location_(location),
      root_(std::move(root)),
      names_(std::move(names)),
      upload_prefix_(UploadPrefix(location)),
      quota_(QuotaOf(location)) {}

event::Task<Answer> UploadHandler::Handle(const Request& request, RequestBody& body,
                                          const HandlerContext& context) const {
  std::optional<Response> refusal = RefuseByHead(request);
  if (refusal) co_return std::move(*refusal);
  const bool is_form = request.head.method == http::Method::kPost && http::IsForm(request.head.Find("Content-Type"));
  if (is_form) co_return co_await StoreForm(request, body, context);
  co_return co_await StoreContent(request, body, context);
}

std::optional<Response> UploadHandler::RefuseByHead(const Request& request) const {
  const http::RequestHead& head = request.head;
  if (head.method == http::Method::kPost && !location_.upload_path)
    return ErrorResponse(403, "Nothing is stored here: there is no upload_path.");
  // RFC 9110 section 14.5: a part of a file must not be taken for the whole.
  if (head.Find("Content-Range").data() != nullptr)
    return ErrorResponse(400, "Files are stored as a whole: Content-Range is not possible here.");
  const std::string_view coding = head.Find("Content-Encoding");
  if (coding.data() != nullptr && !EqualsIgnoreCase(coding, "identity"))
    return ErrorResponse(415, "Files are stored as they come: send it without Content-Encoding.");
  return std::nullopt;
}

// The path below the location, whose names are given by the target.
std::string UploadHandler::PathOf(const Request& request) const {
  std::string_view below = request.path_below;
  if (below.starts_with('/')) below.remove_prefix(1);
  std::string path = request.head.method == http::Method::kPost ? upload_prefix_ : std::string();
  path += below;
  return path;
}

// Where GET finds what lies at `path` beneath the root.
std::string UploadHandler::AddressOf(std::string_view path) const {
  return http::EncodePath((location_.path == "/" ? "" : location_.path) + "/" + std::string(path));
}

std::optional<Response> UploadHandler::RefuseName(std::string_view path) const {
  for (std::string_view rest = path; !rest.empty();) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    const char* const fault = FaultInName(rest.substr(0, slash));
    if (fault != nullptr) return ErrorResponse(400, fault);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  if (names_.IsScript(path))
    return ErrorResponse(403, "Files with this extension are programs on this site: they can't be uploaded.");
  return std::nullopt;
}

files::UploadTarget UploadHandler::TargetOf(std::string path, const HandlerContext& context) const {
  const MonotonicTime now = context.loop.now();
  const bool sweep = sweeps_.Take(std::string_view(path).substr(0, path.rfind('/') + 1), now);
  return {.root = root_,
          .path = std::move(path),
          .now = now,
          .make_folders = location_.upload.make_folders,
          .sweep = sweep,
          .quota = quota_};
}

PublishPlan UploadHandler::PlanFor(const Request& request, std::string name) const {
  const bool is_put = request.head.method == http::Method::kPut;
  return {.name = std::move(name),
          .if_taken = is_put ? PublishPlan::IfTaken::kReplace : IfTaken(location_.upload.conflict),
          .sync_data = location_.upload.sync != config::UploadSync::kNone,
          .sync_folder = location_.upload.sync == config::UploadSync::kFull,
          .expects = false,
          .expected = std::nullopt,
          .quota = quota_};
}

uint64_t UploadHandler::BytesMax(const UploadPlace& place) const {
  const bool may_go = place.there && place.there->is_regular && quota_;
  return may_go ? place.quota_left + std::min(place.there->identity.size, UINT64_MAX - place.quota_left)
                : place.quota_left;
}

// What is known before any content is.
std::optional<Response> UploadHandler::RefuseByPlace(const Request& request, const UploadPlace& place,
                                                     WallTime now) const {
  const PublishPlan plan = PlanFor(request, place.name);
  if (HasPreconditions(request.head) && !ConditionsHold(request.head, place.there, now)) return ErrorResponse(412);
  const bool replaces = plan.if_taken == PublishPlan::IfTaken::kReplace;
  if (replaces && place.there && !place.there->is_regular)
    return ErrorResponse(409, "Something else than a file has this name.");
  if (plan.if_taken == PublishPlan::IfTaken::kFail && place.there) return NameTaken();
  if (request.head.framing != http::Framing::kLength) return std::nullopt;
  const uint64_t quota = replaces ? BytesMax(place) : place.quota_left;
  const bool fits =
      request.head.content_length <= place.free_bytes && request.head.content_length + room_.under_way <= quota;
  return fits ? std::nullopt : std::optional(ErrorResponse(507));
}

event::Task<Answer> UploadHandler::StoreContent(const Request& request, RequestBody& body,
                                                const HandlerContext& context) const {
  std::string path = PathOf(request);
  const bool is_put = request.head.method == http::Method::kPut;
  if (path.empty() || path.ends_with('/')) {
    co_return is_put ? ErrorResponse(409, "This address is a folder: a file needs a name.")
                     : ErrorResponse(400, "The address must end with the name that the file is to have.");
  }
  std::optional<Response> refusal = RefuseName(path);
  if (refusal) co_return std::move(*refusal);
  auto open = [target = TargetOf(path, context)] { return files::OpenUploadPlace(target); };
  Result<UploadPlace> place = co_await event::Offload(context.loop, context.scope, std::move(open));
  const bool no_folder = !place && place.error().code == ErrorCode::kNotFound;
  if (no_folder) co_return ErrorResponse(is_put ? 409 : 404, "There is no such folder to store the file in.");
  if (!place) co_return Refuse(request, place.error(), context);
  refusal = RefuseByPlace(request, *place, context.loop.wall());
  if (refusal) co_return std::move(*refusal);

  const uint64_t expected = request.head.framing == http::Framing::kChunked ? UINT64_MAX : request.head.content_length;
  UploadWriter writer(context, room_, BytesMax(*place));
  // What fits into one piece is written at once anyway.
  if (request.head.framing == http::Framing::kLength && expected > kUploadPieceBytes) place->file->Expect(expected);
  writer.Start(std::move(place->file), expected);
  writer.GoOnWith(body);
  const Result<void> received = co_await Receive(body, writer);
  if (!received) co_return Refuse(request, received.error(), context);
  PublishPlan plan = PlanFor(request, place->name);
  plan.expects = HasPreconditions(request.head);
  plan.expected = IdentityOf(place->there);
  const uint64_t size = writer.bytes();
  for (int changes = 0; changes < kChangesMax; ++changes) {
    PublishPlan attempt = plan;
    Result<Published> published = co_await writer.Publish(std::move(attempt));
    if (!published) co_return Refuse(request, published.error(), context);
    if (published->outcome == Published::Outcome::kTaken) co_return NameTaken();
    if (published->outcome == Published::Outcome::kOverQuota) co_return ErrorResponse(507);
    if (published->outcome != Published::Outcome::kChanged) {
      path.replace(path.rfind('/') + 1, std::string::npos, published->name);
      context.files.Forget(root_, path);
      const StoredUpload stored{.name = published->name, .path = AddressOf(path), .size = size};
      co_return AnswerStoredFile(request, stored, published->outcome == Published::Outcome::kCreated);
    }
    auto look = [folder = place->folder, name = place->name] { return files::LookAt(folder->get(), name); };
    Result<std::optional<NamedThing>> there = co_await event::Offload(context.loop, context.scope, std::move(look));
    if (!there) co_return Refuse(request, there.error(), context);
    if (!ConditionsHold(request.head, *there, context.loop.wall())) co_return ErrorResponse(412);
    plan.expected = IdentityOf(*there);
  }
  co_return ErrorResponse(409, "The file kept changing while it was to be replaced.");
}

event::Task<Result<void>> UploadHandler::Receive(RequestBody& body, UploadWriter& writer) const {
  while (true) {
    const Result<std::span<const char>> piece = co_await body.NextInto(writer.space());
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return Result<void>();
    const Result<void> added = co_await writer.Add(*piece);
    if (!added) co_return added;
  }
}

event::Task<Answer> UploadHandler::StoreForm(const Request& request, RequestBody& body,
                                             const HandlerContext& context) const {
  const std::optional<std::string> boundary = http::FormBoundary(request.head.Find("Content-Type"));
  if (!boundary) co_return ErrorResponse(400, "The form does not say what separates its parts (boundary).");
  std::string folder = PathOf(request);
  if (!folder.empty() && !folder.ends_with('/')) folder += '/';
  std::optional<Response> refusal = RefuseName(folder);
  if (refusal) co_return std::move(*refusal);
  // Any name leads to the folder.
  auto open = [target = TargetOf(folder + "file", context)] { return files::OpenUploadPlace(target); };
  Result<UploadPlace> place = co_await event::Offload(context.loop, context.scope, std::move(open));
  const bool no_folder = !place && place.error().code == ErrorCode::kNotFound;
  if (no_folder) co_return ErrorResponse(404, "There is no such folder to store files in.");
  if (!place) co_return Refuse(request, place.error(), context);
  const uint64_t quota = place->quota_left;
  const bool known = request.head.framing == http::Framing::kLength;
  const bool full = known && (request.head.content_length > place->free_bytes ||
                              request.head.content_length + room_.under_way > quota);
  if (full) co_return ErrorResponse(507);

  Form form{.request = request,
            .context = context,
            .folder = std::move(folder),
            .place = std::move(*place),
            .parser = http::FormParser(*boundary),
            .writer = UploadWriter(context, room_, quota),
            .stored = {}};
  const auto buffer = std::make_unique_for_overwrite<char[]>(kFormPieceBytes);
  const std::span<char> space(buffer.get(), kFormPieceBytes);
  for (int pieces = 1;; ++pieces) {
    const Result<std::span<const char>> piece = co_await body.NextInto(space);
    if (!piece) co_return Refuse(request, piece.error(), context);
    if (piece->empty()) break;
    const std::string_view bytes(piece->data(), piece->size());
    refusal = co_await TakeFormBytes(form, bytes);
    if (refusal) {
      for (const StoredUpload& stored : form.stored) refusal->detail += "Stored before that: " + stored.path + "\n";
      co_return std::move(*refusal);
    }
    if (pieces % kFormPiecesPerTurn == 0) co_await context.loop.Yield();
  }
  if (!form.ended) co_return ErrorResponse(400, "The form has no end.");
  if (form.stored.empty()) co_return ErrorResponse(400, "The form holds no file.");
  const std::string address = AddressOf(form.folder);
  co_return AnswerStoredForm(request, form.stored, address);
}

event::Task<std::optional<Response>> UploadHandler::TakeFormBytes(Form& form, std::string_view bytes) const {
  using Event = http::FormParser::Event;
  std::optional<Response> refusal;
  while (!refusal) {
    const http::FormParser::Step step = form.parser.Next(bytes);
    bytes.remove_prefix(step.consumed);
    if (step.event == Event::kNeedMore) break;
    if (step.event == Event::kError) co_return ErrorResponse(form.parser.error().status, form.parser.error().reason);
    if (step.event == Event::kEnd) {
      form.ended = true;
      break;
    }
    if (step.event == Event::kPart) refusal = co_await BeginPart(form);
    if (step.event == Event::kPartEnd) refusal = co_await EndPart(form);
    const bool content = step.event == Event::kContent && form.is_file;
    if (!content) continue;
    const std::span<const char> piece(step.content);
    const Result<void> added = co_await form.writer.Add(piece);
    if (!added) refusal = Refuse(form.request, added.error(), form.context);
  }
  co_return refusal;
}

// A part without a file name is a field of the form, and an empty name an input that nobody has used.
event::Task<std::optional<Response>> UploadHandler::BeginPart(Form& form) const {
  const std::string file_name = form.parser.part().file_name.value_or("");
  form.is_file = !file_name.empty();
  if (!form.is_file) co_return std::nullopt;
  const char* const fault = FaultInName(file_name);
  if (fault != nullptr) co_return ErrorResponse(400, fault);
  std::optional<Response> refusal = RefuseName(form.folder + file_name);
  if (refusal) co_return refusal;
  if (form.place.file == nullptr) {
    auto create = [folder = form.place.folder] { return files::UploadFile::Create(folder); };
    Result<std::shared_ptr<files::UploadFile>> file =
        co_await event::Offload(form.context.loop, form.context.scope, std::move(create));
    if (!file) co_return Refuse(form.request, file.error(), form.context);
    form.place.file = std::move(*file);
  }
  form.writer.Start(std::exchange(form.place.file, nullptr), form.expected());
  co_return std::nullopt;
}

event::Task<std::optional<Response>> UploadHandler::EndPart(Form& form) const {
  if (!form.is_file) co_return std::nullopt;
  const uint64_t size = form.writer.bytes();
  PublishPlan plan = PlanFor(form.request, *form.parser.part().file_name);
  Result<Published> published = co_await form.writer.Publish(std::move(plan));
  if (!published) co_return Refuse(form.request, published.error(), form.context);
  if (published->outcome == Published::Outcome::kOverQuota) co_return ErrorResponse(507);
  const bool stored =
      published->outcome == Published::Outcome::kCreated || published->outcome == Published::Outcome::kReplaced;
  if (!stored) co_return NameTaken();
  const std::string path = form.folder + published->name;
  form.context.files.Forget(root_, path);
  form.stored.push_back({.name = published->name, .path = AddressOf(path), .size = size});
  co_return std::nullopt;
}

Response UploadHandler::Refuse(const Request& request, const Error& error, const HandlerContext& context) const {
  if (error.code == ErrorCode::kSystem || error.code == ErrorCode::kForbidden ||
      error.code == ErrorCode::kUnavailable) {
    context.error_log.Report(failure_reports_, log::Level::kWarn,
                             "upload not stored root={} path={} call=\"{}\" errno={}", location_.root, request.path,
                             error.context, error.system_errno);
  }
  return AnswerUploadError(error);
}

}  // namespace brilliant::handlers
