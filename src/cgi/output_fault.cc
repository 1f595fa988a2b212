#include "cgi/output_fault.h"

#include <fmt/format.h>

namespace brilliant::cgi {
namespace {

std::string Excerpt(std::string_view line) {
  std::string excerpt;
  for (const char c : line) {
    const bool is_printable = c >= 0x20 && c < 0x7f;
    const size_t size = is_printable ? 1 : 4;
    if (excerpt.size() + size > kExcerptBytesMax) return excerpt + "...";
    if (is_printable) {
      excerpt += c;
    } else {
      excerpt += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return excerpt;
}

}  // namespace

OutputFault MakeFault(OutputFaultKind kind, uint64_t line, uint64_t offset, const char* reason,
                      std::string_view line_text) {
  return OutputFault{.kind = kind, .line = line, .offset = offset, .reason = reason, .excerpt = Excerpt(line_text)};
}

const char* RemedyFor(OutputFaultKind kind) {
  switch (kind) {
    case OutputFaultKind::kNoOutput:
      return "a script must print at least one field, such as \"Content-Type: text/plain\", and an empty line; "
             "if it failed, the error log may have what it wrote to standard error";
    case OutputFaultKind::kEndInsideHead:
      return "a script must print an empty line after its fields, also if there is no content; "
             "if it failed half-way, the error log may have what it wrote to standard error";
    case OutputFaultKind::kNoFields:
      return "a script must print at least one field, such as \"Content-Type: text/plain\", before the empty line";
    case OutputFaultKind::kNotAField:
      return "a script must print its fields, then an empty line, before its content; "
             "messages for its author belong on standard error";
    case OutputFaultKind::kBadValue:
      return "print values without control characters; text from outside must not bring line ends into a field";
    case OutputFaultKind::kHeadTooLarge:
      return "print an empty line after the fields, and fewer or shorter fields";
    case OutputFaultKind::kTooManyFields:
      return "print an empty line after the fields, and fewer fields";
    case OutputFaultKind::kNoCgiField:
      return "a script must print Content-Type, or, if it has no content, Status or Location";
    case OutputFaultKind::kDuplicateField:
      return "print that field once";
    case OutputFaultKind::kBadStatus:
      return "print three digits from 200 to 599, then a phrase if you like: \"Status: 404 Not Found\"";
    case OutputFaultKind::kBadLocation:
      return "print a path that begins with \"/\", a whole URI such as \"https://example.com/\", "
             "or a relative one together with \"Status: 302 Found\"";
    case OutputFaultKind::kBadStatusLine:
      return "a script whose name begins with \"nph-\" must print \"HTTP/1.1 200 OK\" as its first line; "
             "without that prefix in its name, it prints fields only";
    case OutputFaultKind::kBadCoding:
      return "print the content as it is; the server marks its end";
  }
  return "";
}

std::string Describe(const OutputFault& fault) {
  if (fault.kind == OutputFaultKind::kNoOutput) return fault.reason;
  const std::string quoted = fault.excerpt.empty() ? "" : fmt::format(": \"{}\"", fault.excerpt);
  return fmt::format("line {}, byte {}: {}{}", fault.line, fault.offset, fault.reason, quoted);
}

}  // namespace brilliant::cgi
