// For tests and fuzzing: a whole worker without sockets, clocks or threads. A TestServer has the loop, the logs, the
// router and everything else a connection needs; a TestClient is the other end of one connection. Time stands still
// until Advance. Uses neither gtest nor the network.
#ifndef BRILLIANT_SERVER_TESTING_H_
#define BRILLIANT_SERVER_TESTING_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "event/fake_loop.h"
#include "http/status.h"
#include "net/fake_transport.h"
#include "server/connection.h"
#include "server/router.h"
#include "server/serve_connection.h"
#include "server/worker_context.h"

namespace brilliant::server {

// One answer as a client understands it.
struct TestAnswer {
  int status = 0;
  std::string head;  // status line and fields, each with its CR LF
  std::string body;  // decoded
  bool complete = true;
  bool until_close = false;  // nothing but the connection's end marks the body's

  // The value of the only field of that name; nothing if there is none or more than one.
  [[nodiscard]] std::optional<std::string> Field(std::string_view name) const {
    std::optional<std::string> value;
    for (size_t line = head.find("\r\n") + 2; line < head.size(); line = head.find("\r\n", line) + 2) {
      const std::string_view text = std::string_view(head).substr(line, head.find("\r\n", line) - line);
      const size_t colon = text.find(": ");
      if (colon == std::string_view::npos || !EqualsIgnoreCase(text.substr(0, colon), name)) continue;
      if (value) return std::nullopt;
      value = text.substr(colon + 2);
    }
    return value;
  }
  [[nodiscard]] bool closes() const { return Field("Connection") == "close"; }
};

// Takes the chunked body at the front of `bytes`; false: it is malformed.
inline bool TakeChunks(std::string_view& bytes, TestAnswer& answer) {
  while (true) {
    const size_t line_end = bytes.find("\r\n");
    answer.complete = line_end != std::string_view::npos;
    if (!answer.complete) {
      const bool may_be_size = bytes.size() < 20;
      bytes = {};
      return may_be_size;
    }
    size_t size = 0;
    for (const char c : bytes.substr(0, line_end)) {
      if (HexValue(c) < 0) return false;
      size = size * 16 + static_cast<size_t>(HexValue(c));
    }
    bytes.remove_prefix(line_end + 2);
    answer.complete = bytes.size() >= size + 2;
    answer.body += bytes.substr(0, size);
    if (!answer.complete) {
      bytes = {};
      return true;
    }
    if (bytes.substr(size, 2) != "\r\n") return false;
    bytes.remove_prefix(size + 2);
    if (size == 0) return true;
  }
}

// Takes one answer, interim ones too, from the front of what a server has sent. Nothing if there is no whole head, or
// something that is no HTTP.
inline std::optional<TestAnswer> TakeAnswer(std::string_view& bytes, bool to_head_request = false) {
  const size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos || !bytes.starts_with("HTTP/1.1 ") || head_end < 13) return std::nullopt;
  TestAnswer answer;
  answer.head = bytes.substr(0, head_end + 2);
  answer.status = static_cast<int>(ParseDecimal(bytes.substr(9, 3)).value_or(0));
  bytes.remove_prefix(head_end + 4);
  if (!http::IsValidStatus(answer.status) || answer.head[12] != ' ') return std::nullopt;
  if (to_head_request || http::HasNoContent(answer.status)) return answer;

  const std::optional<std::string> length = answer.Field("Content-Length");
  if (answer.Field("Transfer-Encoding") == "chunked") {
    if (length || !TakeChunks(bytes, answer)) return std::nullopt;
    return answer;
  }
  answer.until_close = !length;
  const uint64_t size = length ? ParseDecimal(*length).value_or(UINT64_MAX) : bytes.size();
  answer.complete = size <= bytes.size();
  answer.body = bytes.substr(0, size);
  bytes.remove_prefix(answer.body.size());
  return answer;
}

// The client's end of one connection. Belongs to its TestServer.
class TestClient {
 public:
  TestClient(event::FakePoller& poller, int number) : poller_(poller), fd_(number) {}

