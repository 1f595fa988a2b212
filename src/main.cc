// The command line: what the user asked for, as one of four roles. A worker is recognised by the variable its
// supervisor set; everything else is a check, a page of text, or the supervisor itself, which runs in the foreground
// until it is told to stop.
//
// The only file that uses exceptions, because CLI11 does: they end in ParseCommandLine.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "config/address.h"
#include "config/diagnostic.h"
#include "config/loader.h"
#include "config/quick.h"
#include "config/reference.h"
#include "config/text.h"
#include "process/descriptor_table.h"
#include "process/machine_check.h"
#include "process/privileges.h"
#include "process/self_path.h"
#include "process/supervisor.h"
#include "process/worker_main.h"
#include "server/worker.h"

namespace brilliant {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr char kHelp[] =
    R"(BrilliantServer {} - an HTTP/1.1 origin server

Usage: brilliantserver [OPTIONS] [CONFIG | FOLDER]

  FOLDER               serve this folder; without an argument: the current one
  CONFIG               run with this configuration file

Options:
  -l, --listen ADDR    PORT, HOST:PORT, *:PORT, [IPV6]:PORT or unix:PATH instead of what
                       is configured (a folder: 127.0.0.1:8080); may be repeated
  -w, --workers N      number of worker processes (default: one per core)
      --cgi            with a folder: executable files in its cgi-bin run as programs
      --upload         with a folder: clients may store files in it
      --delete         with a folder: clients may delete files in it, and empty folders
  -p, --prefix DIR     all absolute paths of the configuration are below DIR
      --check          check the configuration and exit; --strict: warnings fail too
      --directives     print the reference of the configuration file
  -V, --version        print the version
  -h, --help           print this help

Examples:
  brilliantserver                          share the current folder on this machine
  brilliantserver -l '*:8000' ~/public     share ~/public with the network
  brilliantserver --upload ~/inbox         and let people store files there
  brilliantserver --check site.conf        is this configuration right?
  brilliantserver site.conf                run it; HUP reloads, QUIT drains, TERM stops
)";

struct Arguments {
  std::string subject;  // CONFIG or FOLDER; empty: the current folder
  std::vector<std::string> listens;
  std::string workers;
  std::string prefix;
  bool programs = false;
  bool uploads = false;
  bool deletes = false;
  bool check = false;
  bool strict = false;
  bool directives = false;
  bool version = false;
  bool help = false;
};

int UsageError(std::string_view message) {
  fmt::print(stderr, "brilliantserver: {} (brilliantserver --help shows the options)\n", message);
  return kExitUsage;
}

int Failed(std::string_view message) {
  // A message of several lines is a list of diagnostics, each of which names its place.
  const bool rendered = message.find('\n') != std::string_view::npos;
  fmt::print(stderr, "{}{}\n", rendered ? "" : "brilliantserver: ", message);
  return kExitFailed;
}

std::string ExplainExtra(const std::string& extra) {
  static constexpr std::string_view kNames[] = {"--listen",     "--workers", "--cgi",   "--upload",
                                                "--delete",     "--prefix",  "--check", "--strict",
                                                "--directives", "--version", "--help"};
  if (!extra.starts_with('-') || extra == "-") {
    return fmt::format("{} is one argument too many: give one configuration file or folder", config::Quoted(extra));
  }
  const std::string_view name = std::string_view(extra).substr(0, extra.find('='));
  const std::string_view nearest = config::NearestName(name, kNames);
  return fmt::format("unknown option {}{}", config::Quoted(name),
                     nearest.empty() ? std::string() : fmt::format(": did you mean {}?", nearest));
}

