// What may be run, and how: the CGI rules of the configuration as the spawner's processes see them. A worker only names
// a rule, a path beneath its root and variables of the request; program, interpreter, folder, limits and everything
// else in the environment come from here, so that a worker that somebody else has taken over can't run what it likes.
#ifndef BRILLIANT_PROCESS_SCRIPT_RULES_H_
#define BRILLIANT_PROCESS_SCRIPT_RULES_H_

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "cgi/spawn_protocol.h"
#include "cgi/start_fault.h"
#include "config/config.h"
#include "files/document_root.h"
#include "process/script_start.h"

namespace brilliant::process {

// Where programs are looked for by scripts, unless `cgi_env PATH` says otherwise.
inline constexpr std::string_view kScriptPath = "/usr/local/bin:/usr/bin:/bin";

class ScriptRules {
 public:
  // For the user that this process is now. `config` outlives it. `may_be_root`: the configuration says `user root`.
  ScriptRules(const config::Config& config, bool may_be_root);

  [[nodiscard]] size_t size() const { return rules_.size(); }
  // Of that rule's programs at one time; 0: no limit of its own.
  [[nodiscard]] uint64_t ProcessesMax(uint32_t rule) const { return rules_[rule].location->cgi->processes_max; }

  // Whether any rule has a limit that only a cgroup can keep.
  [[nodiscard]] bool NeedsProcessLimit() const;
  [[nodiscard]] bool NeedsMemoryLimit() const;

  // Looks the script up again and puts together what is started. Blocks.
  [[nodiscard]] std::expected<ScriptStart, cgi::StartFault> Prepare(const cgi::SpawnOrder& order) const;
  // Why StartScript failed.
  [[nodiscard]] static cgi::StartFault Diagnose(const ScriptStart& start, const Error& error);

 private:
  struct Rule {
    const config::Location* location;
    files::DocumentRoot root;
  };

  [[nodiscard]] std::expected<void, cgi::StartFault> CheckScript(const Rule& rule, const std::string& path) const;

  std::vector<Rule> rules_;
  std::vector<std::string> upload_folders_;
  const bool refuses_all_;  // we are root, and should not be
};

// May a worker give a program this variable? Those of RFC 3875 section 4.1, HTTP_* and the few that real programs need
// beside them.
[[nodiscard]] bool IsRequestVariable(std::string_view name);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SCRIPT_RULES_H_
