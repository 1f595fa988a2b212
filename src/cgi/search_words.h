// The command line of a program from a query without "=" (RFC 3875 section 4.4). Off unless the configuration asks for
// it: arguments from the network have been the fault of more than one interpreter. Pure.
#ifndef BRILLIANT_CGI_SEARCH_WORDS_H_
#define BRILLIANT_CGI_SEARCH_WORDS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/method.h"

namespace brilliant::cgi {

inline constexpr size_t kSearchWordsMax = 64;
inline constexpr size_t kSearchBytesMax = 4096;  // of the query

// The words of `query`, raw and without "?": split at "+", then percent-decoded. None for other methods than GET and
// HEAD, if there is an unencoded "=", and also if a single word can't be passed on: then there is no command line at
// all (the RFC allows nothing between). That is the case beyond a limit, for a byte that is not of the RFC's grammar,
// an empty word, a control character, and for a word that begins with a hyphen once it is decoded: it would be read as
// an option. A soft hyphen (Latin-1 or UTF-8) counts as one.
[[nodiscard]] std::vector<std::string> SearchWords(http::Method method, std::string_view query);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_SEARCH_WORDS_H_
