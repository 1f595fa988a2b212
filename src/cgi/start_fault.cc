#include "cgi/start_fault.h"

#include <cerrno>

#include "base/strings.h"

namespace brilliant::cgi {
namespace {

constexpr std::string_view kElf =
    "\x7f"
    "ELF";

StartFault DiagnoseMissing(const ExecFailure& failure) {
  if (failure.has_interpreter) return StartFault::kInterpreterMissing;
  const std::string_view interpreter = ShebangInterpreter(failure.head);
  if (interpreter.ends_with('\r')) return StartFault::kCarriageReturn;
  if (!interpreter.empty()) return StartFault::kInterpreterMissing;
  return failure.head.starts_with(kElf) ? StartFault::kMissingLoader : StartFault::kNotFound;
}

StartFault DiagnoseAccess(const ExecFailure& failure) {
  if (failure.has_interpreter) return StartFault::kInterpreterNotExecutable;
  if (!failure.executable) return StartFault::kNotExecutable;
  if (failure.readable && failure.interpreter_exists) return StartFault::kInterpreterNotExecutable;
  return StartFault::kNotPermitted;
}

}  // namespace

std::string_view ShebangInterpreter(std::string_view head) {
  if (!head.starts_with("#!")) return {};
  head = head.substr(2, head.find('\n') == std::string_view::npos ? head.npos : head.find('\n') - 2);
  while (!head.empty() && (head.front() == ' ' || head.front() == '\t')) head.remove_prefix(1);
  return head.substr(0, head.find_first_of(" \t"));
}

StartFault DiagnoseExec(const ExecFailure& failure) {
  switch (failure.system_errno) {
    case ENOENT:
    case ENOTDIR:
      return DiagnoseMissing(failure);
    case EACCES:
    case EPERM:
      return DiagnoseAccess(failure);
    case ENOEXEC:
      return failure.head.starts_with(kElf) ? StartFault::kWrongArchitecture : StartFault::kNoShebang;
    case ELIBBAD:
      return StartFault::kWrongArchitecture;
    case ETXTBSY:
      return StartFault::kTextBusy;
    case E2BIG:
      return StartFault::kTooLarge;
    default:
      return FaultOfShortage(failure.system_errno);
  }
}

StartFault FaultOfShortage(int system_errno) {
  switch (system_errno) {
    case EAGAIN:
      return StartFault::kProcessLimit;
    case EMFILE:
    case ENFILE:
      return StartFault::kFileLimit;
    case ENOMEM:
      return StartFault::kMemory;
    default:
      return StartFault::kSystem;
  }
}

FaultText DescribeFault(StartFault fault) {
  switch (fault) {
    case StartFault::kNone:
      break;
    case StartFault::kBusy:
      return {503, "all places for programs are taken, and the queue is full",
              "raise cgi_processes or cgi_queue, or find out what keeps the programs so long"};
    case StartFault::kBadOrder:
      return {500, "no rule of the configuration allows this program", "this is a fault of the server: report it"};
    case StartFault::kNotFound:
      return {404, "there is no such script", "put the file there, or mend the link to it"};
    case StartFault::kOutsideRoot:
      return {403, "a symbolic link leads out of the script's root", "name the folder it leads to in symlink_roots"};
    case StartFault::kUploadFolder:
      return {403, "the script lies in a folder that takes uploads: nothing there is ever run", "move it out of there"};
    case StartFault::kNotRegular:
      return {403, "the script is not a regular file", "put a file there"};
    case StartFault::kNotPermitted:
      return {403, "the script may not be run by the user of the server",
              "give that user the right to enter its folders (chmod o+x), and mount the file system without noexec"};
    case StartFault::kNotExecutable:
      return {403, "the script has no execute permission", "chmod +x, or name an interpreter in the configuration"};
    case StartFault::kNotReadable:
      return {403, "the script may not be read by the user of the server", "chmod o+r, or change its owner"};
    case StartFault::kNoShebang:
      return {500, "the file is no program and does not begin with #!",
              "begin it with a line like #!/usr/bin/python3, or name an interpreter in the configuration"};
    case StartFault::kCarriageReturn:
      return {500, "the #! line ends with a carriage return: the file was saved with Windows line ends",
              "save it with Unix line ends (sed -i 's/\\r$//')"};
    case StartFault::kInterpreterMissing:
      return {500, "the script's interpreter does not exist",
              "install it, or mend the #! line or the interpreter directive"};
    case StartFault::kInterpreterNotExecutable:
      return {500, "the script's interpreter may not be run", "mend the #! line, or the permissions of what it names"};
    case StartFault::kWrongArchitecture:
      return {500, "the program was made for another kind of processor", "build it for this machine"};
    case StartFault::kMissingLoader:
      return {500, "the program's dynamic loader does not exist",
              "build it for this system, or install the libraries it was built for (file and ldd tell which)"};
    case StartFault::kTextBusy:
      return {503, "the program is open for writing", "replace it by renaming a finished file over it"};
    case StartFault::kTooLarge:
      return {431, "the request's fields are more than the system lets a program have",
              "send less, or lower head_bytes_max"};
    case StartFault::kProcessLimit:
      return {503, "the system has no process left for the script",
              "raise the limit of processes (ulimit -u, TasksMax)"};
    case StartFault::kFileLimit:
      return {503, "the system has no open files left for the script",
              "raise the limit of open files (ulimit -n, LimitNOFILE)"};
    case StartFault::kMemory:
      return {503, "there is no memory for another process", "add memory, or lower cgi_processes"};
    case StartFault::kOutOfMemory:
      return {502, "the program wanted more memory than cgi_script_memory_max, and was ended by the system",
              "find out what it needs so much for, or raise cgi_script_memory_max"};
    case StartFault::kFolder:
      return {403, "the script's folder may not be entered by the user of the server", "chmod o+x on that folder"};
    case StartFault::kRoot:
      return {500, "the script would run as root", "name another user, or write user root if that is what you want"};
    case StartFault::kSystem:
      return {500, "the system refused to start the script", "see errno"};
  }
  return {500, "", ""};
}

}  // namespace brilliant::cgi
