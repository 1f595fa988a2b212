// What this server's parsers make of bytes from a client, for comparison with other implementations.
//
// Standard input: cases, each a length (four bytes, most significant first) and that many bytes, which are everything
// that comes over one connection. Standard output: one line of JSON for each. Strings of bytes are in hexadecimal.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_decoder.h"
#include "http/request_parser.h"

namespace {

namespace http = brilliant::http;

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

struct Connection {
  http::RequestParser parser{http::HeadLimits()};
  http::BodyDecoder decoder;
  std::string requests;  // JSON, separated by commas
  std::string_view rest;
  // Why nothing more is read: "closed" after a last request, "incomplete" at the end of input, or "refused".
  const char* end = nullptr;
  http::RequestError error;
};

void Refuse(Connection& connection, const http::RequestError& error) {
  connection.end = "refused";
  connection.error = error;
}

std::string FieldsToJson(const http::RequestHead& head) {
  std::string json;
  for (const http::Field& field : head.fields) {
    json += fmt::format("{}[\"{}\", \"{}\"]", json.empty() ? "" : ", ", Hex(field.name), Hex(field.value));
  }
  return json;
}

// Returns the content as far as it came; sets `end` if it is not whole.
std::string ReadContent(Connection& connection) {
  std::string content;
  while (true) {
    const http::BodyStep step = connection.decoder.Next(connection.rest);
    connection.rest.remove_prefix(step.consumed);
    content += step.content;
    if (step.status == http::BodyStatus::kContent) continue;
    if (step.status == http::BodyStatus::kError) Refuse(connection, connection.decoder.error());
    if (step.status == http::BodyStatus::kNeedMore) connection.end = "incomplete";
    return content;
  }
}

void ReadRequest(Connection& connection) {
  connection.parser.Reset();
  const http::ParseStatus status = connection.parser.Parse(connection.rest);
  if (status == http::ParseStatus::kError) return Refuse(connection, connection.parser.error());
  if (status == http::ParseStatus::kNeedMore) {
    connection.end = "incomplete";
    return;
  }
  const http::RequestHead& head = connection.parser.head();
  connection.rest.remove_prefix(connection.parser.head_bytes());
  connection.decoder.Start(head);
  const std::string content = ReadContent(connection);
  connection.requests +=
      fmt::format(R"({}{{"method": "{}", "target": "{}", "fields": [{}], "content": "{}", "complete": {}}})",
                  connection.requests.empty() ? "" : ", ", Hex(head.method_name), Hex(head.target), FieldsToJson(head),
                  Hex(content), connection.end == nullptr);
  const bool persists = !head.connection_close && (head.version_minor > 0 || head.connection_keep_alive);
  if (connection.end == nullptr && !persists) connection.end = "closed";
}

std::string Describe(std::string_view bytes) {
  Connection connection;
  connection.rest = bytes;
  while (connection.end == nullptr) {
    if (connection.rest.empty()) {
      connection.end = "incomplete";
    } else {
      ReadRequest(connection);
    }
  }
  return fmt::format(R"({{"requests": [{}], "end": "{}", "status": {}, "reason": "{}", "consumed": {}}})",
                     connection.requests, connection.end, connection.error.status, connection.error.reason,
                     bytes.size() - connection.rest.size());
}

// Nothing at the end of input.
std::optional<std::string> ReadCase() {
  unsigned char length[4];
  if (std::fread(length, 1, sizeof(length), stdin) != sizeof(length)) return std::nullopt;
  size_t size = 0;
  for (const unsigned char byte : length) size = size << 8 | byte;
  std::string bytes(size, '\0');
  if (std::fread(bytes.data(), 1, size, stdin) != size) return std::nullopt;
  return bytes;
}

}  // namespace

int main() {
  while (const std::optional<std::string> bytes = ReadCase()) {
    fmt::print("{}\n", Describe(*bytes));
  }
  return std::feof(stdin) != 0 && std::fflush(stdout) == 0 ? 0 : 1;
}
