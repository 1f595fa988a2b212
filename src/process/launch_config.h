// The configuration that the server runs with: the sources of the configuration and what the command line puts above
// them. Made by main, kept by the supervisor, handed to each worker as bytes, so that all see the same.
#ifndef BRILLIANT_PROCESS_LAUNCH_CONFIG_H_
#define BRILLIANT_PROCESS_LAUNCH_CONFIG_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/loader.h"

namespace brilliant::process {

struct Overrides {
  std::vector<config::Listen> listens;  // --listen: instead of those of every server; empty: none
  int workers = 0;                      // --workers; 0: as configured
};

// Puts the overrides into `config`.
void Apply(const Overrides& overrides, config::Config& config);

// The number of workers to start: as configured, or one per core this process may use; 1 to kWorkersMax.
inline constexpr int kWorkersMax = 1024;
[[nodiscard]] int CountWorkers(const config::Config& config);

// For a descriptor between supervisor and worker. Decoding does all a worker needs: parse, load, apply. Errors:
// kInvalid (bytes that EncodeLaunch did not write, or text that does not load).
[[nodiscard]] std::string EncodeLaunch(const Overrides& overrides, const config::SourceBundle& sources);
[[nodiscard]] Result<config::Config> DecodeLaunch(std::string_view bytes);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_LAUNCH_CONFIG_H_
