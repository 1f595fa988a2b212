#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "config/apply.h"
#include "config/limits.h"
#include "config/paths.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

using http::Method;

LocationScope BeginBlock(Builder& builder, const Directive& directive) {
  LocationScope scope;
  scope.notes.name = scope.notes.path = directive.name.span;
  if (!directive.words.empty()) scope.notes.path = directive.words[0].span;
  scope.location.position = builder.reporter.PositionOf(directive.name.span);
  scope.location.root_position = scope.location.position;
  return scope;
}

// What was written wrongly, or under a mistyped name, is not known: checks that build on it would only add to the
// noise.
void NoteUnknowns(const Directive& block, Place place, LocationScope& scope) {
  for (const Directive& child : block.children) {
    const bool unknown = FindDirective(child.name.text, place) == nullptr;
    if (unknown || (child.name.text == "root" && !scope.location.root_given)) scope.notes.root_known = false;
    if (unknown || (child.name.text == "methods" && child.broken)) scope.notes.methods_known = false;
  }
}

// A root that is the whole machine would hand out every file on it.
void CheckRoot(Builder& builder, const LocationScope& scope) {
  const bool given = scope.location.root_given;
  const bool needed =
      scope.runs_program ? !scope.cgi.extension.empty() || scope.cgi.every_file : !scope.location.redirect;
  if (scope.location.root != "/" || !scope.notes.root_known || !(given || needed)) return;
  builder.reporter.Error(given ? scope.notes.root : scope.notes.path, "the root is \"/\": the whole machine",
                         "name the folder to serve with root");
}

void WarnWithoutProgram(Builder& builder, const LocationScope& scope) {
  for (const Word& word : scope.cgi_words) {
    builder.reporter.Warning(word.span,
                             fmt::format("{} has no effect here: this location runs no program", Quoted(word.text)),
                             "add \"cgi PROGRAM\", or remove it");
  }
}

void WarnAboutEncoding(Builder& builder, const Word& word) {
  const size_t percent = word.text.find('%');
  if (percent == std::string::npos || percent + 2 >= word.text.size()) return;
  if (HexValue(word.text[percent + 1]) < 0 || HexValue(word.text[percent + 2]) < 0) return;
  builder.reporter.Warning(
      word.span,
      fmt::format("a location is written decoded: {} stands for itself here", Quoted(word.text.substr(percent, 3))),
      "write the character itself, with quotes around the path if it is a blank");
}

// The block's path or extension; broken blocks are read for their mistakes only.
bool AddLocation(Builder& builder, const Directive& directive, LocationScope& scope) {
  if (directive.broken || directive.words.size() != 1) return false;
  const Word& word = directive.words[0];
  auto path = builder.Value(word, ParseLocationPath(word.text));
  if (!path) return false;
  scope.location.path = std::move(*path);
  WarnAboutEncoding(builder, word);
  const auto [first, is_first] = builder.server->paths.emplace(scope.location.path, word.span);
  if (!is_first) {
    builder.Fail(word,
                 {fmt::format("location {} stands twice in this server", Printable(first->first)),
                  fmt::format("the first is on {}: merge the two", builder.reporter.Where(first->second, word.span))});
    return false;
  }
  return true;
}

bool AddExtension(Builder& builder, const Directive& directive, LocationScope& scope) {
  if (directive.broken || directive.words.size() != 1) return false;
  const Word& word = directive.words[0];
  auto extension = builder.Value(word, ParseScriptExtension(word.text));
  if (!extension) return false;
  scope.cgi.extension = std::move(*extension);
  const auto [first, is_first] = builder.server->extensions.emplace(scope.cgi.extension, word.span);
  if (!is_first) {
    builder.Fail(word,
                 {fmt::format("cgi {} stands twice in this server", Printable(first->first)),
                  fmt::format("the first is on {}: merge the two", builder.reporter.Where(first->second, word.span))});
  }
  return is_first;
}

Method MethodOfWord(std::string_view text) { return http::MethodFromName(text); }