  // What the server's next read gets; nothing happens before TestServer::Run.
  void Send(std::string_view bytes) {
    peer.input.emplace_back(bytes);
    Report({.readable = true});
  }
  // The client sends no more (FIN).
  void End() {
    peer.input_ended = true;
    Report({.readable = true, .input_ended = true});
  }
  // The connection is gone in both directions.
  void Reset() {
    peer.reset = true;
    Report({.readable = true, .writable = true, .input_ended = true, .hangup = true});
  }
  // Has taken everything, so that there is room again for what the server sends.
  void TakeMore() {
    peer.unsent_bytes = 0;
    Report({.writable = true});
  }
  // Takes a little, too little for the kernel to have the server go on.
  void TakeSome(uint64_t bytes) { peer.unsent_bytes -= bytes; }

  [[nodiscard]] bool closed() const { return peer.destroyed; }
  [[nodiscard]] int fd() const { return fd_; }

  // Everything received since the last Take.
  [[nodiscard]] std::string Take() { return std::exchange(peer.output, {}); }
  // The next answer in what was received.
  [[nodiscard]] TestAnswer TakeOne(bool to_head_request = false) {
    std::string_view rest = peer.output;
    const std::optional<TestAnswer> answer = TakeAnswer(rest, to_head_request);
    peer.output = std::string(rest);
    return answer.value_or(TestAnswer{});
  }

  net::FakePeer peer;

 private:
  void Report(const event::PollEvent& event) {
    if (!closed()) poller_.Report(fd_, event);
  }

  event::FakePoller& poller_;
  const int fd_;
};