std::expected<Arguments, std::string> ParseCommandLine(int argc, char** argv) {
  Arguments arguments;
  try {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    app.add_option("subject", arguments.subject);
    app.add_option("-l,--listen", arguments.listens)->type_name("ADDR")->allow_extra_args(false);
    app.add_option("-w,--workers", arguments.workers)->type_name("N");
    app.add_option("-p,--prefix", arguments.prefix)->type_name("DIR");
    app.add_flag("--cgi", arguments.programs);
    app.add_flag("--upload", arguments.uploads);
    app.add_flag("--delete", arguments.deletes);
    app.add_flag("--check", arguments.check);
    app.add_flag("--strict", arguments.strict);
    app.add_flag("--directives", arguments.directives);
    app.add_flag("-V,--version", arguments.version);
    app.add_flag("-h,--help", arguments.help);
    app.parse(argc, argv);
    const std::vector<std::string> extras = app.remaining();
    if (!extras.empty()) return std::unexpected(ExplainExtra(extras.front()));
  } catch (const CLI::Error& error) {
    return std::unexpected(std::string(error.what()));
  }
  return arguments;
}

// A value of --listen. Port 0 is any free port.
std::expected<std::vector<config::Listen>, std::string> ParseListen(const std::string& text) {
  std::vector<config::Listen> listens;
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(text.substr(kUnix.size()), error);
    if (text.size() == kUnix.size() || error) return std::unexpected("--listen unix: needs the path of a socket");
    config::Listen listen;
    listen.address.family = config::ListenAddress::Family::kUnix;
    listen.address.path = path.lexically_normal().string();
    listens.push_back(std::move(listen));
    return listens;
  }
  const bool any_port = text == "0" || text.ends_with(":0");
  const std::string numbered = any_port ? text.substr(0, text.size() - 1) + "1" : text;
  const auto addresses = config::ParseListenAddress(numbered);
  if (!addresses) {
    const config::ValueError& error = addresses.error();
    return std::unexpected(
        fmt::format("--listen {}: {}{}", text, error.message, error.hint.empty() ? "" : ": " + error.hint));
  }
  for (const config::ListenAddress& address : *addresses) {
    config::Listen listen;
    listen.address = address;
    if (any_port) listen.address.port = 0;
    listens.push_back(std::move(listen));
  }
  return listens;
}

std::expected<process::Overrides, std::string> ParseOverrides(const Arguments& arguments) {
  process::Overrides overrides;
  for (const std::string& text : arguments.listens) {
    auto listens = ParseListen(text);
    if (!listens) return std::unexpected(listens.error());
    for (config::Listen& listen : *listens) overrides.listens.push_back(std::move(listen));
  }
  if (arguments.workers.empty() || arguments.workers == "auto") return overrides;
  const std::optional<uint64_t> workers = ParseDecimal(arguments.workers);
  if (!workers || *workers < 1 || *workers > process::kWorkersMax) {
    return std::unexpected(fmt::format("--workers takes auto or a number from 1 to {}, not {}", process::kWorkersMax,
                                       config::Quoted(arguments.workers)));
  }
  overrides.workers = static_cast<int>(*workers);
  return overrides;
}