ValueError MethodError(std::string_view text, const MethodRule& rule) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  const Method method = MethodOfWord(upper);
  const bool allowed = std::find(rule.allowed.begin(), rule.allowed.end(), method) != rule.allowed.end();
  if (upper != text && allowed)
    return {fmt::format("methods are written in capitals: {}", Quoted(text)), "write " + upper};
  if (method == Method::kHead) return {"HEAD needs no mention here: it comes with GET", "remove it"};
  if (method == Method::kOptions) return {"OPTIONS needs no mention here: it is always answered", "remove it"};
  if (method == Method::kUnknown)
    return {fmt::format("unknown method {}", Quoted(text)), fmt::format("one of {}", rule.names)};
  return {fmt::format("{} can't be allowed here", upper), fmt::format("one of {}", rule.names)};
}

bool LooksLikeHost(std::string_view target) {
  if (target.starts_with('/') || target.starts_with('#') || target.starts_with('?') || target.starts_with('.'))
    return false;
  const std::string_view first = target.substr(0, target.find('/'));
  if (first.find(':') != std::string_view::npos && target.find(":/") != std::string_view::npos) return false;
  return first.find('.') != std::string_view::npos || first.find(':') != std::string_view::npos;
}

void WarnAboutTarget(Builder& builder, const Word& word) {
  const std::string_view target = word.text;
  const bool mail = target.starts_with("mailto:");
  if (LooksLikeHost(target) && !mail) {
    builder.reporter.Warning(word.span, fmt::format("{} is a path relative to the page, not a host", Quoted(target)),
                             fmt::format("write \"https://{}\"", Printable(target)));
  }
  WarnAboutVariable(builder, word, "write the address out");
}

void NoteDeletion(Builder& builder, const Directive& directive) {
  Span& first = builder.location->notes.deletion;
  if (first.line == 0) first = directive.name.span;
}

}  // namespace

void WarnAboutVariable(Builder& builder, const Word& word, std::string_view hint) {
  const size_t dollar = word.text.find('$');
  if (dollar == std::string::npos || dollar + 1 >= word.text.size() || !IsAlpha(word.text[dollar + 1])) return;
  builder.reporter.Warning(word.span, "variables of a request are not replaced here: the \"$\" is sent as it stands",
                           std::string(hint));
}

MethodWords ReadMethods(Builder& builder, std::span<const Word> words, const MethodRule& rule) {
  MethodWords read;
  for (const Word& word : words) {
    const Method method = MethodOfWord(word.text);
    if (std::find(rule.allowed.begin(), rule.allowed.end(), method) == rule.allowed.end()) {
      builder.Fail(word, MethodError(word.text, rule));
      read.known = false;
    } else if (read.methods.Contains(method)) {
      builder.Fail(word, {fmt::format("{} stands twice", word.text), "remove one"});
    } else {
      read.methods.Add(method);
    }
  }
  return read;
}

void ApplyLocation(Builder& builder, const Directive& directive) {
  LocationScope scope = BeginBlock(builder, directive);
  const bool add = AddLocation(builder, directive, scope);
  scope.runs_program = std::any_of(directive.children.begin(), directive.children.end(),
                                   [](const Directive& child) { return child.name.text == "cgi" && !child.has_block; });
  builder.location = &scope;
  builder.ApplyAll(directive.children, Place::kLocation);
  builder.location = nullptr;
  NoteUnknowns(directive, Place::kLocation, scope);

  Location& location = scope.location;
  if (!location.root_given) location.root = JoinPath(builder.DefaultRoot(), add ? location.path : "/");
  if (!scope.runs_program) WarnWithoutProgram(builder, scope);
  if (!add) return;
  CheckRoot(builder, scope);
  if (!scope.cgi.program.empty() || scope.cgi.every_file) location.cgi = std::move(scope.cgi);
  builder.server->server.locations.push_back(std::move(location));
  builder.server->notes.locations.push_back(std::move(scope.notes));
}

