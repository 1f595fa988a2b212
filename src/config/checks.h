// Checks that look at more than one directive: contradictions, rules that can never match, uploads that could be run.
// Called by the functions of the table once a server, or everything, was read.
#ifndef BRILLIANT_CONFIG_CHECKS_H_
#define BRILLIANT_CONFIG_CHECKS_H_

#include "config/builder.h"

namespace brilliant::config {

// Within one server.
void CheckServer(const Server& server, const ServerNotes& notes, Reporter& reporter);

// Between servers; also makes the options of `listen` the same for all that share an address.
void CheckServers(Builder& builder);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_CHECKS_H_
