#include "process/listener_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "process/listener_plan.h"

namespace brilliant::process {
namespace {

using Family = config::ListenAddress::Family;

Result<net::SocketAddress> ToSocketAddress(const config::ListenAddress& address) {
  if (address.family == Family::kUnix) return net::SocketAddress::FromUnixPath(address.path);
  return net::SocketAddress::FromIp(address.host, address.port);
}

}  // namespace

std::vector<config::Listen> CollectListens(const config::Config& config) {
  std::vector<config::Listen> collected;
  for (const config::Server& server : config.servers) {
    for (const config::Listen& listen : server.listens) {
      const auto known = std::ranges::find(collected, listen.address, &config::Listen::address);
      if (known == collected.end()) {
        collected.push_back(listen);
      } else {
        known->backlog = std::max(known->backlog, listen.backlog);
        known->shared = known->shared || listen.shared;
      }
    }
  }
  return collected;
}

std::vector<std::string> NamesOf(const std::vector<config::Listen>& listens) {
  std::vector<std::string> names;
  for (const config::Listen& listen : listens) names.push_back(listen.address.ToString());
  return names;
}

// Of an address that the kernel refuses because we hold the wildcard of its port, or the other way round: that wildcard
// or specific address. Empty: none.
std::string ListenerPool::CoveredBy(const config::ListenAddress& address) const {
  const auto is_wildcard = [](const std::string& host) { return host == "0.0.0.0" || host == "::"; };
  for (const auto& [name, entry] : entries_) {
    const net::SocketAddress& held = entry.group.address;
    const bool same_family = !held.is_unix() && (held.family() == AF_INET) == (address.family == Family::kIpv4);
    if (address.family == Family::kUnix || !same_family || held.port() != address.port) continue;
    if (is_wildcard(held.host()) || is_wildcard(address.host)) return name;
  }
  return {};
}

Explained<ListenerPool::Entry> ListenerPool::Open(const config::Listen& listen, int workers) const {
  const Result<net::SocketAddress> address = ToSocketAddress(listen.address);
  if (!address) {
    const char* why = address.error().code == ErrorCode::kTooLarge
                          ? "the path is too long for a socket (about 100 bytes)"
                          : "not an address";
    return std::unexpected(fmt::format("cannot listen on {}: {}", listen.address.ToString(), why));
  }
  Result<net::ListenerGroup> group =
      net::OpenListeners(*address, {.backlog = listen.backlog, .sockets = listen.shared ? 1 : workers});
  if (!group) {
    const std::string other = group.error().system_errno == EADDRINUSE ? CoveredBy(listen.address) : std::string();
    if (!other.empty()) {
      return std::unexpected(fmt::format("{} and {} cannot both be listened on: keep the one for all addresses",
                                         listen.address.ToString(), other));
    }
    return std::unexpected(net::ExplainListenError(*address, group.error()));
  }
  Entry entry{.group = std::move(*group), .file = {}};
  if (address->is_unix()) {
    if (const Result<net::FileIdentity> file = net::IdentifyFile(address->path())) entry.file = *file;
  }
  return entry;
}

Explained<std::string> ListenerPool::Take(config::Listen& listen, int workers) {
  Explained<Entry> entry = Open(listen, workers);
  const int first_port = listen.address.port;
  for (int tries = 1; !entry && listen.automatic && tries < kAutomaticPortsMax && first_port + tries <= 65535;
       ++tries) {
    config::Listen next = listen;
    next.address.port = static_cast<uint16_t>(first_port + tries);
    Explained<Entry> opened = Open(next, workers);
    if (opened) entry = std::move(opened);
  }
  if (!entry) {
    if (!listen.automatic) return std::unexpected(entry.error());
    return std::unexpected(
        fmt::format("{} (nor is one of the {} ports after it free)", entry.error(), kAutomaticPortsMax - 1));
  }
  if (listen.address.family != Family::kUnix) listen.address.port = entry->group.address.port();
  std::string name = listen.address.ToString();
  entries_.emplace(name, std::move(*entry));
  return name;
}

Explained<std::vector<std::string>> ListenerPool::Add(std::vector<config::Listen>& wanted, int workers) {
  std::vector<std::string> added;
  for (config::Listen& listen : wanted) {
    if (entries_.contains(listen.address.ToString())) continue;
    Explained<std::string> name = Take(listen, workers);
    if (!name) {
      Remove(added);
      return std::unexpected(name.error());
    }
    added.push_back(std::move(*name));
  }
  return added;
}

void ListenerPool::Remove(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) continue;
    for (const UniqueFd& fd : entry->second.group.sockets) net::StopQueueing(fd.get());
    if (entry->second.file) net::RemoveSocketFile(entry->second.group.address.path(), *entry->second.file);
    entries_.erase(entry);
  }
}

void ListenerPool::RemoveAll() { Remove(names()); }

std::vector<std::string> ListenerPool::names() const {
  std::vector<std::string> all;
  for (const auto& [name, entry] : entries_) all.push_back(name);
  return all;
}

std::vector<ListenerPool::Lent> ListenerPool::ForSlot(const std::vector<std::string>& names, int slot,
                                                      int workers) const {
  std::vector<Lent> lent;
  for (const std::string& name : names) {
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) continue;
    const std::vector<UniqueFd>& sockets = entry->second.group.sockets;
    for (const size_t i : ListenersOfSlot(sockets.size(), slot, workers)) {
      lent.push_back(Lent{.fd = sockets[i].get(), .name = name});
    }
  }
  return lent;
}

}  // namespace brilliant::process