void ApplyCgiExtension(Builder& builder, const Directive& directive) {
  LocationScope scope = BeginBlock(builder, directive);
  scope.runs_program = true;
  const bool add = AddExtension(builder, directive, scope);
  builder.location = &scope;
  builder.ApplyAll(directive.children, Place::kCgi);
  builder.location = nullptr;
  NoteUnknowns(directive, Place::kCgi, scope);

  Location& location = scope.location;
  if (!location.root_given) location.root = builder.DefaultRoot();
  if (!add) return;
  CheckRoot(builder, scope);
  location.cgi = std::move(scope.cgi);
  builder.server->server.cgi_extensions.push_back(std::move(location));
  builder.server->notes.cgi_extensions.push_back(std::move(scope.notes));
}

void ApplyRoot(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  LocationScope& scope = *builder.location;
  scope.notes.root = word.span;
  scope.location.root_position = builder.reporter.PositionOf(word.span);
  auto path = builder.Path(word);
  if (!path) return;
  scope.location.root = std::move(*path);
  scope.location.root_given = true;
}

void ApplyIndex(Builder& builder, const Directive& directive) {
  std::vector<std::string> names;
  for (const Word& word : directive.words) {
    const std::string& name = word.text;
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
      builder.Fail(word, {fmt::format("{} is not the name of a file in the folder", Quoted(name)),
                          "for example: index index.html"});
    } else if (std::find(names.begin(), names.end(), name) != names.end()) {
      builder.Fail(word, {fmt::format("{} stands twice", Quoted(name)), "remove one"});
    } else {
      names.push_back(name);
    }
  }
  builder.location->location.index = std::move(names);
}

void ApplyAutoindex(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto value = builder.Value(word, ParseSwitch(word.text))) builder.location->location.autoindex = *value;
}

void ApplyArchive(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto value = builder.Value(word, ParseSwitch(word.text))) builder.location->location.archive = *value;
}

void ApplyArchiveMax(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto size = builder.Value(word, ParseSize(word.text))) {
    builder.location->location.archive_bytes_max = *size;
  }
}

void ApplyDotfiles(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto value = builder.Value(word, ParseSwitch(word.text))) builder.location->location.dotfiles = *value;
}

void ApplyMaxRanges(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto count = builder.Value(word, ParseCount(word.text, 0, kRangesMaxMost))) {
    builder.location->location.ranges_max = *count;
  }
}

void ApplyPrecompressed(Builder& builder, const Directive& directive) {
  if (directive.words.size() == 1 && directive.words[0].text == "off") return;
  std::vector<http::ContentCoding> codings;
  for (const Word& word : directive.words) {
    const auto coding = builder.Value(word, ParseFileCoding(word.text));
    if (!coding) continue;
    if (std::find(codings.begin(), codings.end(), *coding) != codings.end()) {
      builder.Fail(word, {fmt::format("{} stands twice", Quoted(word.text)), "remove one"});
    } else {
      codings.push_back(*coding);
    }
  }
  builder.location->location.precompressed = std::move(codings);
}

void ApplyMethods(Builder& builder, const Directive& directive) {
  static constexpr MethodRule kFiles{{Method::kGet, Method::kPost, Method::kPut, Method::kDelete},
                                     "GET, POST, PUT, DELETE"};
  static constexpr MethodRule kPrograms{
      {Method::kGet, Method::kHead, Method::kPost, Method::kPut, Method::kDelete, Method::kOptions, Method::kPatch},
      "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"};
  LocationScope& scope = *builder.location;
  const MethodRule& rule = scope.runs_program ? kPrograms : kFiles;
  scope.notes.methods = directive.name.span;
  const MethodWords read = ReadMethods(builder, directive.words, rule);
  if (!read.known) scope.notes.methods_known = false;
  scope.location.methods = read.methods;
}

void ApplyBodyMax(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (const auto size = builder.Value(word, ParseBodyMax(word.text))) builder.location->location.body_max = *size;
}

void ApplyUploadPath(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  builder.location->notes.upload = directive.name.span;
  if (auto path = builder.Value(word, ResolvePath(word.text, "/", ""))) {
    builder.location->location.upload_path = std::move(*path);
  }
}

