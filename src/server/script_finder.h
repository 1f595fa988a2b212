// Which script a path names: found by walking the real path, never by its text alone ("/app/x.py/extra" is /app/x.py if
// that is a file). Called by AnswerRequest.
#ifndef BRILLIANT_SERVER_SCRIPT_FINDER_H_
#define BRILLIANT_SERVER_SCRIPT_FINDER_H_

#include <string_view>

#include "event/task.h"
#include "handlers/api.h"
#include "server/router.h"

namespace brilliant::server {

struct Destination {
  const Route* route = nullptr;  // null: nothing answers there
  // Whose auth_basic holds: the location's that the path lies in, also for scripts; for those of no location their own.
  const Route* guard = nullptr;
  const handlers::AnswerFields* added = nullptr;  // its add_header; null: none
  int refusal = 0;                                // a status: what is below a `cgi *` location is no script
  std::string_view script_name{};                 // for programs: the part of the path that names them
  std::string_view path_below{};                  // what follows the location's path, or the script's name
};

// Where a decoded, normal path leads: to the longest location with a program, else to a script of a `cgi .ext` block,
// else to the longest location, and there to one of its files if each is a script. Views into `path`.
// Not inlined, and only for hosts with scripts: the frame of a request for a file shall not hold this one too.
[[gnu::noinline, nodiscard]] event::Task<Destination> FindDestination(const VirtualHost& host, std::string_view path,
                                                                      const handlers::HandlerContext& context);

// The same for hosts without scripts (VirtualHost::has_scripts).
[[nodiscard]] Destination LocationOf(const VirtualHost& host, std::string_view path);

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_SCRIPT_FINDER_H_
