// The functions behind the rows of the table: each takes the words of one directive, whose number is right already,
// into the Config that the Builder makes, or reports what is wrong with them. Those for plain numbers stand with the
// table.
#ifndef BRILLIANT_CONFIG_APPLY_H_
#define BRILLIANT_CONFIG_APPLY_H_

#include <initializer_list>
#include <span>
#include <string_view>

#include "config/builder.h"

namespace brilliant::config {

// At the top level: apply_top.cc.
void ApplyWorkers(Builder& builder, const Directive& directive);
void ApplyUser(Builder& builder, const Directive& directive);
void ApplyPidFile(Builder& builder, const Directive& directive);
void ApplyErrorLog(Builder& builder, const Directive& directive);
void ApplyAccessLog(Builder& builder, const Directive& directive);
void ApplyInclude(Builder& builder, const Directive& directive);
void ApplyTypes(Builder& builder, const Directive& directive);
void ApplyTrustedProxy(Builder& builder, const Directive& directive);
void ApplyForwardedField(Builder& builder, const Directive& directive);
void ApplyDefaultType(Builder& builder, const Directive& directive);

// The server block and what stands in it: apply_server.cc.
void ApplyServer(Builder& builder, const Directive& directive);
void ApplyListen(Builder& builder, const Directive& directive);
void ApplyServerName(Builder& builder, const Directive& directive);
void ApplyHostCheck(Builder& builder, const Directive& directive);
void ApplyErrorPage(Builder& builder, const Directive& directive);
void ApplyCharset(Builder& builder, const Directive& directive);  // of a location too
void ApplyLocation(Builder& builder, const Directive& directive);
void ApplyCgiExtension(Builder& builder, const Directive& directive);

// The methods that a directive may name.
struct MethodRule {
  std::initializer_list<http::Method> allowed;
  std::string_view names;  // the same, for messages
};
struct MethodWords {
  http::MethodSet methods;
  bool known = true;  // false: a word was none of those allowed
};
// Reads `words`, and reports what is wrong with them. In apply_location.cc, like the next.
[[nodiscard]] MethodWords ReadMethods(Builder& builder, std::span<const Word> words, const MethodRule& rule);
// Warns if `word` seems to hold a variable of nginx.
void WarnAboutVariable(Builder& builder, const Word& word, std::string_view hint);

// Who may come in and what answers say, in server and location blocks: apply_access.cc.
void ApplyAuthBasic(Builder& builder, const Directive& directive);
void ApplyAddHeader(Builder& builder, const Directive& directive);
void ApplyCacheControl(Builder& builder, const Directive& directive);
void ApplyAllowedOrigins(Builder& builder, const Directive& directive);
// What a server says of them, for a location that says nothing.
void InheritAccess(const ServerScope& scope, Location& location, LocationNotes& notes);

// What stands in location and cgi blocks: apply_location.cc.
void ApplyRoot(Builder& builder, const Directive& directive);
void ApplyIndex(Builder& builder, const Directive& directive);
void ApplyAutoindex(Builder& builder, const Directive& directive);
void ApplyArchive(Builder& builder, const Directive& directive);
void ApplyArchiveMax(Builder& builder, const Directive& directive);
void ApplyDotfiles(Builder& builder, const Directive& directive);
void ApplyMaxRanges(Builder& builder, const Directive& directive);
void ApplyPrecompressed(Builder& builder, const Directive& directive);
void ApplyMethods(Builder& builder, const Directive& directive);
void ApplyBodyMax(Builder& builder, const Directive& directive);
void ApplyDeleteFolders(Builder& builder, const Directive& directive);
void ApplyTrash(Builder& builder, const Directive& directive);
void ApplyTrashAge(Builder& builder, const Directive& directive);
void ApplyFallback(Builder& builder, const Directive& directive);
void ApplyUploadPath(Builder& builder, const Directive& directive);
void ApplyUploadConflict(Builder& builder, const Directive& directive);
void ApplyUploadSync(Builder& builder, const Directive& directive);
void ApplyUploadMkdir(Builder& builder, const Directive& directive);
void ApplyUploadQuota(Builder& builder, const Directive& directive);
void ApplyCgiUploadPath(Builder& builder, const Directive& directive);
void ApplyRedirect(Builder& builder, const Directive& directive);
void ApplySymlinkRoots(Builder& builder, const Directive& directive);
void ApplyCgiProgram(Builder& builder, const Directive& directive);
void ApplyCgiEnvironment(Builder& builder, const Directive& directive);
void ApplyInterpreter(Builder& builder, const Directive& directive);
void ApplyTimeout(Builder& builder, const Directive& directive);
void ApplyTotalTimeout(Builder& builder, const Directive& directive);
void ApplySendfileRoots(Builder& builder, const Directive& directive);
void ApplyHalfClose(Builder& builder, const Directive& directive);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_APPLY_H_
