// What a program (CGI) has taken, for the logs. A plain value.
#ifndef BRILLIANT_LOG_PROGRAM_USE_H_
#define BRILLIANT_LOG_PROGRAM_USE_H_

#include <cstdint>

namespace brilliant::log {

struct ProgramUse {
  // Since the spawner was asked for it.
  uint64_t queue_us = 0;       // until it had a place
  uint64_t start_us = 0;       // until it ran; 0: it never did, or is not known to have
  uint64_t first_byte_us = 0;  // until it printed something; 0: it never did
  uint64_t total_us = 0;       // until it was done with
  // Its end. If it is not known, it was ended because nobody waited for it any more.
  bool end_known = false;
  int exit_code = 0;          // if `signal` is 0
  int signal = 0;             // that ended it
  uint64_t processor_us = 0;  // of the program, and of the children it waited for
  uint64_t memory_kib = 0;    // most at one time
};

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_PROGRAM_USE_H_
