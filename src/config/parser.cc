#include "config/parser.h"

#include <fmt/format.h>

#include <utility>

#include "config/limits.h"
#include "config/paths.h"
#include "config/text.h"

namespace brilliant::config {

std::vector<Directive> Parser::Run() {
  std::vector<Directive> tree;
  File file{.path = bundle_.MainFile(), .tokens = {}};
  Result<std::string> text = sources_.ReadFile(file.path);
  if (!text) {
    const uint32_t index = reporter_.AddFile(bundle_.main_path, "");
    reporter_.Error({.file = index}, "the configuration cannot be read: " + ReadErrorText(text.error()));
    return tree;
  }
  ParseFile(file, std::move(*text), Block{}, tree);
  return tree;
}

void Parser::ParseFile(File& file, std::string text, const Block& around, std::vector<Directive>& into) {
  source_bytes_ += text.size();
  const uint32_t index = reporter_.AddFile(DisplayName(file.path), std::move(text));
  file.tokens = Lexer(index, reporter_, sources_, budget_).Run();
  for (const Token& token : file.tokens) {
    if (token.kind == TokenKind::kOpen) ++file.unclosed;
    if (token.kind == TokenKind::kClose) ++file.surplus;
  }
  const size_t balanced = std::min(file.unclosed, file.surplus);
  file.unclosed -= balanced;
  file.surplus -= balanced;

  Block block{.place = around.place, .depth = around.depth};
  while (true) {
    ParseBlock(file, block, into);
    const Token& token = file.tokens[file.next];
    if (token.kind == TokenKind::kEnd) return;
    ++file.next;  // a } that closes nothing
    if (!stopped_)
      reporter_.Error(token.span, "this \"}\" closes nothing", "remove it, or look for a missing \"{\" above");
  }
}

// The name of a file in messages: as the user would find it, starting from what they typed.
std::string Parser::DisplayName(const std::string& path) const {
  if (path == bundle_.MainFile()) return bundle_.main_path;
  const size_t outside = bundle_.folder == "/" ? 1 : bundle_.folder.size() + 1;
  if (!IsWithin(path, bundle_.folder) || path.size() <= outside || bundle_.main_path.starts_with('/')) return path;
  const std::string_view inside = std::string_view(path).substr(outside);
  const size_t slash = bundle_.main_path.rfind('/');
  return slash == std::string::npos ? std::string(inside)
                                    : bundle_.main_path.substr(0, slash + 1) + std::string(inside);
}

// Stops before the } or the end of the file.
void Parser::ParseBlock(File& file, Block& block, std::vector<Directive>& into) {
  while (true) {
    const Token& token = file.tokens[file.next];
    switch (token.kind) {
      case TokenKind::kNewline:
        ++file.next;
        break;
      case TokenKind::kEnd:
      case TokenKind::kClose:
        return;
      case TokenKind::kSemicolon:
        reporter_.Error(token.span, "this \";\" ends nothing", "remove it");
        ++file.next;
        break;
      case TokenKind::kOpen:
        reporter_.Error(token.span, "a block without a name", "write for example: server {");
        SkipBody(file);
        break;
      case TokenKind::kWord:
        if (BelongsOutside(file, block)) {
          --file.unclosed;
          block.abandoned = true;
          const std::string hint = fmt::format("a \"}}\" is missing before line {}", token.span.line);
          reporter_.Error(block.owner->name.span,
                          fmt::format("the block of {} is not closed", Quoted(block.owner->name.text)), hint);
          return;
        }
        ParseDirective(file, block, into);
        break;
    }
  }
}

// In a file with too few }: does the next directive only make sense outside of this block?
bool Parser::BelongsOutside(const File& file, const Block& block) const {
  if (file.unclosed == 0 || block.owner == nullptr || block.place == Place::kNowhere) return false;
  const std::string& name = file.tokens[file.next].text;
  const bool extension = file.tokens[file.next + 1].text.starts_with('.');
  const auto fits = [&](Place place) {
    const DirectiveRow* row = FindDirective(name, place);
    return row != nullptr && (name != "cgi" || extension == (row->block != Place::kNowhere));
  };
  if (fits(block.place)) return false;
  for (const Block* outer = block.outer; outer != nullptr; outer = outer->outer) {
    if (fits(outer->place)) return true;
  }
  return false;
}

void Parser::ParseDirective(File& file, const Block& block, std::vector<Directive>& into) {
  Directive directive;
  for (; file.tokens[file.next].kind == TokenKind::kWord; ++file.next) {
    Token& token = file.tokens[file.next];
    directive.broken |= token.broken;
    Word word{std::move(token.text), token.span};
    if (directive.name.span.line == 0) {
      directive.name = std::move(word);
    } else {
      directive.words.push_back(std::move(word));
    }
  }
  if (++directives_ > kDirectivesMax && !stopped_) {
    stopped_ = true;
    reporter_.Error(directive.name.span, fmt::format("the configuration has more than {} directives", kDirectivesMax),
                    "the rest is not read");
  }
  if (stopped_) {
    file.next = file.tokens.size() - 1;
    return;
  }
  if (NextIsOpen(file, directive, block)) {
    ParseBody(file, block, directive);
  } else if (file.tokens[file.next].kind == TokenKind::kSemicolon) {
    ++file.next;
  }
  const bool include = directive.name.text == "include" && block.place != Place::kNowhere;
  if (include && directive.words.size() == 1 && !directive.has_block) {
    if (!directive.broken) Include(file, block, directive.words[0], into);
    return;
  }
  into.push_back(std::move(directive));
}

// Is there a block? Its { may come after ends of lines. In a file with too many }, a directive that needs a block and
// has none has lost its {.
bool Parser::NextIsOpen(const File& file, const Directive& directive, const Block& block) const {
  size_t next = file.next;
  while (file.tokens[next].kind == TokenKind::kNewline) ++next;
  if (file.tokens[next].kind == TokenKind::kOpen) return true;
  const DirectiveRow* row = FindDirective(directive.name.text, block.place);
  const bool lost = file.surplus > 0 && row != nullptr && row->block != Place::kNowhere;
  return lost && file.tokens[file.next].kind == TokenKind::kNewline;
}

void Parser::ParseBody(File& file, const Block& block, Directive& directive) {
  const size_t start = file.next;
  while (file.tokens[file.next].kind == TokenKind::kNewline) ++file.next;
  directive.has_block = true;
  if (file.tokens[file.next].kind == TokenKind::kOpen) {
    directive.open = file.tokens[file.next++].span;
  } else {
    --file.surplus;
    directive.open = file.tokens[start].span;
    reporter_.Error(file.tokens[start].span, fmt::format("the block of {} is not opened", Quoted(directive.name.text)),
                    "a \"{\" is missing here");
  }
  if (block.depth >= kBlockDepthMax) {
    reporter_.Error(directive.open, fmt::format("more than {} blocks in each other", kBlockDepthMax));
    --file.next;
    SkipBody(file);
    return;
  }
  const DirectiveRow* row = FindDirective(directive.name.text, block.place);
  Block inner{.place = row == nullptr ? Place::kNowhere : row->block,
              .owner = &directive,
              .outer = &block,
              .depth = block.depth + 1};
  ParseBlock(file, inner, directive.children);
  const Token& token = file.tokens[file.next];
  if (inner.abandoned) return;
  if (token.kind == TokenKind::kClose) {
    ++file.next;
  } else if (!stopped_) {
    if (file.unclosed > 0) --file.unclosed;
    reporter_.Error(directive.open, fmt::format("the block of {} is not closed", Quoted(directive.name.text)),
                    "its \"}\" is missing");
  }
}

// From a { to behind its }, without looking at what is in it.
void Parser::SkipBody(File& file) {
  size_t open = 0;
  for (;; ++file.next) {
    const TokenKind kind = file.tokens[file.next].kind;
    if (kind == TokenKind::kEnd) return;
    if (kind == TokenKind::kOpen) ++open;
    if (kind == TokenKind::kClose && --open == 0) break;
  }
  ++file.next;
}

void Parser::Include(File& file, const Block& block, const Word& pattern, std::vector<Directive>& into) {
  const std::string folder(ParentPath(file.path));
  const Parsed<std::string> path = ResolvePath(pattern.text, folder, bundle_.prefix);
  if (!path) return reporter_.Error(pattern.span, path.error().message, path.error().hint);
  if (file.depth >= kIncludeDepthMax) {
    return reporter_.Error(pattern.span, fmt::format("more than {} files include each other", kIncludeDepthMax));
  }
  if (!IsPattern(pattern.text)) return IncludeOne(file, block, pattern, *path, into);

  // What comes from the text is the pattern; the folder before it is not.
  const std::string& base = pattern.text.starts_with('/') ? bundle_.prefix : folder;
  const bool below = IsWithin(*path, base) && base != "/" && !base.empty();
  const std::string glob = below ? EscapePattern(base) + path->substr(base.size()) : *path;
  const Result<std::vector<std::string>> paths = sources_.Glob(glob);
  if (!paths) return ReportIncludeFailure(pattern, *path, paths.error());
  for (const std::string& found : *paths) {
    if (stopped_) return;
    IncludeOne(file, block, pattern, found, into);
  }
}

void Parser::IncludeOne(File& file, const Block& block, const Word& pattern, const std::string& path,
                        std::vector<Directive>& into) {
  for (const File* includer = &file; includer != nullptr; includer = includer->includer) {
    if (includer->path != path) continue;
    const std::string message =
        includer == &file
            ? "this file includes itself"
            : fmt::format("includes go round in a circle: {} is being read already", Printable(DisplayName(path)));
    return reporter_.Error(pattern.span, message, "remove the include, or name the files more exactly");
  }
  Result<std::string> text = sources_.ReadFile(path);
  if (!text) return ReportIncludeFailure(pattern, path, text.error());
  if (++included_files_ > kIncludeFilesMax || source_bytes_ + text->size() > kSourceBytesMax) {
    if (!std::exchange(stopped_, true)) {
      reporter_.Error(
          pattern.span,
          fmt::format("more than {} included files, or {} MiB of them", kIncludeFilesMax, kSourceBytesMax >> 20),
          "the rest is not read");
    }
    return;
  }
  File included{.path = path, .tokens = {}, .includer = &file, .depth = file.depth + 1};
  ParseFile(included, std::move(*text), block, into);
}

void Parser::ReportIncludeFailure(const Word& pattern, const std::string& path, const Error& error) {
  reporter_.Error(pattern.span, fmt::format("{} cannot be read: {}", Quoted(path), ReadErrorText(error)));
}

}  // namespace brilliant::config