// A file without a name, to read logs from.
class TestLogFile {
 public:
  TestLogFile() {
    const char* folder = std::getenv("TMPDIR");
    std::string path = std::string(folder == nullptr ? "/tmp" : folder) + "/brilliant-log-XXXXXX";
    fd_.Reset(mkostemp(path.data(), O_CLOEXEC | O_APPEND));
    CHECK(fd_.valid() && unlink(path.c_str()) == 0);
  }
  [[nodiscard]] UniqueFd Duplicate() const { return UniqueFd(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)); }
  [[nodiscard]] std::string Text() const {
    struct stat status{};
    CHECK(fstat(fd_.get(), &status) == 0);
    std::string text(static_cast<size_t>(status.st_size), '\0');
    CHECK(pread(fd_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  UniqueFd fd_;
};

class TestServer {
 public:
  // One server on 127.0.0.1:80 with the location "/", whose files are those below `root`.
  explicit TestServer(const std::string& root) {
    config::Server& server = config.servers.emplace_back();
    config::ListenAddress& address = server.listens.emplace_back().address;
    address.host = "127.0.0.1";
    address.port = 80;
    server.names = {""};
    AddLocation("/").root = root;
  }
  ~TestServer() {
    if (!worker_) return;
    worker_->context.scope.Cancel(ErrorCode::kCancelled);
    while (!worker_->context.connection_tasks.empty()) loop.Turn();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  config::Location& AddLocation(std::string path) {
    config::Location& location = config.servers.front().locations.emplace_back();
    location.path = std::move(path);
    return location;
  }

  // A new connection, which the server has not looked at yet. The first one freezes `config` and `access_format`.
  TestClient& Connect(std::string_view peer_host = "192.0.2.7") {
    constexpr int kFirstNumber = 1000;  // no descriptor of this process
    const int number = kFirstNumber + static_cast<int>(clients_.size());
    const net::SocketAddress peer = peer_host == "unix:"
                                        ? net::SocketAddress::FromUnixPath("/run/x").value_or(net::SocketAddress())
                                        : net::SocketAddress::FromIp(peer_host, 4711).value_or(net::SocketAddress());
    auto connection = std::make_unique<Connection>(context(), Hosts(), peer);
    TestClient& client = clients_.emplace_back(*loop.poller, number);
    connection->Adopt(std::make_unique<net::FakeTransport>(loop.loop, connection->scope(), number, client.peer));
    CHECK(connection->transport().waitable().Register());
    last_connection = connection.get();
    loop.loop.Spawn(ServeConnection(std::move(connection)), context().connection_tasks);
    return client;
  }

  // A new connection that sends `request`, and what came of it.
  TestClient& Ask(std::string_view request) {
    TestClient& client = Connect();
    client.Send(request);
    Run();
    return client;
  }

  // Turns until nothing happens any more.
  void Run() {
    constexpr int kQuietTurns = 64;  // loads that go through the pool are not seen from here
    for (int quiet = 0; quiet < kQuietTurns;) {
      const size_t before = Progress();
      loop.Turn();
      quiet = Progress() == before ? quiet + 1 : 0;
    }
  }
  void Advance(std::chrono::nanoseconds by) {
    loop.time.Advance(by);
    Run();
  }
  // As Worker::Drain does it.
  void Drain() {
    context().draining = true;
    for (Connection* idle = context().idle_connections.front(); idle != nullptr;
         idle = context().idle_connections.Next(*idle)) {
      idle->timer.Start(context().drain_idle);
    }
  }

  WorkerContext& context() {
    if (!worker_) worker_.emplace(*this);
    return worker_->context;
  }
  // Lets `handler` answer every request below "/" of connections made from now on, whatever the method.
  void ServeWith(std::unique_ptr<handlers::Handler> handler, uint64_t body_max = UINT64_MAX) {
    auto route = std::make_unique<Route>();
    route->path = "/";
    route->methods = {http::Method::kGet,    http::Method::kHead,    http::Method::kPost, http::Method::kPut,
                      http::Method::kDelete, http::Method::kOptions, http::Method::kPatch};
    route->any_method = true;
    route->body_max = body_max;
    route->handler = std::move(handler);
    context();
    worker_->own_host.Add(std::move(route));
    worker_->own_hosts.Add(worker_->own_host, {});
  }
  // The same for a part of it. After ServeWith.
  void AddRoute(std::unique_ptr<Route> route) { worker_->own_host.Add(std::move(route)); }
  // After ServeWith: connections made from now on begin with a proxy's header.
  void SetProxyProtocol() { worker_->own_hosts.set_proxy_protocol(true); }
  [[nodiscard]] const log::Counters& counters() { return context().counters; }
  [[nodiscard]] const ListenerHosts& Hosts() {
    context();
    if (worker_->own_host.Match("/") != nullptr) return worker_->own_hosts;
    return *worker_->router.ForListener("127.0.0.1:80");
  }
  [[nodiscard]] std::string AccessLines() {
    worker_->access_log.Flush();
    Run();
    return worker_->access_file.Text();
  }
  [[nodiscard]] std::string ErrorLines() {
    worker_->error_log.Flush();
    Run();
    return worker_->error_file.Text();
  }

  config::Config config;
  log::AccessFormat access_format = log::AccessFormat::kCombined;
  event::FakeLoop loop;
  Connection* last_connection = nullptr;  // alive as long as its client is not closed()

 private:
  struct Worker {
    explicit Worker(TestServer& test)
        : error_log(test.loop.loop, error_file.Duplicate(), log::Level::kDebug),
          access_log(test.loop.loop, access_file.Duplicate(), test.access_format, error_log),
          files(test.loop.loop, test.config.limits.file_cache_bytes),
          router(test.config, error_log),
          own_host(config::Server(), RuleNumbers(), types, error_log),
          context(test.loop.loop, test.config, files, access_log, error_log) {}
    TestLogFile error_file;
    TestLogFile access_file;
    log::ErrorLog error_log;
    log::AccessLog access_log;
    files::FileStore files;
    Router router;
    files::MimeTypes types{{}, "application/octet-stream"};
    VirtualHost own_host;
    ListenerHosts own_hosts;
    WorkerContext context;
  };

  // A number that changes whenever a connection reads, writes or ends.
  [[nodiscard]] size_t Progress() const {
    size_t sum = 0;
    for (const TestClient& client : clients_) {
      sum += client.peer.output.size() + (client.closed() ? 1 : 0) + (client.peer.write_shut ? 1 : 0);
      sum += static_cast<size_t>(client.peer.writes) << 32;
      for (const std::string& piece : client.peer.input) sum -= piece.size();
    }
    return sum;
  }

  std::deque<TestClient> clients_;
  std::optional<Worker> worker_;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_TESTING_H_
