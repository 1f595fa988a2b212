// A configuration from a string, for tests: as if it stood in /etc/brilliant/site.conf.
#ifndef BRILLIANT_CONFIG_LOAD_FOR_TEST_H_
#define BRILLIANT_CONFIG_LOAD_FOR_TEST_H_

#include <string>
#include <utility>

#include "config/loader.h"

namespace brilliant::config {

inline SourceBundle BundleOf(std::string text, std::string prefix = {}) {
  SourceBundle bundle;
  bundle.main_path = "site.conf";
  bundle.folder = "/etc/brilliant";
  bundle.prefix = std::move(prefix);
  bundle.files["/etc/brilliant/site.conf"] = std::move(text);
  return bundle;
}

inline LoadResult LoadText(std::string text, std::string prefix = {}) {
  return LoadBundle(BundleOf(std::move(text), std::move(prefix)));
}

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_LOAD_FOR_TEST_H_
