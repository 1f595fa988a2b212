// A pipe whose ends are close-on-exec and wait. For whoever talks to another process.
#ifndef BRILLIANT_BASE_DESCRIPTOR_PIPE_H_
#define BRILLIANT_BASE_DESCRIPTOR_PIPE_H_

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant {

struct DescriptorPipe {
  UniqueFd reader;
  UniqueFd writer;
};
[[nodiscard]] Result<DescriptorPipe> MakeDescriptorPipe();

}  // namespace brilliant

#endif  // BRILLIANT_BASE_DESCRIPTOR_PIPE_H_
