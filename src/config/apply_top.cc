#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "config/address.h"
#include "config/apply.h"
#include "config/limits.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

constexpr uint64_t kWorkersMax = 1'024;

struct LevelName {
  std::string_view name;
  LogLevel level;
};
constexpr std::array<LevelName, 5> kLevels = {{{"debug", LogLevel::kDebug},
                                               {"info", LogLevel::kInfo},
                                               {"notice", LogLevel::kNotice},
                                               {"warn", LogLevel::kWarn},
                                               {"error", LogLevel::kError}}};

// The portable names of POSIX (XBD 3.441), and the $ at the end that some systems allow.
bool IsUserName(std::string_view name) {
  const auto is_name_byte = [](char c) {
    return IsAlpha(c) || IsDigit(c) || c == '.' || c == '_' || c == '-' || c == '$';
  };
  return !name.empty() && name[0] != '-' && std::all_of(name.begin(), name.end(), is_name_byte);
}

void ApplyOneType(Builder& builder, const std::string& type, const Word& word) {
  const std::string_view extension = word.text;
  if (extension.starts_with('.') && extension.size() > 1) {
    return builder.reporter.Error(word.span, "file extensions stand here without their dot",
                                  fmt::format("write \"{}\"", Printable(extension.substr(1))));
  }
  if (extension.empty() || extension.find('/') != std::string_view::npos || extension == ".") {
    return builder.reporter.Error(word.span, fmt::format("{} is not a file extension", Quoted(extension)),
                                  "for example: text/html html htm");
  }
  const auto [found, is_new] = builder.config.types.emplace(ToLower(extension), type);
  if (!is_new && found->second != type) {
    builder.reporter.Error(word.span, fmt::format("{} has the type {} already", Quoted(extension), found->second),
                           "remove one of the two");
  }
}

}  // namespace

void ApplyWorkers(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (word.text == "auto") return;
  const Parsed<uint64_t> count = ParseCount(word.text, 1, kWorkersMax);
  if (count) {
    builder.config.workers = static_cast<int>(*count);
  } else {
    builder.Fail(word,
                 {count.error().message, fmt::format("\"auto\", one per core, or a number from 1 to {}", kWorkersMax)});
  }
}

void ApplyUser(Builder& builder, const Directive& directive) {
  for (const Word& word : directive.words) {
    if (IsUserName(word.text)) continue;
    builder.Fail(word, {fmt::format("{} is not a name of a user or group", Quoted(word.text)), ""});
  }
  builder.config.user = directive.words[0].text;
  if (directive.words.size() > 1) builder.config.group = directive.words[1].text;
}

void ApplyPidFile(Builder& builder, const Directive& directive) {
  if (auto path = builder.Path(directive.words[0])) builder.config.pid_file = std::move(*path);
}

void ApplyErrorLog(Builder& builder, const Directive& directive) {
  ErrorLog& log = builder.config.error_log;
  if (const Word& word = directive.words[0]; word.text != "stderr") {
    if (auto path = builder.Path(word)) log.path = std::move(*path);
  }
  if (directive.words.size() < 2) return;
  const Word& word = directive.words[1];
  for (const LevelName& candidate : kLevels) {
    if (candidate.name != word.text) continue;
    log.level = candidate.level;
    return;
  }
  builder.Fail(word, {fmt::format("unknown level {}", Quoted(word.text)), "one of debug, info, notice, warn, error"});
}

void ApplyAccessLog(Builder& builder, const Directive& directive) {
  AccessLog& log = builder.config.access_log;
  const Word& target = directive.words[0];
  if (target.text == "off") {
    log.target = AccessLog::Target::kOff;
  } else if (target.text != "stdout") {
    log.target = AccessLog::Target::kFile;
    if (auto path = builder.Path(target)) log.path = std::move(*path);
  }
  if (directive.words.size() < 2) return;
  const Word& format = directive.words[1];
  if (format.text == "json") {
    log.format = AccessLog::Format::kJson;
  } else if (format.text != "combined") {
    builder.Fail(format, {fmt::format("unknown format {}", Quoted(format.text)), "\"combined\" or \"json\""});
  }
}

// The parser puts the included directives in place of an `include`; only one it can't read as such gets here.
void ApplyInclude(Builder& builder, const Directive& directive) {
  builder.reporter.Error(directive.name.span, "\"include\" takes the name of a file or a pattern",
                         "include sites/*.conf");
}

// A type without extensions on its line has them on the next one: so are some files that come with nginx. A type has a
// "/" in it and an extension has none, so there is no doubt which is which.
void ApplyTypes(Builder& builder, const Directive& directive) {
  const Directive* pending = nullptr;
  std::string type;
  for (const Directive& line : directive.children) {
    if (line.has_block) {
      builder.reporter.Error(line.open, "a types block holds no further blocks",
                             "write for example: text/html html htm");
    }
    if (line.broken || line.has_block) continue;
    const bool continues = pending != nullptr && line.name.text.find('/') == std::string::npos;
    if (continues) {
      ApplyOneType(builder, type, line.name);
    } else {
      if (pending != nullptr)
        builder.reporter.Error(pending->name.span, "no file extension for this type",
                               "for example: text/html html htm");
      auto parsed = builder.Value(line.name, ParseMediaType(line.name.text));
      pending = nullptr;
      if (!parsed) continue;
      type = std::move(*parsed);
    }
    for (const Word& word : line.words) ApplyOneType(builder, type, word);
    pending = !continues && line.words.empty() ? &line : nullptr;
  }
  if (pending != nullptr)
    builder.reporter.Error(pending->name.span, "no file extension for this type", "for example: text/html html htm");
}

void ApplyTrustedProxy(Builder& builder, const Directive& directive) {
  for (const Word& word : directive.words) {
    if (word.text == "unix:") {
      builder.config.unix_proxies_trusted = true;
      continue;
    }
    const auto block = builder.Value(word, ParseAddressBlock(word.text));
    if (!block) continue;
    const int network_bits = block->bits - (block->first.is_ipv4() ? IpAddress::kMappedBits : 0);
    if (network_bits <= 0) {
      builder.reporter.Warning(word.span, "every client may claim to be any other: all addresses are trusted here",
                               "name the addresses of your proxies only");
    }
    if (builder.config.trusted_proxies.blocks().size() >= kTrustedProxiesMax) {
      return builder.Fail(
          word, {fmt::format("more than {} trusted proxies", kTrustedProxiesMax), "write networks, as in 10.0.0.0/8"});
    }
    builder.config.trusted_proxies.Add(*block);
  }
}

void ApplyForwardedField(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  builder.forwarded_field = directive.name.span;
  if (EqualsIgnoreCase(word.text, "Forwarded")) {
    builder.config.forwarded_field = http::ForwardedField::kForwarded;
  } else if (!EqualsIgnoreCase(word.text, "X-Forwarded-For")) {
    builder.Fail(word, {fmt::format("{} is not a field that names clients", Quoted(word.text)),
                        "\"X-Forwarded-For\" or \"Forwarded\""});
  }
}

void ApplyDefaultType(Builder& builder, const Directive& directive) {
  const Word& word = directive.words[0];
  if (auto type = builder.Value(word, ParseMediaType(word.text))) builder.config.default_type = std::move(*type);
}

}  // namespace brilliant::config