namespace {

// Of "rename", "reject" and the like, in the order of the enumeration.
template <typename Choice, size_t kCount>
void ApplyUploadChoice(Builder& builder, const Directive& directive, const std::array<std::string_view, kCount>& words,
                       Choice& choice) {
  const Word& word = directive.words[0];
  builder.location->notes.upload_settings = directive.name.span;
  for (size_t i = 0; i < words.size(); ++i) {
    if (word.text != words[i]) continue;
    choice = static_cast<Choice>(i);
    return;
  }
  builder.Fail(word, {fmt::format("{} is none of what can be chosen", Quoted(word.text)),
                      fmt::format("one of {}", fmt::join(words, ", "))});
}

}  // namespace

void ApplyUploadConflict(Builder& builder, const Directive& directive) {
  static constexpr std::array<std::string_view, 3> kWords = {"rename", "reject", "replace"};
  ApplyUploadChoice(builder, directive, kWords, builder.location->location.upload.conflict);
}

void ApplyUploadSync(Builder& builder, const Directive& directive) {
  static constexpr std::array<std::string_view, 3> kWords = {"none", "data", "full"};
  ApplyUploadChoice(builder, directive, kWords, builder.location->location.upload.sync);
}

void ApplyUploadMkdir(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  builder.location->notes.upload_settings = directive.name.span;
  if (const auto value = builder.Value(word, ParseSwitch(word.text)))
    builder.location->location.upload.make_folders = *value;
}

void ApplyUploadQuota(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  builder.location->notes.upload_settings = directive.name.span;
  if (word.text == "off") return;
  const auto size = builder.Value(word, ParseSize(word.text));
  if (!size) return;
  if (*size == 0) return builder.Fail(word, {"nothing would fit in 0 bytes", "write \"off\" for no quota"});
  builder.location->location.upload.quota = *size;
}

void ApplyDeleteFolders(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  NoteDeletion(builder, directive);
  const bool empty = word.text == "empty";
  if (!empty && word.text != "off") {
    return builder.Fail(word, {fmt::format("{} is neither \"off\" nor \"empty\"", Quoted(word.text)),
                               "folders with something in them are never deleted"});
  }
  builder.location->location.deletion.empty_folders = empty;
}

void ApplyTrash(Builder& builder, const Directive& directive) {
  NoteDeletion(builder, directive);
  builder.location->notes.trash = directive.words[0].span;
  builder.location->location.deletion.trash_position = builder.reporter.PositionOf(directive.words[0].span);
  if (auto path = builder.Path(directive.words[0])) builder.location->location.deletion.trash = std::move(*path);
}

