// The reference page of the configuration, written from the table of directives. Printed by `brilliantserver
// --directives`; docs/directives.md is a copy, which a test keeps equal.
#ifndef BRILLIANT_CONFIG_REFERENCE_H_
#define BRILLIANT_CONFIG_REFERENCE_H_

#include <string>

namespace brilliant::config {

// Markdown, ending in a newline.
[[nodiscard]] std::string DirectiveReference();

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_REFERENCE_H_
