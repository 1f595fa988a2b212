// From the tree of directives to a Config: walks the blocks, finds each directive's row and checks what the row says;
// the row's function then takes the words. Owned by the loader for one run. The functions of the rows (apply.h) are its
// only other users.
#ifndef BRILLIANT_CONFIG_BUILDER_H_
#define BRILLIANT_CONFIG_BUILDER_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/directives.h"
#include "config/parser.h"
#include "config/reporter.h"
#include "config/values.h"

namespace brilliant::config {

// Where things stand in the text, for checks that compare several. line 0: not given.
struct LocationNotes {
  Span name;
  Span path;
  Span root;
  Span redirect;
  Span upload;
  Span upload_settings;  // the last of the other directives that begin with "upload"
  Span deletion;         // the first directive about it
  Span trash;
  Span methods;
  Span program;
  Span interpreter;
  Span auth;
  Span cache_control;
  Span fallback;
  bool charset_given = false;
  bool auth_given = false;  // `off` too
  bool cache_control_given = false;
  bool allowed_origins_given = false;
  bool root_known = true;  // false: what was written about it is wrong
  bool methods_known = true;
};

struct ListenNotes {
  Span span;
  bool backlog_given = false;
  bool shared_given = false;
  bool proxy_protocol_given = false;
};

struct ServerNotes {
  Span name;
  std::vector<ListenNotes> listens;  // as Server::listens
  std::vector<Span> names;           // as Server::names, when given
  std::vector<LocationNotes> locations;
  std::vector<LocationNotes> cgi_extensions;
  std::optional<std::string> charset;
  std::optional<AuthBasic> auth;
  Span auth_span;
  std::string cache_control;
  Span cache_control_span;
  std::vector<std::string> allowed_origins;
};

// The server block being read.
struct ServerScope {
  Server server;
  ServerNotes notes;
  // What was given already, and where: each of these may stand once in a server.
  std::map<std::string, Span> addresses, names, paths, extensions;
};

// The location or `cgi .ext` block being read.
struct LocationScope {
  Location location;
  LocationNotes notes;
  CgiSettings cgi;
  bool runs_program = false;    // `cgi .ext`, or a location with `cgi PROGRAM` somewhere in it
  std::vector<Word> cgi_words;  // names of directives that mean something for programs only
};

class Builder {
 public:
  // Both outlive the Builder.
  Builder(Reporter& its_reporter, const SourceBundle& its_sources) : reporter(its_reporter), sources(its_sources) {}

  // The directives of one block or of the whole text.
  void ApplyAll(const std::vector<Directive>& directives, Place place);

  // Reports what is wrong with `word`.
  void Fail(const Word& word, const ValueError& error) { reporter.Error(word.span, error.message, error.hint); }
  // The value, or nothing after reporting why at `word`.
  template <typename T>
  std::optional<T> Value(const Word& word, Parsed<T> parsed) {
    if (parsed) return std::move(*parsed);
    Fail(word, parsed.error());
    return std::nullopt;
  }
  // An absolute path, by the rules of the manual; or nothing after reporting why.
  std::optional<std::string> Path(const Word& word);
  // The same for something to execute.
  std::optional<std::string> Program(const Word& word);
  // The folder that paths below a location stand in when there is no `root`.
  [[nodiscard]] const std::string& DefaultRoot() const {
    return sources.prefix.empty() ? sources.folder : sources.prefix;
  }

  Reporter& reporter;
  const SourceBundle& sources;
  Config config;
  Span forwarded_field;               // where it was given; line 0: nowhere
  std::vector<ServerNotes> servers;   // as config.servers
  ServerScope* server = nullptr;      // in a server block, else nullptr
  LocationScope* location = nullptr;  // in a location or cgi block, else nullptr

 private:
  void Apply(const Directive& directive, const DirectiveRow& row);
  void ReportUnknown(const Directive& directive, Place place, const std::vector<Directive>& siblings);
  bool CheckWords(const Directive& directive, const DirectiveRow& row, Place place);
};

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_BUILDER_H_