void ApplyTrashAge(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  NoteDeletion(builder, directive);
  if (const auto age = builder.Value(word, ParseTime(word.text, Milliseconds(1'000)))) {
    builder.location->location.deletion.trash_age = *age;
  }
}

void ApplyFallback(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  builder.location->notes.fallback = directive.name.span;
  if (word.text.ends_with('/'))
    return builder.Fail(word, {"a fallback is a file, not a folder", "for example: fallback index.html"});
  if (auto path = builder.Value(word, ResolvePath(word.text, "/", ""))) {
    builder.location->location.fallback = std::move(*path);
  }
}

void ApplyCgiUploadPath(Builder& builder, const Directive& directive) {
  builder.reporter.Warning(directive.name.span, "\"upload_path\" has no effect in a cgi block",
                           "the script gets what is posted; remove it");
}

void ApplyRedirect(Builder& builder, const Directive& directive) {
  static constexpr std::array<std::string_view, 5> kCodes = {"301", "302", "303", "307", "308"};
  LocationScope& scope = *builder.location;
  scope.notes.redirect = directive.name.span;
  const Word& first = directive.words[0];
  const Word& target = directive.words.back();
  const bool number = !first.text.empty() && std::all_of(first.text.begin(), first.text.end(), IsDigit);
  Redirect redirect;
  if (directive.words.size() == 2) {
    if (std::find(kCodes.begin(), kCodes.end(), first.text) == kCodes.end()) {
      return builder.Fail(first, {fmt::format("{} is not a code for a redirect", Quoted(first.text)),
                                  "one of 301, 302, 303, 307, 308"});
    }
    redirect.code = static_cast<int>(*ParseDecimal(first.text));
  } else if (number) {
    return builder.Fail(
        first, {"the address to redirect to is missing", fmt::format("for example: redirect_to {} /new", first.text)});
  }
  auto text = builder.Value(target, ParseRedirectTarget(target.text));
  if (!text) return;
  WarnAboutTarget(builder, target);
  redirect.target = std::move(*text);
  scope.location.redirect = std::move(redirect);
}

void ApplySymlinkRoots(Builder& builder, const Directive& directive) {
  for (const Word& word : directive.words) {
    auto path = builder.Path(word);
    if (!path) continue;
    if (*path == "/") {
      builder.reporter.Warning(word.span, "with \"/\" a symbolic link may lead to any file of the machine",
                               "name the folders that links lead to");
    }
    builder.location->location.symlink_roots.push_back(std::move(*path));
  }
}

void ApplySendfileRoots(Builder& builder, const Directive& directive) {
  builder.location->cgi_words.push_back(directive.name);
  for (const Word& word : directive.words) {
    auto path = builder.Path(word);
    if (!path) continue;
    if (*path == "/") {
      builder.Fail(word, {"with \"/\" a program could have any file of the machine sent",
                          "name the folders whose files programs send"});
      continue;
    }
    builder.location->cgi.sendfile_roots.push_back(std::move(*path));
  }
}

void ApplyCgiProgram(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  LocationScope& scope = *builder.location;
  scope.notes.program = word.span;
  scope.cgi.every_file = word.text == "*";
  if (scope.cgi.every_file) return;
  if (word.text.starts_with('.') && word.text.find('/') == std::string::npos) {
    return builder.Fail(
        word, {"in a location, cgi takes the path of a program",
               fmt::format("for file extensions write \"cgi {} {{ }}\" in the server block", Printable(word.text))});
  }
  if (word.text.ends_with('/')) return builder.Fail(word, {"a program is a file, not a folder", "name the file in it"});
  if (auto path = builder.Program(word)) scope.cgi.program = std::move(*path);
}

void ApplyCgiEnvironment(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  LocationScope& scope = *builder.location;
  scope.cgi_words.push_back(directive.name);
  auto name = builder.Value(word, ParseEnvironmentName(word.text));
  if (!name) return;
  auto& environment = scope.cgi.environment;
  const auto same = [&](const auto& entry) { return entry.first == *name; };
  if (std::any_of(environment.begin(), environment.end(), same)) {
    return builder.Fail(word, {fmt::format("the variable {} is set twice", *name), "remove one"});
  }
  if (environment.size() >= kCgiVariablesMax) {
    return builder.Fail(word, {fmt::format("more than {} variables", kCgiVariablesMax), ""});
  }
  environment.emplace_back(std::move(*name), directive.words[1].text);
}

void ApplyInterpreter(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  LocationScope& scope = *builder.location;
  scope.cgi_words.push_back(directive.name);
  scope.notes.interpreter = word.span;
  if (!word.text.empty() && word.text.find('/') == std::string::npos) {
    return builder.Fail(word, {"programs are not searched for: the whole path is needed",
                               fmt::format("for example \"/usr/bin/{}\"", Printable(word.text))});
  }
  if (auto path = builder.Program(word)) scope.cgi.interpreter = std::move(*path);
}

namespace {

void ApplyProgramTime(Builder& builder, const Directive& directive, Milliseconds& time) {
  const Word& word = directive.words[0];
  builder.location->cgi_words.push_back(directive.name);
  if (const auto parsed = builder.Value(word, ParseTime(word.text, Milliseconds(1)))) time = *parsed;
}

}  // namespace

void ApplyTimeout(Builder& builder, const Directive& directive) {
  ApplyProgramTime(builder, directive, builder.location->cgi.timeout);
}

void ApplyTotalTimeout(Builder& builder, const Directive& directive) {
  ApplyProgramTime(builder, directive, builder.location->cgi.total_timeout);
}

void ApplyHalfClose(Builder& builder, const Directive& directive) {
  ApplyProgramTime(builder, directive, builder.location->cgi.half_close);
}

}  // namespace brilliant::config
