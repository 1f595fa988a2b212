#include "process/script_rules.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/unique_fd.h"

namespace brilliant::process {
namespace {

using cgi::StartFault;

constexpr std::array<std::string_view, 24> kVariables = {
    "AUTH_TYPE",       "CONTENT_LENGTH",  "CONTENT_TYPE",    "GATEWAY_INTERFACE", "PATH_INFO",
    "PATH_TRANSLATED", "QUERY_STRING",    "REMOTE_ADDR",     "REMOTE_HOST",       "REMOTE_IDENT",
    "REMOTE_USER",     "REQUEST_METHOD",  "SCRIPT_NAME",     "SERVER_NAME",       "SERVER_PORT",
    "SERVER_PROTOCOL", "SERVER_SOFTWARE", "SCRIPT_FILENAME", "DOCUMENT_ROOT",     "REQUEST_URI",
    "REQUEST_SCHEME",  "HTTPS",           "REMOTE_PORT",     "REDIRECT_STATUS"};

// What most configurations add to a program's variables.
constexpr size_t kOwnEnvironmentBytes = 256;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

bool IsBelow(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/';
}

StartFault FaultOfOpen(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge:
      return StartFault::kNotFound;
    case ErrorCode::kForbidden:
      return error.system_errno == EACCES || error.system_errno == EPERM ? StartFault::kNotReadable
                                                                         : StartFault::kOutsideRoot;
    default:
      return cgi::FaultOfShortage(error.system_errno);
  }
}

// Both: "NAME=value\0" for each variable; DecodeOrder has seen to the last NUL.
void AppendRequestVariables(std::string_view encoded, std::string& environment) {
  while (!encoded.empty()) {
    const std::string_view variable = encoded.substr(0, std::min(encoded.find('\0'), encoded.size() - 1) + 1);
    const size_t equals = variable.find('=');
    if (equals != std::string_view::npos && IsRequestVariable(variable.substr(0, equals))) environment += variable;
    encoded.remove_prefix(variable.size());
  }
}

// The first bytes of a script, and whether they could be read.
struct ScriptHead {
  std::string bytes;
  bool readable = false;
};

ScriptHead ReadHead(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  ScriptHead head;
  if (!file.valid()) return head;
  head.bytes.resize(cgi::kScriptHeadBytes);
  const ssize_t count = read(file.get(), head.bytes.data(), head.bytes.size());
  head.readable = count >= 0;
  head.bytes.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return head;
}

}  // namespace

bool IsRequestVariable(std::string_view name) {
  return name.starts_with("HTTP_") || std::ranges::find(kVariables, name) != kVariables.end();
}

ScriptRules::ScriptRules(const config::Config& config, bool may_be_root)
    : upload_folders_(config::UploadFolders(config)), refuses_all_(geteuid() == 0 && !may_be_root) {
  for (const config::Location* location : config::CgiRules(config)) {
    rules_.push_back(Rule{.location = location, .root = files::DocumentRoot(location->root, location->symlink_roots)});
  }
  for (std::string& folder : upload_folders_) {
    char* real = realpath(folder.c_str(), nullptr);
    if (real == nullptr) continue;
    folder = real;
    free(real);
  }
}

bool ScriptRules::NeedsProcessLimit() const {
  return std::ranges::any_of(rules_, [](const Rule& rule) { return rule.location->cgi->script_processes_max != 0; });
}

bool ScriptRules::NeedsMemoryLimit() const {
  return std::ranges::any_of(rules_, [](const Rule& rule) { return rule.location->cgi->script_memory_max != 0; });
}

std::expected<void, StartFault> ScriptRules::CheckScript(const Rule& rule, const std::string& path) const {
  if (!path.ends_with(rule.location->cgi->extension)) return std::unexpected(StartFault::kBadOrder);
  const bool hides = rule.location->cgi->every_file && !rule.location->dotfiles;
  if (hides && (path.starts_with('.') || path.find("/.") != std::string::npos)) {
    return std::unexpected(StartFault::kNotFound);
  }
  const Result<files::OpenFile> file = rule.root.Open(path, SystemTimeSource().Monotonic());
  if (!file) return std::unexpected(FaultOfOpen(file.error()));
  if (!file->is_regular) return std::unexpected(StartFault::kNotRegular);
  const std::string real = files::RealPath(file->fd.get());
  for (const std::string& folder : upload_folders_) {
    if (IsBelow(real, folder)) return std::unexpected(StartFault::kUploadFolder);
  }
  return {};
}

std::expected<ScriptStart, StartFault> ScriptRules::Prepare(const cgi::SpawnOrder& order) const {
  if (order.rule >= rules_.size()) return std::unexpected(StartFault::kBadOrder);
  if (refuses_all_) return std::unexpected(StartFault::kRoot);
  const Rule& rule = rules_[order.rule];
  const config::CgiSettings& settings = *rule.location->cgi;
  ScriptStart start;
  if (settings.program.empty()) {
    if (const auto checked = CheckScript(rule, order.script); !checked) return std::unexpected(checked.error());
    start.script = rule.location->root + "/" + order.script;
  } else {
    if (!order.script.empty()) return std::unexpected(StartFault::kBadOrder);
    start.script = settings.program;
  }
  start.folder = FolderOf(start.script);
  start.has_interpreter = !settings.interpreter.empty();
  start.program = start.has_interpreter ? settings.interpreter : start.script;
  if (start.has_interpreter) start.arguments.push_back(settings.interpreter);
  start.arguments.push_back(start.script);
  start.arguments.insert(start.arguments.end(), order.arguments.begin(), order.arguments.end());
  start.limits = {.memory_bytes = settings.memory_max,
                  .processor_seconds = settings.processor_seconds_max,
                  .processes = settings.user_processes_max};
  start.cgroup_limits = {.processes = settings.script_processes_max, .memory_bytes = settings.script_memory_max};
  start.environment.reserve(order.environment.size() + kOwnEnvironmentBytes);
  bool has_path = false;
  for (const auto& [name, value] : settings.environment) {
    has_path = has_path || name == "PATH";
    start.environment += name + "=" + value + '\0';
  }
  if (!has_path) start.environment += "PATH=" + std::string(kScriptPath) + '\0';
  AppendRequestVariables(order.environment, start.environment);
  return start;
}

StartFault ScriptRules::Diagnose(const ScriptStart& start, const Error& error) {
  const std::string_view step = error.context;
  if (step == "chdir") return error.system_errno == ENOENT ? StartFault::kNotFound : StartFault::kFolder;
  if (step != "exec") return cgi::FaultOfShortage(error.system_errno);
  const ScriptHead head = ReadHead(start.script);
  struct stat status{};
  const bool exists = stat(start.script.c_str(), &status) == 0;
  if (!exists && errno == ENOENT) return StartFault::kNotFound;
  const std::string interpreter(start.has_interpreter ? std::string_view(start.program)
                                                      : cgi::ShebangInterpreter(head.bytes));
  struct stat interpreter_status{};
  return cgi::DiagnoseExec(
      {.system_errno = error.system_errno,
       .head = head.bytes,
       .readable = head.readable,
       .executable = exists && (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0,
       .has_interpreter = start.has_interpreter,
       .interpreter_exists = !interpreter.empty() && stat(interpreter.c_str(), &interpreter_status) == 0});
}

}  // namespace brilliant::process
