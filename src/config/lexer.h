// From the text of one file to tokens: words with quotes resolved and ${NAME} replaced, braces, and ends of directives.
// Reports what is no token at all and goes on behind it. Used by the parser only.
#ifndef BRILLIANT_CONFIG_LEXER_H_
#define BRILLIANT_CONFIG_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/reporter.h"
#include "config/sources.h"

namespace brilliant::config {

enum class TokenKind : uint8_t { kWord, kOpen, kClose, kSemicolon, kNewline, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  std::string text;     // of a word
  bool broken = false;  // a word about which something was reported: its text means nothing
};

// What all files of a configuration may use up together.
struct LexerBudget {
  size_t tokens = 0;
  size_t expanded_bytes = 0;
};

class Lexer {
 public:
  // `file` was added to `reporter` before. All references outlive the Lexer.
  Lexer(uint32_t file, Reporter& reporter, Sources& sources, LexerBudget& budget);

  // All tokens of the file; the last one is kEnd.
  [[nodiscard]] std::vector<Token> Run();

 private:
  [[nodiscard]] bool AtEnd() const { return offset_ >= text_.size(); }
  [[nodiscard]] bool LooksAt(std::string_view what) const { return text_.substr(offset_).starts_with(what); }
  [[nodiscard]] bool AtNewline() const { return LooksAt("\n") || LooksAt("\r\n"); }
  // The token begins where the lexer is now.
  void BeginToken();
  // The span from `offset`, in the current token, to where the lexer is now.
  [[nodiscard]] Span SpanFrom(size_t offset) const;
  // The span of one character in the current token.
  [[nodiscard]] Span SpanAt(size_t offset) const;

  void CheckEncoding();
  Token Next();
  Token Mark(TokenKind kind);
  Token ReadNewline();
  Token ReadWord();
  void ReadBare(Token& word);
  void ReadDoubleQuoted(Token& word);
  void ReadSingleQuoted(Token& word);
  void ReadEscape(Token& word);
  void ReadVariable(Token& word);
  void CopyByte(Token& word);
  void CheckAfterQuote(Token& word, size_t start);
  void FailUnclosedQuote(Token& word, size_t start, char quote);
  // Reports once a word.
  void Fail(Token& word, const Span& span, std::string message, std::string hint = {});

  const uint32_t file_;
  const std::string_view text_;
  Reporter& reporter_;
  Sources& sources_;
  LexerBudget& budget_;
  size_t offset_ = 0;
  int line_ = 1;
  // Start of the current token and its column: columns are counted from here, so that a long line stays linear.
  size_t token_start_ = 0;
  int token_column_ = 1;
};

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_LEXER_H_
