// The parameters of a query as HTML forms send them (application/x-www-form-urlencoded). Pure.
#ifndef BRILLIANT_HTTP_QUERY_H_
#define BRILLIANT_HTTP_QUERY_H_

#include <optional>
#include <string>
#include <string_view>

namespace brilliant::http {

// The value of the first parameter of that name, decoded: "+" is a space, malformed percent-encoding stays as it is.
// Nothing if there is none; "a" counts as "a=". `name` must need no encoding.
[[nodiscard]] std::optional<std::string> FindParameter(std::string_view query, std::string_view name);

// Appends `text` encoded as such a value.
void AppendParameterValue(std::string& query, std::string_view text);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_QUERY_H_
