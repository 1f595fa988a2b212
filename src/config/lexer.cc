#include "config/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "config/limits.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }
constexpr bool EndsBareWord(char c) { return IsBlank(c) || c == '\n' || c == ';' || c == '{' || c == '}'; }
constexpr bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }
constexpr bool IsNameByte(char c) { return IsAlpha(c) || IsDigit(c) || c == '_'; }

// Characters that text processors and web pages put where somebody typed a plain one.
struct Lookalike {
  std::string_view bytes;
  std::string_view name;
  std::string_view hint;
};
constexpr Lookalike kLookalikes[] = {
    {"\xC2\xA0", "a no-break space", "replace it by a plain space"},
    {"\xE3\x80\x80", "an ideographic space", "replace it by a plain space"},
    {"\xE2\x80\x9C", "a typographic quotation mark", "write a plain \""},
    {"\xE2\x80\x9D", "a typographic quotation mark", "write a plain \""},
    {"\xE2\x80\x98", "a typographic quotation mark", "write a plain '"},
    {"\xE2\x80\x99", "a typographic quotation mark", "write a plain '"},
};

}  // namespace

Lexer::Lexer(uint32_t file, Reporter& reporter, Sources& sources, LexerBudget& budget)
    : file_(file), text_(reporter.Text(file)), reporter_(reporter), sources_(sources), budget_(budget) {}

void Lexer::BeginToken() {
  token_column_ += CountColumns(text_.substr(token_start_, offset_ - token_start_));
  token_start_ = offset_;
}

Span Lexer::SpanFrom(size_t offset) const {
  const int column = token_column_ + CountColumns(text_.substr(token_start_, offset - token_start_));
  const int length = CountColumns(text_.substr(offset, offset_ - offset));
  return {.file = file_, .line = line_, .column = column, .length = std::max(length, 1)};
}

Span Lexer::SpanAt(size_t offset) const {
  Span span = SpanFrom(offset);
  span.length = 1;
  return span;
}

std::vector<Token> Lexer::Run() {
  CheckEncoding();
  std::vector<Token> tokens;
  while (true) {
    tokens.push_back(Next());
    if (tokens.back().kind == TokenKind::kEnd) return tokens;
    if (++budget_.tokens > kTokensMax) {
      reporter_.Error(tokens.back().span, fmt::format("the configuration has more than {} words and marks", kTokensMax),
                      "the rest is not read");
      offset_ = text_.size();
    }
  }
}

void Lexer::CheckEncoding() {
  if (LooksAt("\xEF\xBB\xBF")) offset_ = token_start_ = 3;
  if (LooksAt("\xFF\xFE") || LooksAt("\xFE\xFF")) {
    reporter_.Error({.file = file_}, "the file is encoded in UTF-16", "save it as UTF-8");
    offset_ = text_.size();
  }
}

Token Lexer::Next() {
  while (!AtEnd() && IsBlank(text_[offset_])) ++offset_;
  if (LooksAt("#")) {
    while (!AtEnd() && !AtNewline()) ++offset_;
  }
  BeginToken();
  if (AtEnd()) return Mark(TokenKind::kEnd);
  if (AtNewline()) return ReadNewline();
  switch (text_[offset_]) {
    case '{':
      return Mark(TokenKind::kOpen);
    case '}':
      return Mark(TokenKind::kClose);
    case ';':
      return Mark(TokenKind::kSemicolon);
    default:
      return ReadWord();
  }
}

Token Lexer::Mark(TokenKind kind) {
  const size_t start = offset_;
  if (kind != TokenKind::kEnd) ++offset_;
  return {.kind = kind, .span = SpanFrom(start), .text = {}};
}

Token Lexer::ReadNewline() {
  const Token token{.kind = TokenKind::kNewline, .span = SpanFrom(offset_), .text = {}};
  offset_ += LooksAt("\r\n") ? 2 : 1;
  ++line_;
  token_start_ = offset_;
  token_column_ = 1;
  return token;
}

Token Lexer::ReadWord() {
  const size_t start = offset_;
  Token word{.kind = TokenKind::kWord, .span = {}, .text = {}};
  if (text_[offset_] == '"') {
    ReadDoubleQuoted(word);
    CheckAfterQuote(word, start);
  } else if (text_[offset_] == '\'') {
    ReadSingleQuoted(word);
    CheckAfterQuote(word, start);
  } else {
    ReadBare(word);
  }
  word.span = SpanFrom(start);
  if (word.text.size() > kWordBytesMax) {
    word.text.resize(64);
    Fail(word, word.span, fmt::format("a word of more than {} bytes", kWordBytesMax));
  }
  return word;
}

void Lexer::ReadBare(Token& word) {
  const size_t start = offset_;
  while (!AtEnd() && !AtNewline() && !EndsBareWord(text_[offset_])) {
    if (LooksAt("${")) {
      ReadVariable(word);
      continue;
    }
    for (const Lookalike& lookalike : kLookalikes) {
      const bool quote = lookalike.bytes.starts_with('\xE2');
      if (!LooksAt(lookalike.bytes) || (quote && offset_ != start)) continue;
      Fail(word, SpanAt(offset_), fmt::format("{} in a word", lookalike.name), std::string(lookalike.hint));
    }
    if (text_[offset_] == '"' || text_[offset_] == '\'') {
      Fail(word, SpanAt(offset_), "a quotation mark inside a word", "put quotes around the whole word");
    }
    CopyByte(word);
  }
}

