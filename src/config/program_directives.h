// The rows of the table that are about programs (CGI); directives.cc joins them with the others. For that file only.
#ifndef BRILLIANT_CONFIG_PROGRAM_DIRECTIVES_H_
#define BRILLIANT_CONFIG_PROGRAM_DIRECTIVES_H_

#include <fmt/format.h>

#include <cstdint>

#include "config/apply.h"
#include "config/directives.h"

namespace brilliant::config {

inline constexpr Places kProgramPlaces = Place::kLocation | Place::kCgi;
inline constexpr uint64_t kProgramCountMax = 1'000'000'000;

template <bool CgiSettings::* field>
void ApplyProgramSwitch(Builder& builder, const Directive& directive) {
  builder.location->cgi_words.push_back(directive.name);
  if (const auto on = builder.Value(directive.words[0], ParseSwitch(directive.words[0].text))) {
    builder.location->cgi.*field = *on;
  }
}

template <uint64_t CgiSettings::* field, uint64_t least>
void ApplyProgramCount(Builder& builder, const Directive& directive) {
  builder.location->cgi_words.push_back(directive.name);
  const Word& word = directive.words[0];
  if (const auto count = builder.Value(word, ParseCount(word.text, least, kProgramCountMax)))
    builder.location->cgi.*field = *count;
}

template <uint64_t CgiSettings::* field, uint64_t least>
void ApplyProgramSize(Builder& builder, const Directive& directive) {
  builder.location->cgi_words.push_back(directive.name);
  const Word& word = directive.words[0];
  const auto size = builder.Value(word, ParseSize(word.text));
  if (!size) return;
  builder.location->cgi.*field = *size;
  if (*size >= least) return;
  builder.Fail(word,
               {fmt::format("\"{}\" is out of range", word.text), fmt::format("a size of at least {} bytes", least)});
}

inline constexpr DirectiveRow kProgramRows[] = {
    {.name = "cgi",
     .places = static_cast<Places>(Place::kLocation),
     .words = "PROGRAM|*",
     .fallback = "(none)",
     .meaning = "One CGI program answers every target below the location. `--prefix` does not apply to its path. With "
                "`*`, each executable file below the location's `root` is a program: a `cgi-bin`.",
     .example = "cgi /usr/lib/git-core/git-http-backend\ncgi_env GIT_PROJECT_ROOT /srv/git\nmethods GET POST",
     .apply = ApplyCgiProgram},
    {.name = "cgi_env",
     .places = kProgramPlaces,
     .words = "NAME VALUE",
     .words_min = 2,
     .words_max = 2,
     .repeat = Repeat::kSeveral,
     .fallback = "",
     .meaning = "A variable for the program. Those that come from the request (RFC 3875, `HTTP_*`) can't be set.",
     .example = "cgi_env APP_MODE production",
     .apply = ApplyCgiEnvironment},
    {.name = "interpreter",
     .places = kProgramPlaces,
     .words = "PATH",
     .fallback = "(the script is run itself)",
     .meaning = "The program that runs the scripts. `--prefix` does not apply to its path.",
     .example = "interpreter /usr/bin/python3",
     .apply = ApplyInterpreter},
    {.name = "timeout",
     .places = kProgramPlaces,
     .words = "TIME",
     .fallback = "60s",
     .meaning = "How long a program may take until its answer begins, or pause within it. 504 after it.",
     .example = "timeout 5m",
     .apply = ApplyTimeout},
    {.name = "cgi_total_timeout",
     .places = kProgramPlaces,
     .words = "TIME",
     .fallback = "(none)",
     .meaning =
         "How long a program may take from its start to the end of its answer, however much it prints and however "
         "fast the client takes it. 504 after it, or the connection is cut if the answer has begun.",
     .example = "cgi_total_timeout 10m",
     .apply = ApplyTotalTimeout},
    {.name = "cgi_half_close",
     .places = kProgramPlaces,
     .words = "TIME",
     .fallback = "30s",
     .meaning = "How long a program may print nothing when the client has ended its side of the connection: most such "
                "clients have gone. The program is then ended.",
     .example = "cgi_half_close 5s",
     .apply = ApplyHalfClose},
    {.name = "cgi_stream",
     .places = kProgramPlaces,
     .words = "on|off",
     .fallback = "off",
     .meaning =
         "Content of unknown length is given to the program as it comes, without CONTENT_LENGTH. Off, it is read "
         "to its end first, so that the program can be told how much there is.",
     .example = "cgi_stream on",
     .apply = ApplyProgramSwitch<&CgiSettings::stream>},
    {.name = "cgi_debug",
     .places = kProgramPlaces,
     .words = "on|off",
     .fallback = "off",
     .meaning =
         "When a program fails, the error page says why and what to do, and shows what it said last on its error "
         "stream. For development: visitors see it too.",
     .example = "cgi_debug on",
     .apply = ApplyProgramSwitch<&CgiSettings::debug>},
    {.name = "cgi_pass_authorization",
     .places = kProgramPlaces,
     .words = "on|off",
     .fallback = "off",
     .meaning =
         "Gives programs the Authorization field (HTTP_AUTHORIZATION), for those that check passwords themselves.",
     .example = "cgi_pass_authorization on",
     .apply = ApplyProgramSwitch<&CgiSettings::pass_authorization>},
    {.name = "cgi_search_words",
     .places = kProgramPlaces,
     .words = "on|off",
     .fallback = "off",
     .meaning =
         "A query without `=` becomes words of the program's command line (RFC 3875 section 4.4). Words that begin "
         "with `-` never do.",
     .example = "cgi_search_words on",
     .apply = ApplyProgramSwitch<&CgiSettings::search_words>},
    {.name = "cgi_blank_shell_functions",
     .places = kProgramPlaces,
     .words = "on|off",
     .fallback = "off",
     .meaning = "A field whose value begins with `() {` has an empty value for the program: for shells from before "
                "2014, which run what stands behind it (Shellshock).",
     .example = "cgi_blank_shell_functions on",
     .apply = ApplyProgramSwitch<&CgiSettings::blank_shell_functions>},
    {.name = "cgi_sendfile_roots",
     .places = kProgramPlaces,
     .words = "PATH...",
     .words_max = kAnyNumber,
     .fallback = "(none: the field is ignored)",
     .meaning =
         "Folders whose files a program may have the server send, by a field `X-Sendfile: /absolute/path` in its "
         "answer: faster than to print them, and with ranges and conditions.",
     .example = "cgi_sendfile_roots /srv/downloads",
     .apply = ApplySendfileRoots},
    {.name = "cgi_output_max",
     .places = kProgramPlaces,
     .words = "SIZE",
     .fallback = "(no limit)",
     .meaning =
         "The largest content a program may answer with. Beyond it, the program is ended and the connection cut.",
     .example = "cgi_output_max 1g",
     .apply = ApplyProgramSize<&CgiSettings::output_max, 1>},
    {.name = "cgi_processes_max",
     .places = kProgramPlaces,
     .words = "N",
     .fallback = "(as many as `cgi_processes`)",
     .meaning = "How many of the programs of this block run at one time. Further requests for them wait.",
     .example = "cgi_processes_max 4",
     .apply = ApplyProgramCount<&CgiSettings::processes_max, 1>},
    {.name = "cgi_memory_max",
     .places = kProgramPlaces,
     .words = "SIZE",
     .fallback = "(none)",
     .meaning = "The address space that a program, and each process it starts, may have.",
     .example = "cgi_memory_max 512m",
     .apply = ApplyProgramSize<&CgiSettings::memory_max, 1ULL << 20>},
    {.name = "cgi_cpu_max",
     .places = kProgramPlaces,
     .words = "SECONDS",
     .fallback = "(none)",
     .meaning = "The processor time that a program, and each process it starts, may use; the system then ends it.",
     .example = "cgi_cpu_max 30",
     .apply = ApplyProgramCount<&CgiSettings::processor_seconds_max, 1>},
    {.name = "cgi_user_processes_max",
     .places = kProgramPlaces,
     .words = "N",
     .fallback = "(none)",
     .meaning =
         "How many processes the user of the programs may have, the server's own included, for a program of this "
         "block to start another one: a bound for programs that fork without end. It does not bind root.",
     .example = "cgi_user_processes_max 200",
     .apply = ApplyProgramCount<&CgiSettings::user_processes_max, 4>},
    {.name = "cgi_script_processes_max",
     .places = kProgramPlaces,
     .words = "N",
     .fallback = "(none)",
     .meaning = "How many processes a program may have together with all it starts. Needs cgroups (version 2) with the "
                "controller \"pids\"; the log says at the start if there are none.",
     .example = "cgi_script_processes_max 20",
     .apply = ApplyProgramCount<&CgiSettings::script_processes_max, 1>},
    {.name = "cgi_script_memory_max",
     .places = kProgramPlaces,
     .words = "SIZE",
     .fallback = "(none)",
     .meaning =
         "How much memory a program may use together with all it starts; the system ends it beyond. Needs cgroups "
         "(version 2) with the controller \"memory\"; the log says at the start if there are none.",
     .example = "cgi_script_memory_max 512m",
     .apply = ApplyProgramSize<&CgiSettings::script_memory_max, 1ULL << 20>},
};

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_PROGRAM_DIRECTIVES_H_
