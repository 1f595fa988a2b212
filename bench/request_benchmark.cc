// What every request costs in pure functions: its head, its path, its line in the access log.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "base/check.h"
#include "http/date.h"
#include "http/request_parser.h"
#include "http/target.h"
#include "log/access_log.h"

namespace brilliant {
namespace {

constexpr std::string_view kShortHead = "GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n";
constexpr std::string_view kBrowserHead =
    "GET /articles/2026/index.html?page=2 HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.org/articles/2026/\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; seen=1\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "If-None-Match: \"18a5d1f0c3b2e400-2710\"\r\n"
    "\r\n";

void ParseHead(benchmark::State& state, std::string_view head) {
  http::RequestParser parser{http::HeadLimits{}};
  for (auto round : state) {
    parser.Reset();
    CHECK(parser.Parse(head) == http::ParseStatus::kDone);
    benchmark::DoNotOptimize(parser.head());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(head.size()));
}
BENCHMARK_CAPTURE(ParseHead, Short, kShortHead);
BENCHMARK_CAPTURE(ParseHead, Browser, kBrowserHead);

void NormalizePath(benchmark::State& state, std::string_view path) {
  std::string storage;
  for (auto round : state) {
    auto normal = http::NormalizePath(path, storage);
    CHECK(normal.has_value());
    benchmark::DoNotOptimize(normal);
  }
}
BENCHMARK_CAPTURE(NormalizePath, Plain, std::string_view("/articles/2026/index.html"));
BENCHMARK_CAPTURE(NormalizePath, Encoded, std::string_view("/artikel/./a/../gr%C3%B6%C3%9Fe%20und%20mehr.html"));

void FormatHttpDate(benchmark::State& state) {
  char text[http::kHttpDateBytes];
  int64_t second = 1'767'323'045;
  for (auto round : state) {
    http::FormatHttpDate(second++, text);
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(FormatHttpDate);

void FormatAccessLine(benchmark::State& state, log::AccessFormat format) {
  const log::AccessRecord record{.client = "192.0.2.17",
                                 .user = {},
                                 .time = {.nanoseconds = 1'767'323'045'000'000'000},
                                 .method = "GET",
                                 .target = "/articles/2026/index.html?page=2",
                                 .raw_request_line = {},
                                 .status = 200,
                                 .content_bytes = 10'240,
                                 .referer = "https://www.example.org/articles/2026/",
                                 .user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                                 .host = "www.example.org",
                                 .duration_us = 120,
                                 .connection = 7,
                                 .request_number = 3};
  log::AccessLineFormatter formatter(format);
  std::string line;
  line.reserve(log::kAccessLineBytesMax);
  for (auto round : state) {
    line.clear();
    formatter.Format(record, line);
    benchmark::DoNotOptimize(line.data());
  }
}
BENCHMARK_CAPTURE(FormatAccessLine, Combined, log::AccessFormat::kCombined);
BENCHMARK_CAPTURE(FormatAccessLine, Json, log::AccessFormat::kJson);

}  // namespace
}  // namespace brilliant
