// From tokens to a tree of directives, with included files in place of their `include`. Knows from the table only which
// directives have a block; what they mean is the builder's business. After a missing or surplus brace it guesses from
// the table where the brace should be, so that one mistake gives one message.
#ifndef BRILLIANT_CONFIG_PARSER_H_
#define BRILLIANT_CONFIG_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/directives.h"
#include "config/lexer.h"
#include "config/reporter.h"
#include "config/sources.h"

namespace brilliant::config {

struct Word {
  std::string text;
  Span span;
};

struct Directive {
  Word name;
  std::vector<Word> words;
  std::vector<Directive> children;
  Span open;  // the brace, if has_block
  bool has_block = false;
  bool broken = false;  // a word of it was reported already
};

class Parser {
 public:
  // All references outlive the Parser. `bundle` gives main_path, folder and prefix.
  Parser(Reporter& reporter, Sources& sources, const SourceBundle& bundle)
      : reporter_(reporter), sources_(sources), bundle_(bundle) {}

  // Reads the main file and everything it includes. Call once.
  [[nodiscard]] std::vector<Directive> Run();

 private:
  // The file being parsed. Included files nest.
  struct File {
    std::string path;  // absolute
    std::vector<Token> tokens;
    size_t next = 0;
    size_t unclosed = 0;  // more { than } in the file, by this many
    size_t surplus = 0;   // more } than {
    const File* includer = nullptr;
    int depth = 0;  // of includes
  };
  // The block being parsed.
  struct Block {
    Place place = Place::kTop;
    const Directive* owner = nullptr;  // nullptr: a whole file
    const Block* outer = nullptr;      // in the same file
    int depth = 0;
    bool abandoned = false;  // ended without its }, which was reported
  };

  void ParseFile(File& file, std::string text, const Block& around, std::vector<Directive>& into);
  void ParseBlock(File& file, Block& block, std::vector<Directive>& into);
  void ParseDirective(File& file, const Block& block, std::vector<Directive>& into);
  void ParseBody(File& file, const Block& block, Directive& directive);
  void SkipBody(File& file);
  [[nodiscard]] bool NextIsOpen(const File& file, const Directive& directive, const Block& block) const;
  [[nodiscard]] bool BelongsOutside(const File& file, const Block& block) const;
  [[nodiscard]] std::string DisplayName(const std::string& path) const;

  void Include(File& file, const Block& block, const Word& pattern, std::vector<Directive>& into);
  void IncludeOne(File& file, const Block& block, const Word& pattern, const std::string& path,
                  std::vector<Directive>& into);
  void ReportIncludeFailure(const Word& pattern, const std::string& path, const Error& error);

  Reporter& reporter_;
  Sources& sources_;
  const SourceBundle& bundle_;
  LexerBudget budget_;
  size_t directives_ = 0;
  size_t source_bytes_ = 0;
  size_t included_files_ = 0;
  bool stopped_ = false;  // a limit of the whole configuration was exceeded
};

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_PARSER_H_
