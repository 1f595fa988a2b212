#include "server/worker_context.h"

#include "http/date.h"

namespace brilliant::server {

std::string_view CommonFields::Render(WallTime now, bool with_server) {
  if (now.seconds() != second_) {
    second_ = now.seconds();
    text_ = "Date: " + http::HttpDate(second_) + "\r\n";
    date_bytes_ = text_.size();
    text_ += "Server: BrilliantServer\r\n";
  }
  return std::string_view(text_).substr(0, with_server ? text_.size() : date_bytes_);
}

WorkerContext::WorkerContext(event::EventLoop& event_loop, const config::Config& configuration,
                             files::FileStore& file_store, log::AccessLog& access, log::ErrorLog& error)
    : loop(event_loop),
      config(configuration),
      files(file_store),
      access_log(access),
      error_log(error),
      spool_budget{.bytes_max = configuration.limits.spool_bytes_max},
      exchange_pool(http::HeadLimits{.head_bytes_max = configuration.limits.head_bytes_max,
                                     .target_bytes_max = configuration.limits.target_bytes_max,
                                     .fields_max = configuration.limits.head_fields_max}),
      header_timeout(loop.TimerClassFor(config.limits.header_timeout)),
      body_timeout(loop.TimerClassFor(config.limits.body_timeout)),
      send_timeout(loop.TimerClassFor(config.limits.send_timeout)),
      keepalive_timeout(loop.TimerClassFor(config.limits.keepalive_timeout)),
      lingering_timeout(loop.TimerClassFor(config.limits.lingering_timeout)),
      drain_idle(loop.TimerClassFor(config.limits.drain_idle)) {}

}  // namespace brilliant::server
