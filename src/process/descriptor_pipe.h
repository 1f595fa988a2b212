// A pipe whose ends are close-on-exec. For whoever starts a process and wants to hear from it.
#ifndef BRILLIANT_PROCESS_DESCRIPTOR_PIPE_H_
#define BRILLIANT_PROCESS_DESCRIPTOR_PIPE_H_

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::process {

struct DescriptorPipe {
  UniqueFd reader;
  UniqueFd writer;
};
[[nodiscard]] Result<DescriptorPipe> MakeDescriptorPipe();

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_DESCRIPTOR_PIPE_H_
