// The whole of a Config as text, for tests: what a configuration means, one line a fact. Values that are the defaults
// of a location are left out, so that a dump shows what its text says.
#ifndef BRILLIANT_CONFIG_DUMP_FOR_TEST_H_
#define BRILLIANT_CONFIG_DUMP_FOR_TEST_H_

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "config/config.h"

namespace brilliant::config {

inline std::string DumpHeader(const AddHeader& header) {
  return fmt::format("{}: {}{}", header.name, header.value, header.always ? " (always)" : "");
}

inline std::string DumpLocation(const Location& location, std::string_view title) {
  std::string text =
      fmt::format("  {}\n    root {}{}\n", title, location.root, location.root_given ? "" : " (default)");
  const auto line = [&](std::string_view name, std::string_view value) {
    text += fmt::format("    {} {}\n", name, value);
  };
  std::string index;
  for (const std::string& name : location.index) index += (index.empty() ? "" : " ") + name;
  if (index != "index.html") line("index", index);
  if (location.autoindex) line("autoindex", "on");
  if (location.archive) line("archive", "on");
  if (location.archive_bytes_max != Location{}.archive_bytes_max)
    line("archive_max", fmt::format("{}", location.archive_bytes_max));
  if (location.archive) {
    for (const std::string& path : location.inner_paths) line("inner_path", path);
  }
  if (location.dotfiles) line("dotfiles", "on");
  if (location.ranges_max != Location{}.ranges_max) line("max_ranges", fmt::format("{}", location.ranges_max));
  for (const http::ContentCoding coding : location.precompressed) line("precompressed", http::NameOf(coding));
  if (!(location.methods == http::MethodSet{http::Method::kGet})) line("methods", location.methods.ToAllow());
  if (location.body_max != Location{}.body_max) line("body_max", fmt::format("{}", location.body_max));
  if (location.upload_path) line("upload_path", *location.upload_path);
  const UploadSettings& upload = location.upload;
  if (upload.conflict != UploadConflict::kRename)
    line("upload_conflict", fmt::format("{}", static_cast<int>(upload.conflict)));
  if (upload.sync != UploadSync::kNone) line("upload_sync", fmt::format("{}", static_cast<int>(upload.sync)));
  if (upload.make_folders) line("upload_mkdir", "on");
  if (upload.quota != 0) line("upload_quota", fmt::format("{}", upload.quota));
  if (location.deletion.empty_folders) line("delete_folders", "empty");
  if (!location.deletion.trash.empty()) {
    line("trash", fmt::format("{} {}ms", location.deletion.trash, location.deletion.trash_age.count()));
  }
  if (location.redirect) line("redirect_to", fmt::format("{} {}", location.redirect->code, location.redirect->target));
  for (const std::string& root : location.symlink_roots) line("symlink_root", root);
  if (location.charset != "utf-8") line("charset", location.charset.empty() ? "off" : location.charset);
  if (location.auth) {
    line("auth_basic", fmt::format("\"{}\" {} {}", location.auth->realm, location.auth->file,
                                   location.auth->methods.empty() ? "all" : location.auth->methods.ToAllow()));
  }
  for (const std::string& origin : location.allowed_origins) line("allowed_origin", origin);
  for (const AddHeader& header : location.add_headers) line("add_header", DumpHeader(header));
  if (!location.cache_control.empty()) line("cache_control", location.cache_control);
  if (!location.fallback.empty()) line("fallback", location.fallback);
  if (!location.cgi) return text;
  if (location.cgi->every_file) line("program", "*");
  if (!location.cgi->program.empty()) line("program", location.cgi->program);
  if (!location.cgi->interpreter.empty()) line("interpreter", location.cgi->interpreter);
  for (const auto& [name, value] : location.cgi->environment) line("cgi_env", fmt::format("{}={}", name, value));
  const CgiSettings& cgi = *location.cgi;
  line("timeout", fmt::format("{}ms", cgi.timeout.count()));
  line("cgi_total_timeout", fmt::format("{}ms", cgi.total_timeout.count()));
  line("cgi_half_close", fmt::format("{}ms", cgi.half_close.count()));
  line("cgi_switches", fmt::format("stream={} debug={} authorization={} search_words={} blank={}", cgi.stream,
                                   cgi.debug, cgi.pass_authorization, cgi.search_words, cgi.blank_shell_functions));
  for (const std::string& root : cgi.sendfile_roots) line("cgi_sendfile_root", root);
  line("cgi_limits", fmt::format("output={} processes={} memory={} cpu={} user_processes={}", cgi.output_max,
                                 cgi.processes_max, cgi.memory_max, cgi.processor_seconds_max, cgi.user_processes_max));
  line("cgi_script_limits", fmt::format("processes={} memory={}", cgi.script_processes_max, cgi.script_memory_max));
  return text;
}

inline std::string DumpServer(const Server& server) {
  std::string text = "server\n";
  for (const Listen& listen : server.listens) {
    text += fmt::format("  listen {} backlog={}{}{}{}\n", listen.address.ToString(), listen.backlog,
                        listen.shared ? " shared" : "", listen.proxy_protocol ? " proxy_protocol" : "",
                        listen.automatic ? " automatic" : "");
  }
  for (const std::string& name : server.names) text += fmt::format("  name \"{}\"\n", name);
  if (server.host_check == HostCheck::kOn) text += "  host_check on\n";
  if (server.host_check == HostCheck::kOnLoopback) text += "  host_check loopback\n";
  for (const ErrorPage& page : server.error_pages) {
    text += "  error";
    for (const int code : page.codes) text += fmt::format(" {}", code);
    text += fmt::format(" {}\n", page.path);
  }
  for (const AddHeader& header : server.add_headers) text += fmt::format("  add_header {}\n", DumpHeader(header));
  for (const Location& location : server.locations) text += DumpLocation(location, "location " + location.path);
  for (const Location& location : server.cgi_extensions)
    text += DumpLocation(location, "cgi " + location.cgi->extension);
  return text;
}

inline std::string DumpLimits(const Limits& limits) {
  std::string text;
  const auto time = [&](std::string_view name, Milliseconds value) {
    text += fmt::format("{} {}ms\n", name, value.count());
  };
  const auto count = [&](std::string_view name, uint64_t value) { text += fmt::format("{} {}\n", name, value); };
  time("client_header_timeout", limits.header_timeout);
  time("client_body_timeout", limits.body_timeout);
  time("send_timeout", limits.send_timeout);
  count("client_rate_min", limits.rate_min);
  time("keepalive_timeout", limits.keepalive_timeout);
  time("lingering_time", limits.lingering_time);
  time("lingering_timeout", limits.lingering_timeout);
  time("drain_idle", limits.drain_idle);
  time("worker_shutdown_timeout", limits.shutdown_timeout);
  count("keepalive_requests", limits.keepalive_requests);
  count("head_bytes_max", limits.head_bytes_max);
  count("target_bytes_max", limits.target_bytes_max);
  count("head_fields_max", limits.head_fields_max);
  count("worker_connections", limits.worker_connections);
  count("connections_per_address", limits.connections_per_address);
  count("cgi_processes", limits.cgi_processes);
  count("cgi_queue", limits.cgi_queue);
  count("cgi_nice", limits.cgi_nice);
  count("spool_max", limits.spool_bytes_max);
  count("file_cache", limits.file_cache_bytes);
  return text;
}

inline std::string DumpConfig(const Config& config) {
  std::string text = fmt::format("workers {}\nuser \"{}\" \"{}\"\npid_file \"{}\"\n", config.workers, config.user,
                                 config.group, config.pid_file);
  text += fmt::format("error_log \"{}\" level {}\n", config.error_log.path, static_cast<int>(config.error_log.level));
  text += fmt::format("access_log target {} \"{}\" format {}\n", static_cast<int>(config.access_log.target),
                      config.access_log.path, static_cast<int>(config.access_log.format));
  text += DumpLimits(config.limits);
  for (const AddressBlock& block : config.trusted_proxies.blocks())
    text += fmt::format("trusted_proxy {}\n", block.ToString());
  if (config.unix_proxies_trusted) text += "trusted_proxy unix:\n";
  if (config.forwarded_field == http::ForwardedField::kForwarded) text += "forwarded_field Forwarded\n";
  text += fmt::format("default_type {}\n", config.default_type);
  for (const auto& [extension, type] : config.types) text += fmt::format("type {} {}\n", extension, type);
  for (const Server& server : config.servers) text += DumpServer(server);
  return text;
}

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_DUMP_FOR_TEST_H_
