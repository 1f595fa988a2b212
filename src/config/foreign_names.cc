#include <algorithm>
#include <iterator>
#include <string_view>

#include "config/directives.h"

namespace brilliant::config {
namespace {

// Names that people bring along from nginx.
struct ForeignName {
  std::string_view name;
  std::string_view hint;
};
constexpr ForeignName kForeignNames[] = {
    {"http", "no http block is needed: write what is in it at the top level"},
    {"events", "no events block is needed: remove it"},
    {"worker_processes", "write \"workers\""},
    {"pid", "write \"pid_file\""},
    {"error_page", "write \"error\""},
    {"client_max_body_size", "write \"body_max\", in a location"},
    {"set_real_ip_from", "write \"trusted_proxy\", at the top level"},
    {"real_ip_header", "write \"forwarded_field\", at the top level"},
    {"limit_conn", "write \"connections_per_address\", at the top level"},
    {"large_client_header_buffers", "write \"head_bytes_max\""},
    {"alias", "write \"root\": it replaces the location's path"},
    {"return", "write \"redirect_to\", in a location"},
    {"rewrite", "write \"redirect_to\", in a location"},
    {"limit_except", "write \"methods\""},
    {"try_files", "the file, then its folder's \"index\"; for what is missing write \"fallback FILE\""},
    {"auth_basic_user_file", "write the file behind the realm: \"auth_basic REALM FILE\""},
    {"expires", "write \"cache_control\", for example: cache_control max-age=3600"},
    {"fastcgi_pass", "programs run by CGI: write \"cgi\""},
    {"fastcgi_param", "write \"cgi_env\""},
    {"proxy_pass", "this server is no proxy"},
    {"upstream", "this server is no proxy"},
    {"ssl_certificate", "this server speaks HTTP without TLS"},
    {"ssl_certificate_key", "this server speaks HTTP without TLS"},
    {"default_server", "the first server of an address is its default"},
    {"gzip_static", "write \"precompressed gzip\", in a location"},
    {"brotli_static", "write \"precompressed br\", in a location"},
    {"zstd_static", "write \"precompressed zstd\", in a location"},
    {"disable_symlinks", "links may not leave \"root\"; \"symlink_roots\" names exceptions"},
};

}  // namespace

std::string_view ForeignHint(std::string_view name) {
  const auto matches = [&](const ForeignName& foreign) { return foreign.name == name; };
  const auto found = std::find_if(std::begin(kForeignNames), std::end(kForeignNames), matches);
  return found == std::end(kForeignNames) ? std::string_view() : found->hint;
}

}  // namespace brilliant::config
