// The whole life of a connection, read top to bottom: wait while idle, then read, answer and send as long as the client
// keeps asking, then close so that no byte sent is lost.
#ifndef BRILLIANT_SERVER_SERVE_CONNECTION_H_
#define BRILLIANT_SERVER_SERVE_CONNECTION_H_

#include <memory>

#include "event/task.h"
#include "server/connection.h"

namespace brilliant::server {

// Requests answered before the answers are sent and other connections get their turn.
inline constexpr int kRequestsPerTurnMax = 16;

// A root task. `connection` has its transport.
[[nodiscard]] event::Task<void> ServeConnection(std::unique_ptr<Connection> connection);

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_SERVE_CONNECTION_H_
