// `auth_basic`: asks for a name and a password (RFC 7617) before anything else is done for a request. Passwords are
// verified off the loop, few at a time, against files that are read again when they have changed; what was right is
// remembered for a while. A wrong one is answered late, so that guessing takes time.
//
// The router makes an AuthRealm for each location that asks; the worker owns the one PasswordGate.
#ifndef BRILLIANT_HANDLERS_AUTH_BASIC_H_
#define BRILLIANT_HANDLERS_AUTH_BASIC_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "event/event_loop.h"
#include "event/slot_pool.h"
#include "event/task.h"
#include "files/password_file.h"
#include "handlers/api.h"
#include "handlers/attempts.h"
#include "handlers/password_memory.h"
#include "http/credentials.h"
#include "http/request.h"
#include "log/error_log.h"

namespace brilliant::handlers {

// Hashes computed at the same time: half of the offload pool's threads, the others are for files.
inline constexpr size_t kVerificationsMax = 2;
// The answer to a wrong password waits so long. Meanwhile the attempt counts (attempts.h).
inline constexpr Milliseconds kRefusalDelay{1'000};
// What is known of a password file is used without asking for it again for this long.
inline constexpr Milliseconds kPasswordFileFreshFor{1'000};
// While one request asks, the others go on with what is known, if it is not older than this.
inline constexpr Milliseconds kPasswordFileKnownMax{10'000};

// What one location asks for. Immutable.
class AuthRealm {
 public:
  // `settings` outlives it.
  explicit AuthRealm(const config::AuthBasic& settings)
      : settings_(settings), challenge_(http::BasicChallenge(settings.realm)) {}

  [[nodiscard]] bool Guards(http::Method method) const {
    return settings_.methods.empty() || settings_.methods.Contains(method);
  }
  [[nodiscard]] const std::string& file() const { return settings_.file; }
  // The value of WWW-Authenticate.
  [[nodiscard]] const std::string& challenge() const { return challenge_; }

 private:
  const config::AuthBasic& settings_;
  const std::string challenge_;
};

struct AuthOutcome {
  std::optional<Response> refusal;  // nothing: come in
  std::string user;                 // who has come in
};

class PasswordGate {
 public:
  // Both outlive it.
  PasswordGate(event::EventLoop& loop, log::ErrorLog& error_log);
  PasswordGate(const PasswordGate&) = delete;
  PasswordGate& operator=(const PasswordGate&) = delete;

  // The refusal is 401 with a challenge for credentials that are missing, malformed or wrong (for these after
  // kRefusalDelay), 400 for several Authorization fields, 503 if there are too many attempts, 500 if the password file
  // can't be used. `client`: its address as text. `realm` lives as long as the gate is used.
  [[nodiscard]] event::Task<AuthOutcome> Admit(const AuthRealm& realm, const http::RequestHead& head,
                                               std::string_view client, event::CancelScope& scope);

 private:
  // What is known of one file.
  struct KnownFile {
    Result<files::PasswordFilePtr> content;  // null before it was read
    MonotonicTime asked_at{};
    MonotonicTime known_at{};
    bool known = false;
    log::RateLimit reports;
  };

  [[nodiscard]] event::Task<Result<files::PasswordFilePtr>> CurrentFile(const AuthRealm& realm,
                                                                        event::CancelScope& scope);
  [[nodiscard]] event::Task<Result<files::PasswordVerdict>> Verify(files::PasswordFilePtr file,
                                                                   const http::BasicCredentials& credentials,
                                                                   event::CancelScope& scope);
  [[nodiscard]] bool Remembers(const files::PasswordFile& file, const http::BasicCredentials& credentials) const;
  void Learn(KnownFile& known, const std::string& path, Result<files::PasswordFilePtr> read);

  event::EventLoop& loop_;
  log::ErrorLog& error_log_;
  event::TimerClass& refusal_delay_;
  event::SlotPool verifications_;
  Attempts attempts_;
  PasswordMemory memory_;
  std::map<std::string, KnownFile> files_;  // by path; as many as the configuration names
  log::RateLimit refused_reports_;
  log::RateLimit damaged_reports_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_AUTH_BASIC_H_
