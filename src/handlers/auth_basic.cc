#include "handlers/auth_basic.h"

#include <cstring>
#include <utility>

#include "event/offload.h"
#include "handlers/answers.h"

namespace brilliant::handlers {
namespace {

using files::PasswordFile;
using files::PasswordFilePtr;
using files::PasswordVerdict;
using http::BasicCredentials;

AuthOutcome Refuse(Response response) { return AuthOutcome{.refusal = std::move(response), .user = {}}; }

// RFC 9110 section 15.5.2.
AuthOutcome Challenge(const AuthRealm& realm) {
  Response response = ErrorResponse(401);
  response.fields.Add("WWW-Authenticate", realm.challenge());
  return Refuse(std::move(response));
}

// An operating error; a file that is missing is not the page that was asked for.
AuthOutcome RefuseFor(const Error& error) {
  const bool passes = error.code == ErrorCode::kUnavailable;
  return Refuse(passes ? ResponseForError(error) : ErrorResponse(500));
}

AuthOutcome ComeIn(const BasicCredentials& credentials) {
  return AuthOutcome{.refusal = std::nullopt, .user = std::string(credentials.user)};
}

// Of our own lack of means, or of the client's leaving: says nothing about the file.
bool IsAboutUs(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kCancelled || code == ErrorCode::kClosed ||
         code == ErrorCode::kDeadline;
}

}  // namespace

PasswordGate::PasswordGate(event::EventLoop& loop, log::ErrorLog& error_log)
    : loop_(loop),
      error_log_(error_log),
      refusal_delay_(loop.TimerClassFor(kRefusalDelay)),
      verifications_(loop, kVerificationsMax) {}

event::Task<AuthOutcome> PasswordGate::Admit(const AuthRealm& realm, const http::RequestHead& head,
                                             std::string_view client, event::CancelScope& scope) {
  http::CredentialStorage storage;
  const auto credentials = http::FindBasicCredentials(head, storage);
  if (!credentials) {
    if (credentials.error() != http::CredentialsFault::kSeveral) co_return Challenge(realm);
    co_return Refuse(ErrorResponse(400, "The request has several Authorization fields."));
  }
  Result<PasswordFilePtr> file = co_await CurrentFile(realm, scope);
  if (!file) co_return RefuseFor(file.error());
  if ((*file)->fault() != nullptr) co_return Refuse(ErrorResponse(500));
  if (Remembers(**file, *credentials)) co_return ComeIn(*credentials);

  const Attempt attempt(attempts_, client);
  if (!attempt.admitted()) co_return RefuseFor(Error{.code = ErrorCode::kUnavailable, .context = "attempts"});
  const Result<PasswordVerdict> verdict = co_await Verify(*file, *credentials, scope);
  if (!verdict) co_return RefuseFor(verdict.error());
  if (*verdict == PasswordVerdict::kRight) co_return ComeIn(*credentials);
  if (*verdict == PasswordVerdict::kNotComputed) {
    error_log_.Report(damaged_reports_, log::Level::kError,
                      "a hash in the password file is damaged, its user is refused: write it anew with \"htpasswd -B "
                      "FILE USER\" file={} user={}",
                      realm.file(), credentials->user);
  }
  error_log_.Report(refused_reports_, log::Level::kNotice, "password refused client={} user={} file={}", client,
                    credentials->user, realm.file());
  event::Signal never(loop_, scope);
  event::Timer delay;
  delay.Start(refusal_delay_);
  [[maybe_unused]] const Result<void> slept = co_await never.Wait(&delay);
  co_return Challenge(realm);
}

bool PasswordGate::Remembers(const PasswordFile& file, const BasicCredentials& credentials) const {
  const std::string* hash = file.FindHash(credentials.user);
  return hash != nullptr && memory_.Knows(credentials.pair, *hash, loop_.now());
}

event::Task<Result<PasswordVerdict>> PasswordGate::Verify(PasswordFilePtr file, const BasicCredentials& credentials,
                                                          event::CancelScope& scope) {
  Result<event::SlotPool::Slot> slot = co_await verifications_.Take(scope);
  if (!slot) co_return std::unexpected(slot.error());
  // A browser comes on several connections at once: one hash does for all of them.
  if (Remembers(*file, credentials)) co_return PasswordVerdict::kRight;
  // The job holds the slot: what nobody waits for any more costs as much.
  auto call = [slot = std::move(*slot), file, user = std::string(credentials.user),
               password = std::string(credentials.password)]() mutable -> Result<PasswordVerdict> {
    return files::VerifyPassword(*file, user, std::move(password));
  };
  const Result<PasswordVerdict> verdict = co_await event::Offload(loop_, scope, std::move(call));
  const std::string* hash = file->FindHash(credentials.user);
  const bool right = verdict && *verdict == PasswordVerdict::kRight && hash != nullptr;
  if (right) memory_.Remember(credentials.pair, *hash, loop_.now());
  co_return verdict;
}

event::Task<Result<PasswordFilePtr>> PasswordGate::CurrentFile(const AuthRealm& realm, event::CancelScope& scope) {
  KnownFile& known = files_[realm.file()];
  const MonotonicTime now = loop_.now();
  const bool usable = known.known && now - known.known_at < kPasswordFileKnownMax;
  if (usable && now - known.asked_at < kPasswordFileFreshFor) co_return known.content;
  known.asked_at = now;
  PasswordFilePtr last = known.content ? *known.content : nullptr;
  auto call = [path = realm.file(), last = std::move(last), wall = loop_.wall()] {
    return files::ReadPasswordFile(path, last, wall);
  };
  Result<PasswordFilePtr> read = co_await event::Offload(loop_, scope, std::move(call));
  const bool learned = read || !IsAboutUs(read.error().code);
  if (learned) Learn(known, realm.file(), read);
  co_return read;
}

void PasswordGate::Learn(KnownFile& known, const std::string& path, Result<PasswordFilePtr> read) {
  const bool changed = !known.known || !known.content || !read || *known.content != *read;
  known.content = std::move(read);
  known.known_at = loop_.now();
  known.known = true;
  if (!known.content) {
    const Error& error = known.content.error();
    error_log_.Report(known.reports, log::Level::kError,
                      "password file not read, nobody comes in: the user of the workers must be able to read it "
                      "file={} call={} reason=\"{}\"",
                      path, error.context,
                      error.system_errno != 0 ? std::strerror(error.system_errno) : ErrorCodeName(error.code));
    return;
  }
  const PasswordFile& file = **known.content;
  if (file.fault() != nullptr) {
    error_log_.Report(known.reports, log::Level::kError,
                      "password file not understood, nobody comes in: it has lines user:hash, written by \"htpasswd "
                      "-B FILE USER\" file={} line={} reason=\"{}\"",
                      path, file.fault_line(), file.fault());
  } else if (changed && file.refused_count() > 0) {
    error_log_.Report(known.reports, log::Level::kWarn,
                      "password file has hashes of a kind that lets nobody in: write them anew with \"htpasswd -B "
                      "FILE USER\", or make them with \"mkpasswd -m bcrypt\" file={} entries={} first_line={}",
                      path, file.refused_count(), file.refused_line());
  }
}

}  // namespace brilliant::handlers
