// All listening sockets of the server, by address. The supervisor holds them for as long as the address is configured,
// whatever becomes of the workers: clients in a queue are served by the next one.
#ifndef BRILLIANT_PROCESS_LISTENER_POOL_H_
#define BRILLIANT_PROCESS_LISTENER_POOL_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "config/config.h"
#include "net/listener.h"
#include "process/explained.h"

namespace brilliant::process {

// For `automatic` listens: how many ports in a row are tried.
inline constexpr int kAutomaticPortsMax = 100;

class ListenerPool {
 public:
  struct Lent {
    int fd = -1;  // borrowed from the pool
    std::string name;
  };

  ListenerPool() = default;
  ListenerPool(const ListenerPool&) = delete;
  ListenerPool& operator=(const ListenerPool&) = delete;
  ~ListenerPool() { RemoveAll(); }

  // Takes those of `wanted` that are not held yet, one socket for each of `workers` where the system can balance. All
  // or none: after an error the pool is as before. Returns the names that are new. A port that was left to choose (0,
  // or `automatic` and taken) is written back to `wanted`.
  [[nodiscard]] Explained<std::vector<std::string>> Add(std::vector<config::Listen>& wanted, int workers);

  // Gives these up: no new client gets into their queues, workers that still hold them can serve what is queued. Socket
  // files go too. To be called before those workers are told to drain.
  void Remove(const std::vector<std::string>& names);
  void RemoveAll();

  // What the worker of `slot` accepts from, of the addresses `names`.
  [[nodiscard]] std::vector<Lent> ForSlot(const std::vector<std::string>& names, int slot, int workers) const;

  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Entry {
    net::ListenerGroup group;
    std::optional<net::FileIdentity> file;  // of a unix socket
  };
  [[nodiscard]] Explained<Entry> Open(const config::Listen& listen, int workers) const;
  [[nodiscard]] Explained<std::string> Take(config::Listen& listen, int workers);
  [[nodiscard]] std::string CoveredBy(const config::ListenAddress& address) const;

  std::map<std::string, Entry> entries_;  // by ListenAddress::ToString()
};

// All listens of `config`, each address once, with the largest backlog and `shared` if one says so.
[[nodiscard]] std::vector<config::Listen> CollectListens(const config::Config& config);
[[nodiscard]] std::vector<std::string> NamesOf(const std::vector<config::Listen>& listens);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_LISTENER_POOL_H_
