// What all connections of a worker share. Made by RunWorker (or a test) before the first connection and outlives the
// last; everything in it is used on the loop's thread only.
#ifndef BRILLIANT_SERVER_WORKER_CONTEXT_H_
#define BRILLIANT_SERVER_WORKER_CONTEXT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "config/config.h"
#include "event/event_loop.h"
#include "files/file_store.h"
#include "handlers/auth_basic.h"
#include "log/access_log.h"
#include "log/counters.h"
#include "log/error_log.h"
#include "server/address_counter.h"
#include "server/exchange_buffers.h"
#include "server/spawner_client.h"

namespace brilliant::server {

class Connection;
struct AllConnections {};  // tags of the lists a connection is in
struct IdleConnections {};

// "Date: ...\r\nServer: ...\r\n", rendered once a second.
class CommonFields {
 public:
  // `with_server` false: the first line only.
  [[nodiscard]] std::string_view Render(WallTime now, bool with_server = true);

 private:
  int64_t second_ = -1;
  std::string text_;
  size_t date_bytes_ = 0;
};

struct WorkerContext {
  WorkerContext(event::EventLoop& event_loop, const config::Config& configuration, files::FileStore& file_store,
                log::AccessLog& access, log::ErrorLog& error);

  event::EventLoop& loop;
  const config::Config& config;
  files::FileStore& files;
  log::AccessLog& access_log;
  log::ErrorLog& error_log;
  log::Counters counters;

  handlers::PasswordGate passwords{loop, error_log};
  SpawnerClient spawner{loop};
  files::SpoolBudget spool_budget;
  ExchangePool exchange_pool;
  CommonFields common_fields;
  // Parent of every connection's scope: cancelling it ends the worker's connections.
  event::CancelScope scope{nullptr};

  event::TimerClass& header_timeout;
  event::TimerClass& body_timeout;
  event::TimerClass& send_timeout;
  event::TimerClass& keepalive_timeout;
  event::TimerClass& lingering_timeout;
  event::TimerClass& drain_idle;

  event::TaskList connection_tasks;
  IntrusiveList<Connection, AllConnections> connections;
  IntrusiveList<Connection, IdleConnections> idle_connections;  // idle the longest first
  AddressCounter address_counter{config.limits.connections_per_address};
  uint64_t connection_count = 0;
  uint64_t connections_accepted = 0;
  std::array<char, 65'536> discarded;                  // where what nobody wants is read to
  event::CancelScope ending_scope{nullptr};            // never cancelled
  event::Signal connection_ended{loop, ending_scope};  // the worker waits for the last one to go
  bool draining = false;

  log::RateLimit short_file_reports;
  log::RateLimit malformed_reports;
  log::RateLimit slow_client_reports;
  log::RateLimit proxy_reports;
  log::RateLimit cross_site_reports;
  log::RateLimit circle_reports;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_WORKER_CONTEXT_H_
