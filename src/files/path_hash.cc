#include "files/path_hash.h"

#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"

namespace brilliant::files {

HashKey RandomHashKey() {
  HashKey key;
  CHECK(getentropy(&key, sizeof(key)) == 0);
  return key;
}

}  // namespace brilliant::files
