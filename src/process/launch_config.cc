#include "process/launch_config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "base/platform.h"
#include "base/strings.h"

#if BRILLIANT_LINUX
#include <sched.h>
#endif

namespace brilliant::process {
namespace {

using Family = config::ListenAddress::Family;

// A line per address, "4 0.0.0.0 80", "6 :: 80" or "u /run/x.sock"; the bundle begins after an empty line. A path with
// a newline in it cannot be written so, and is none that anybody wants.
void EncodeListen(const config::ListenAddress& address, std::string& bytes) {
  if (address.family == Family::kUnix) {
    fmt::format_to(std::back_inserter(bytes), "u {}\n", address.path);
  } else {
    const char family = address.family == Family::kIpv4 ? '4' : '6';
    fmt::format_to(std::back_inserter(bytes), "{} {} {}\n", family, address.host, address.port);
  }
}

std::optional<config::ListenAddress> DecodeListen(std::string_view line) {
  if (line.size() < 3 || line[1] != ' ') return std::nullopt;
  const std::string_view rest = line.substr(2);
  config::ListenAddress address;
  if (line[0] == 'u') {
    address.family = Family::kUnix;
    address.path = rest;
    return address;
  }
  const size_t blank = rest.find(' ');
  if (blank == std::string_view::npos || (line[0] != '4' && line[0] != '6')) return std::nullopt;
  const std::optional<uint64_t> port = ParseDecimal(rest.substr(blank + 1));
  if (!port || *port > 65535) return std::nullopt;
  address.family = line[0] == '4' ? Family::kIpv4 : Family::kIpv6;
  address.host = rest.substr(0, blank);
  address.port = static_cast<uint16_t>(*port);
  return address;
}

int CountCores() {
#if BRILLIANT_LINUX
  // What the process may use, which in a container is less than what the machine has.
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
#endif
  return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

void Apply(const Overrides& overrides, config::Config& config) {
  if (overrides.workers > 0) config.workers = overrides.workers;
  if (overrides.listens.empty()) return;
  for (config::Server& server : config.servers) server.listens = overrides.listens;
}

int CountWorkers(const config::Config& config) {
  return std::clamp(config.workers > 0 ? config.workers : CountCores(), 1, kWorkersMax);
}

std::string EncodeLaunch(const Overrides& overrides, const config::SourceBundle& sources) {
  std::string bytes;
  for (const config::Listen& listen : overrides.listens) EncodeListen(listen.address, bytes);
  bytes += '\n';
  bytes += sources.Serialize();
  return bytes;
}

Result<config::Config> DecodeLaunch(std::string_view bytes) {
  Overrides overrides;
  for (;;) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return Failure(ErrorCode::kInvalid, "configuration of a worker");
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (line.empty()) break;
    const std::optional<config::ListenAddress> address = DecodeListen(line);
    if (!address) return Failure(ErrorCode::kInvalid, "configuration of a worker");
    config::Listen listen;
    listen.address = *address;
    overrides.listens.push_back(std::move(listen));
  }
  ASSIGN_OR_RETURN(const config::SourceBundle sources, config::SourceBundle::Deserialize(bytes));
  config::LoadResult loaded = config::LoadBundle(sources);
  if (!loaded.config) return Failure(ErrorCode::kInvalid, "configuration of a worker");
  Apply(overrides, *loaded.config);
  return std::move(*loaded.config);
}

}  // namespace brilliant::process
