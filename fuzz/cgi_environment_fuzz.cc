// The input is what a client sent. The environment that a script would get from it holds nothing it must not, and is
// the same after it was sent to another process. The input is also taken for such bytes themselves.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cgi/environment.h"
#include "cgi/meta_variables.h"
#include "cgi/script_path.h"
#include "cgi/search_words.h"
#include "http/request_parser.h"
#include "http/target.h"

namespace {

using brilliant::Result;
using brilliant::cgi::Environment;
using brilliant::cgi::MetaVariables;
using brilliant::cgi::RequestFacts;
using brilliant::cgi::ScriptSplit;
using brilliant::http::RequestHead;

// What a client may decide, beside the fields of IsFieldVariable.
constexpr auto kFromTheRequest = std::to_array<std::string_view>(
    {"CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "REQUEST_METHOD", "REQUEST_URI",
     "SCRIPT_FILENAME", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PROTOCOL"});
constexpr auto kFromTheServer =
    std::to_array<std::string_view>({"DOCUMENT_ROOT", "GATEWAY_INTERFACE", "REDIRECT_STATUS", "REMOTE_ADDR",
                                     "REMOTE_HOST", "REQUEST_SCHEME", "SERVER_PORT", "SERVER_SOFTWARE", "PATH"});
constexpr auto kForbidden = std::to_array<std::string_view>(
    {"HTTP_AUTHORIZATION", "HTTP_CONNECTION", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_EXPECT", "HTTP_HTTPS",
     "HTTP_KEEP_ALIVE", "HTTP_PROXY", "HTTP_PROXY_AUTHORIZATION", "HTTP_SESSION", "HTTP_TE", "HTTP_TRAILER",
     "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE"});

bool Holds(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void CheckRoundTrip(const Environment& environment) {
  const Result<Environment> decoded = Environment::Decode(environment.bytes());
  CHECK(decoded.has_value() && *decoded == environment && decoded->size() == environment.size());
  CHECK(environment.bytes().size() <= Environment::kBytesMax && environment.size() <= Environment::kVariablesMax);
  for (size_t i = 0; i < environment.size(); ++i) {
    const Environment::Variable variable = environment[i];
    CHECK(brilliant::cgi::IsVariableName(variable.name));
    CHECK(variable.assignment.find('\0') == std::string_view::npos);
    CHECK(environment.Find(variable.name) == variable.value);
  }
}

void CheckVariables(const MetaVariables& made, const RequestHead& head) {
  size_t from_fields = 0;
  for (size_t i = 0; i < made.environment.size(); ++i) {
    const std::string_view name = made.environment[i].name;
    CHECK(!Holds(kForbidden, name));
    if (name.starts_with("HTTP_")) {
      ++from_fields;
    } else {
      CHECK(Holds(kFromTheRequest, name) || Holds(kFromTheServer, name));
    }
  }
  CHECK(from_fields <= head.fields.size() + 1);
  for (const char* name : {"QUERY_STRING", "REMOTE_ADDR", "REQUEST_METHOD", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT",
                           "SERVER_PROTOCOL", "SERVER_SOFTWARE", "GATEWAY_INTERFACE"}) {
    CHECK(made.environment.Contains(name));
  }
  CHECK(made.environment.Find("PATH") == "/bin");
  for (const char c : made.environment.Find("SERVER_NAME")) {
    CHECK(c > 0x20 && c < 0x7f && std::string_view("\"'$&();<>`|\\").find(c) == std::string_view::npos);
  }
  for (const std::string& word : brilliant::cgi::SearchWords(head.method, head.query)) {
    CHECK(!word.empty() && word.front() != '-' && word.find('\0') == std::string::npos);
  }
}

void CheckRequest(const RequestHead& head) {
  std::string storage;
  const auto path = brilliant::http::NormalizePath(head.path, storage);
  if (!path) return;
  const std::vector<std::string> extensions = {".p", "x"};
  ScriptSplit split{.script_name = *path};
  brilliant::cgi::ScriptSplitReader splits(*path, extensions);
  if (splits.Next(split)) CHECK(std::string(split.script_name) + std::string(split.path_info) == *path);

  const std::string path_translated = "/srv" + std::string(split.path_info);
  const RequestFacts facts{.script_name = split.script_name,
                           .path_info = split.path_info,
                           .script_filename = *path,
                           .path_translated = path_translated,
                           .document_root = "/srv",
                           .server_name = "localhost",
                           .server_port = 80,
                           .remote_address = "192.0.2.1",
                           .content_length = head.content_length,
                           .server_software = "s"};
  const std::vector<std::pair<std::string, std::string>> configured = {{"PATH", "/bin"}};
  const auto made = brilliant::cgi::MakeMetaVariables(head, facts, {.configured = configured});
  CHECK(made.has_value());
  CheckRoundTrip(made->environment);
  CheckVariables(*made, head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 2048));
  const Result<Environment> received = Environment::Decode(input);
  if (received) {
    CHECK(received->bytes() == input);
    CheckRoundTrip(*received);
  }
  brilliant::http::RequestParser parser({.head_bytes_max = 1024, .target_bytes_max = 256, .fields_max = 16});
  if (!input.empty() && parser.Parse(input) == brilliant::http::ParseStatus::kDone) CheckRequest(parser.head());
  return 0;
}