std::optional<std::string> ReadEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool IsFolder(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// What is to be served: a folder (quick mode) or a configuration file.
struct Subject {
  std::optional<std::string> folder;  // absolute
  std::function<config::LoadResult()> load;
};

config::QuickOptions QuickOptionsOf(const std::string& folder, const Arguments& arguments) {
  return {.folder = folder,
          .listens = arguments.listens,
          .programs = arguments.programs,
          .uploads = arguments.uploads,
          .deletes = arguments.deletes};
}

std::expected<Subject, std::string> FindSubject(const Arguments& arguments) {
  const std::string path = arguments.subject.empty() ? "." : arguments.subject;
  if (!IsFolder(path)) {
    if (arguments.programs) return std::unexpected("--cgi is for a folder; in a configuration file write \"cgi *\"");
    if (arguments.uploads)
      return std::unexpected("--upload is for a folder; in a configuration file write upload_path");
    if (arguments.deletes) return std::unexpected("--delete is for a folder; in a configuration file write methods");
    const std::string prefix = arguments.prefix;
    return Subject{.folder = {}, .load = [path, prefix] { return config::LoadFile(path, prefix, ReadEnvironment); }};
  }
  if (!arguments.prefix.empty()) return std::unexpected("--prefix is for configuration files, not for a folder");
  std::error_code error;
  const std::string folder = std::filesystem::canonical(path, error).string();
  if (error) return std::unexpected(fmt::format("cannot open the folder {}: {}", path, error.message()));
  if (arguments.programs && arguments.uploads)
    return std::unexpected("--cgi and --upload together would let everybody run what they have stored");
  if (arguments.programs && !IsFolder(folder + std::string(config::kQuickPrograms))) {
    return std::unexpected(
        fmt::format("--cgi runs what is in {}{}, and there is no such folder", folder, config::kQuickPrograms));
  }
  // Addresses that the text of a configuration can say; port 0 it cannot.
  config::QuickOptions options = QuickOptionsOf(folder, arguments);
  std::erase_if(options.listens, [](const std::string& text) { return text == "0" || text.ends_with(":0"); });
  return Subject{.folder = folder, .load = [options] { return config::LoadBundle(config::QuickBundle(options)); }};
}

std::string Count(size_t number, const char* thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

// "2 servers, 3 locations, 1 cgi block"
std::string Summary(const config::Config& config) {
  size_t locations = 0;
  size_t extensions = 0;
  for (const config::Server& server : config.servers) {
    locations += server.locations.size();
    extensions += server.cgi_extensions.size();
  }
  std::string text = fmt::format("{}, {}", Count(config.servers.size(), "server"), Count(locations, "location"));
  if (extensions > 0) text += fmt::format(", {}", Count(extensions, "cgi block"));
  return text;
}

int Check(const Arguments& arguments, const Subject& subject) {
  const std::string name = arguments.subject.empty() ? "." : arguments.subject;
  config::LoadResult loaded = subject.load();
  fmt::print(stderr, "{}", config::Render(loaded.diagnostics));
  const auto errors = static_cast<size_t>(
      std::ranges::count(loaded.diagnostics, config::Severity::kError, &config::Diagnostic::severity));
  size_t warnings = loaded.diagnostics.size() - errors;
  if (loaded.config) {
    const auto identity = process::ChooseIdentity(*loaded.config, subject.folder);
    if (!identity) {
      fmt::print(stderr, "warning: {}\n", identity.error());
      ++warnings;
    }
    const std::optional<process::Identity> as_user = identity ? identity->become : std::nullopt;
    const process::MachineFindings findings = process::CheckMachineAs(*loaded.config, as_user, false);
    fmt::print(stderr, "{}", findings.rendered);
    warnings += static_cast<size_t>(findings.count);
  }
  if (!loaded.config || (arguments.strict && warnings > 0)) {
    std::string verdict = errors > 0 ? Count(errors, "error") : "";
    if (warnings > 0) verdict += fmt::format("{}{}", verdict.empty() ? "" : ", ", Count(warnings, "warning"));
    fmt::print(stderr, "{}: {}{}\n", name, verdict, loaded.config ? " (--strict)" : "");
    return kExitFailed;
  }
  fmt::print("{} is fine: {}{}\n", name, Summary(*loaded.config),
             warnings > 0 ? fmt::format(", {}", Count(warnings, "warning")) : "");
  return kExitOk;
}

// What to type into a browser.
std::string UrlOf(const config::ListenAddress& address) {
  if (address.family == config::ListenAddress::Family::kUnix) return address.ToString();
  char name[256] = "";
  const bool any = address.host == "0.0.0.0" || address.host == "::";
  if (any && gethostname(name, sizeof name - 1) == 0 && name[0] != '\0')
    return fmt::format("http://{}:{}/", name, address.port);
  return fmt::format("http://{}/", address.ToString());
}

// What clients may do besides reading, if anything, and whether only this machine's.
std::string Rights(const config::QuickOptions& options, const std::vector<config::Listen>& listens) {
  const bool local =
      std::ranges::all_of(listens, [](const config::Listen& listen) { return listen.address.IsLoopback(); });
  const std::string_view who = local ? "Everybody on this machine" : "Everybody who reaches these addresses";
  std::string lines;
  if (options.uploads) {
    const std::string_view how = options.deletes ? ", and replace them with PUT" : "; none replaces another";
    lines += fmt::format("{} may store files in it{}.\n", who, how);
  }
  if (options.deletes) lines += fmt::format("{} may delete files in it, and empty folders.\n", who);
  if (options.programs) {
    lines += fmt::format("{} may run the executable files in {}{} as programs (CGI).\n", who,
                         config::Printable(options.folder, 4096), config::kQuickPrograms);
  }
  return lines;
}

void AnnounceQuickMode(const config::QuickOptions& options, const std::vector<config::Listen>& listens) {
  std::vector<std::string> urls;
  for (const config::Listen& listen : listens) {
    std::string url = UrlOf(listen.address);
    if (std::ranges::find(urls, url) == urls.end()) urls.push_back(std::move(url));
  }
  const bool moved = options.listens.empty() && listens.front().address.ToString() != config::kQuickAddress;
  fmt::print("Serving {} on {}{}\n{}Stop with Ctrl-C.\n", config::Printable(options.folder, 4096), fmt::join(urls, " "),
             moved ? fmt::format(" ({} was taken)", config::kQuickAddress) : "", Rights(options, listens));
  std::fflush(stdout);
}

int Serve(const Arguments& arguments, const char* argv0, Subject subject, process::Overrides overrides) {
  process::TameInheritedDescriptors();
  config::LoadResult loaded = subject.load();
  fmt::print(stderr, "{}", config::Render(loaded.diagnostics));
  if (!loaded.config) return kExitFailed;
  process::Explained<std::string> self = process::SelfPath(argv0);
  if (!self) return Failed(self.error());

  process::SupervisorOptions options;
  options.load = subject.load;
  options.overrides = std::move(overrides);
  options.quick_folder = subject.folder;
  options.executable = std::move(*self);
  options.quiet = subject.folder.has_value() && isatty(STDERR_FILENO) == 1;
  if (subject.folder) {
    options.announce = [quick = QuickOptionsOf(*subject.folder, arguments)](
                           const std::vector<config::Listen>& listens) { AnnounceQuickMode(quick, listens); };
  }
  process::Supervisor supervisor(std::move(options));
  if (const process::Explained<void> started = supervisor.Start(std::move(loaded)); !started)
    return Failed(started.error());
  return supervisor.Run();
}

int Main(int argc, char** argv) {
  if (const char* table = std::getenv(process::kTableVariable)) return process::RunAsWorker(table, &server::RunWorker);
  const std::expected<Arguments, std::string> arguments = ParseCommandLine(argc, argv);
  if (!arguments) return UsageError(arguments.error());
  if (arguments->help) {
    fmt::print(kHelp, BRILLIANT_VERSION);
    return kExitOk;
  }
  if (arguments->version) {
    fmt::print("BrilliantServer {}\n", BRILLIANT_VERSION);
    return kExitOk;
  }
  if (arguments->directives) {
    fmt::print("{}", config::DirectiveReference());
    return kExitOk;
  }
  if (arguments->strict && !arguments->check) return UsageError("--strict goes with --check");
  std::expected<process::Overrides, std::string> overrides = ParseOverrides(*arguments);
  if (!overrides) return UsageError(overrides.error());
  std::expected<Subject, std::string> subject = FindSubject(*arguments);
  if (!subject) return UsageError(subject.error());
  if (arguments->check) return Check(*arguments, *subject);
  return Serve(*arguments, argv[0], std::move(*subject), std::move(*overrides));
}

}  // namespace
}  // namespace brilliant

int main(int argc, char** argv) { return brilliant::Main(argc, argv); }