void Lexer::ReadDoubleQuoted(Token& word) {
  const size_t start = offset_++;
  while (!AtEnd() && !AtNewline()) {
    if (text_[offset_] == '"') {
      ++offset_;
      return;
    }
    if (text_[offset_] == '\\') {
      ReadEscape(word);
    } else if (LooksAt("${")) {
      ReadVariable(word);
    } else {
      CopyByte(word);
    }
  }
  FailUnclosedQuote(word, start, '"');
}

void Lexer::ReadSingleQuoted(Token& word) {
  const size_t start = offset_++;
  while (!AtEnd() && !AtNewline()) {
    if (text_[offset_] == '\'') {
      ++offset_;
      return;
    }
    CopyByte(word);
  }
  FailUnclosedQuote(word, start, '\'');
}

void Lexer::FailUnclosedQuote(Token& word, size_t start, char quote) {
  Fail(word, SpanAt(start), fmt::format("this {} is not closed on its line", quote),
       fmt::format("a second {} is missing", quote));
}

void Lexer::CopyByte(Token& word) {
  const char c = text_[offset_];
  if (IsControl(c)) {
    Fail(word, SpanAt(offset_), fmt::format("a control character (0x{:02X})", static_cast<unsigned char>(c)),
         "remove it");
  }
  word.text += c;
  ++offset_;
}

// In double quotes: \" and \\ as in the manual; \$ keeps ${ from being a variable; \n \r \t \xHH are for names of files
// that hold such bytes.
void Lexer::ReadEscape(Token& word) {
  const size_t start = offset_++;
  const char c = AtEnd() ? '\n' : text_[offset_];
  constexpr std::string_view kPlain = "\"\\$", kLetters = "nrt", kMeanings = "\n\r\t";
  const size_t letter = kLetters.find(c);
  if (kPlain.find(c) != std::string_view::npos) {
    word.text += c;
    ++offset_;
    return;
  }
  if (letter != std::string_view::npos) {
    word.text += kMeanings[letter];
    ++offset_;
    return;
  }
  const std::string_view digits = text_.substr(offset_).substr(0, 3);
  const bool hexadecimal = digits.size() == 3 && c == 'x' && HexValue(digits[1]) >= 0 && HexValue(digits[2]) >= 0;
  const int value = hexadecimal ? HexValue(digits[1]) * 16 + HexValue(digits[2]) : 0;
  if (value != 0) {
    word.text += static_cast<char>(value);
    offset_ += 3;
    return;
  }
  Fail(word, SpanFrom(start), "an unknown escape in double quotes", "for a backslash write \\\\, or use single quotes");
}

void Lexer::ReadVariable(Token& word) {
  const size_t start = offset_;
  offset_ += 2;
  const size_t name_start = offset_;
  while (!AtEnd() && IsNameByte(text_[offset_])) ++offset_;
  const std::string name(text_.substr(name_start, offset_ - name_start));
  if (name.empty() || IsDigit(name[0]) || !LooksAt("}")) {
    Fail(word, SpanFrom(start), "a variable is written ${NAME}, with letters, digits and _ in its name");
    while (!AtEnd() && !AtNewline() && text_[offset_] != '"' &&
           (text_[offset_] == '}' || !EndsBareWord(text_[offset_]))) {
      if (text_[offset_++] == '}') break;
    }
    return;
  }
  ++offset_;
  const std::optional<std::string> value = sources_.Environment(name);
  if (!value) {
    Fail(word, SpanFrom(start), fmt::format("the environment variable {} is not set", Printable(name)),
         "set it, or write the value here");
    return;
  }
  budget_.expanded_bytes += value->size();
  if (value->size() > kWordBytesMax || budget_.expanded_bytes > kExpandedBytesMax) {
    Fail(word, SpanFrom(start), fmt::format("the value of {} is too long", Printable(name)));
    return;
  }
  if (value->find('\0') != std::string::npos) {
    Fail(word, SpanFrom(start), fmt::format("the value of {} holds a NUL byte", Printable(name)));
    return;
  }
  word.text += *value;
}

void Lexer::CheckAfterQuote(Token& word, size_t start) {
  if (word.broken || AtEnd() || AtNewline() || EndsBareWord(text_[offset_])) return;
  while (!AtEnd() && !AtNewline() && !EndsBareWord(text_[offset_])) ++offset_;
  Fail(word, SpanFrom(start), "text directly behind a closing quotation mark",
       "put the quotes around the whole word, or a blank between two words");
}

void Lexer::Fail(Token& word, const Span& span, std::string message, std::string hint) {
  if (!word.broken) reporter_.Error(span, std::move(message), std::move(hint));
  word.broken = true;
}

}  // namespace brilliant::config
