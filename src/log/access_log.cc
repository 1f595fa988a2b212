#include "log/access_log.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>

#include "log/escape.h"

namespace brilliant::log {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr size_t kBuffersMax = 16;

constexpr size_t kEscapedByteMax = 6;       // \u00HH
constexpr size_t kValueFrameBytesMax = 32;  // name, quotes, "..."
constexpr size_t kNumbersBytesMax = 256;    // time, status, counts and their names
constexpr size_t kProgramBytesMax = 320;    // a program's numbers and their names
static_assert(kEscapedByteMax * (kLoggedTargetBytesMax + 6 * kLoggedValueBytesMax) + 8 * kValueFrameBytesMax +
                  kNumbersBytesMax + kProgramBytesMax <=
              kAccessLineBytesMax);

// Where a value stands decides what is special and how that is written.
enum class Style : uint8_t {
  kQuoted,  // Combined, between quotes
  kWord,    // Combined, ended by a blank
  kJson,
};

template <Style kStyle>
constexpr bool IsPlain(char c) {
  constexpr char kFirst = kStyle == Style::kWord ? 0x21 : 0x20;
  return c >= kFirst && c < 0x7f && c != '"' && c != '\\';
}

// All eight bytes are plain.
template <Style kStyle>
bool ArePlain(uint64_t bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](uint64_t word) { return (word - kOnes) & ~word; };
  uint64_t special = bytes | has_zero(bytes & (kOnes * 0xe0)) | has_zero(bytes ^ (kOnes * 0x7f)) |
                     has_zero(bytes ^ (kOnes * '"')) | has_zero(bytes ^ (kOnes * '\\'));
  if constexpr (kStyle == Style::kWord) special |= has_zero(bytes ^ (kOnes * ' '));
  return (special & kHighs) == 0;
}

char* Put(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* PutNumber(uint64_t number, char* out) { return std::to_chars(out, out + 20, number).ptr; }

char* PutDigits(unsigned number, int digits, char* out) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  return out + digits;
}

char* PutHex(unsigned number, int digits, char* out) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = "0123456789abcdef"[number % 16];
    number /= 16;
  }
  return out + digits;
}

// A well-formed sequence of two or three bytes; what is unsafe is no longer.
unsigned CodePoint(std::string_view sequence) {
  const auto low_bits = [sequence](size_t i) { return static_cast<unsigned>(sequence[i]) & 0x3f; };
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first;
  if (sequence.size() == 2) return (first & 0x1fU) << 6 | low_bits(1);
  return (first & 0x0fU) << 12 | low_bits(1) << 6 | low_bits(2);
}

// `sequence`: one unsafe character, or a malformed byte.
template <Style kStyle>
char* PutEscape(std::string_view sequence, char* out) {
  if constexpr (kStyle == Style::kJson) {
    const bool malformed = sequence.size() == 1;
    const unsigned code = malformed ? static_cast<unsigned char>(sequence[0]) : CodePoint(sequence);
    return PutHex(code, 4, Put("\\u", out));
  }
  for (const char c : sequence) out = PutHex(static_cast<unsigned char>(c), 2, Put("\\x", out));
  return out;
}

// The character at the start of `text`, which is not plain; takes it off.
template <Style kStyle>
char* PutCharacter(std::string_view& text, char* out) {
  const size_t length = SequenceLength(text);
  const std::string_view sequence = text.substr(0, std::max(length, size_t{1}));
  text.remove_prefix(sequence.size());
  if (length <= 1 || IsUnsafe(sequence)) return PutEscape<kStyle>(sequence, out);
  return Put(sequence, out);
}

// Not within a character, if the text is well-formed.
std::string_view Cut(std::string_view text, size_t bytes_max) {
  size_t end = bytes_max;
  while (end > bytes_max - 3 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

template <Style kStyle>
char* PutValue(std::string_view value, size_t bytes_max, char* out) {
  std::string_view rest = value.size() > bytes_max ? Cut(value, bytes_max) : value;
  while (!rest.empty()) {
    uint64_t bytes = 0;
    while (rest.size() >= sizeof bytes) {
      std::memcpy(&bytes, rest.data(), sizeof bytes);
      if (!ArePlain<kStyle>(bytes)) break;
      std::memcpy(out, &bytes, sizeof bytes);
      out += sizeof bytes;
      rest.remove_prefix(sizeof bytes);
    }
    size_t plain = 0;
    while (plain < rest.size() && IsPlain<kStyle>(rest[plain])) *out++ = rest[plain++];
    rest.remove_prefix(plain);
    if (!rest.empty()) out = PutCharacter<kStyle>(rest, out);
  }
  return value.size() > bytes_max ? Put("...", out) : out;
}

// A field of Combined without quotes.
char* PutWord(std::string_view value, char* out) {
  return value.empty() ? Put("-", out) : PutValue<Style::kWord>(value, kLoggedValueBytesMax, out);
}

char* PutQuoted(std::string_view value, char* out) {
  *out++ = '"';
  out = value.empty() ? Put("-", out) : PutValue<Style::kQuoted>(value, kLoggedValueBytesMax, out);
  *out++ = '"';
  return out;
}

// `name` with its punctuation: `,"host":"`.
char* PutMember(std::string_view name, std::string_view value, size_t bytes_max, char* out) {
  out = PutValue<Style::kJson>(value, bytes_max, Put(name, out));
  *out++ = '"';
  return out;
}

size_t LineBytesMax(const AccessRecord& record) {
  const auto logged = [](std::string_view value) { return std::min(value.size(), kLoggedValueBytesMax); };
  const size_t bytes = std::min(std::max(record.target.size(), record.raw_request_line.size()), kLoggedTargetBytesMax) +
                       logged(record.client) + logged(record.user) + logged(record.method) + logged(record.referer) +
                       logged(record.user_agent) + logged(record.host);
  return kEscapedByteMax * bytes + 8 * kValueFrameBytesMax + kNumbersBytesMax +
         (record.program == nullptr ? 0 : kProgramBytesMax);
}

// Milliseconds, with three places.
char* PutTime(std::string_view name, uint64_t microseconds, char* out) {
  out = PutNumber(microseconds / 1000, Put(name, out));
  return PutDigits(static_cast<unsigned>(microseconds % 1000), 3, Put(".", out));
}

char* PutProgram(const ProgramUse& use, char* out) {
  out = PutTime(R"(,"program":{"queue_ms":)", use.queue_us, out);
  if (use.start_us != 0) out = PutTime(R"(,"start_ms":)", use.start_us, out);
  out = PutTime(R"(,"first_byte_ms":)", use.first_byte_us, out);
  out = PutTime(R"(,"total_ms":)", use.total_us, out);
  if (use.end_known) {
    out = PutTime(R"(,"cpu_ms":)", use.processor_us, out);
    out = PutNumber(use.memory_kib, Put(R"(,"memory_kib":)", out));
    const bool killed = use.signal != 0;
    out = PutNumber(static_cast<unsigned>(killed ? use.signal : use.exit_code),
                    Put(killed ? R"(,"signal":)" : R"(,"exit":)", out));
  }
  return Put("}", out);
}

}  // namespace

void AccessLineFormatter::CacheTime(int64_t second) {
  const std::chrono::sys_seconds instant{std::chrono::seconds(second)};
  const auto midnight = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss<std::chrono::seconds> clock(instant - midnight);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  const auto month = static_cast<unsigned>(date.month());
  const auto day = static_cast<unsigned>(date.day());
  char* out = time_text_.data();
  if (format_ == AccessFormat::kCombined) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    out = Put("/", PutDigits(day, 2, out));
    out = Put("/", Put(kMonths.substr(3 * (month - 1), 3), out));
    out = Put(":", PutDigits(year, 4, out));
  } else {
    out = Put("-", PutDigits(year, 4, out));
    out = Put("-", PutDigits(month, 2, out));
    out = Put("T", PutDigits(day, 2, out));
  }
  out = Put(":", PutDigits(static_cast<unsigned>(clock.hours().count()), 2, out));
  out = Put(":", PutDigits(static_cast<unsigned>(clock.minutes().count()), 2, out));
  out = PutDigits(static_cast<unsigned>(clock.seconds().count()), 2, out);
  if (format_ == AccessFormat::kCombined) out = Put(" +0000", out);
  time_bytes_ = static_cast<size_t>(out - time_text_.data());
  cached_second_ = second;
}

char* AccessLineFormatter::Combined(const AccessRecord& record, char* out) const {
  out = PutWord(record.client, out);
  out = PutWord(record.user, Put(" - ", out));
  out = Put(std::string_view(time_text_.data(), time_bytes_), Put(" [", out));
  out = Put("] \"", out);
  if (!record.method.empty()) {
    out = Put(" ", PutValue<Style::kQuoted>(record.method, kLoggedValueBytesMax, out));
    out = PutValue<Style::kQuoted>(record.target, kLoggedTargetBytesMax, out);
    out = PutNumber(static_cast<unsigned>(record.version_minor), Put(" HTTP/1.", out));
  } else if (!record.raw_request_line.empty()) {
    out = PutValue<Style::kQuoted>(record.raw_request_line, kLoggedTargetBytesMax, out);
  } else {
    out = Put("-", out);
  }
  out = PutNumber(static_cast<unsigned>(record.status), Put("\" ", out));
  out = PutNumber(record.content_bytes, Put(" ", out));
  out = PutQuoted(record.referer, Put(" ", out));
  out = PutQuoted(record.user_agent, Put(" ", out));
  return Put("\n", out);
}

char* AccessLineFormatter::Json(const AccessRecord& record, char* out) const {
  out = Put(std::string_view(time_text_.data(), time_bytes_), Put(R"({"time":")", out));
  out = PutDigits(static_cast<unsigned>(record.time.milliseconds() % 1000), 3, Put(".", out));
  out = PutMember(R"(Z","client":")", record.client, kLoggedValueBytesMax, out);
  out = PutMember(R"(,"user":")", record.user, kLoggedValueBytesMax, out);
  out = PutMember(R"(,"host":")", record.host, kLoggedValueBytesMax, out);
  if (record.method.empty()) {
    out = PutMember(R"(,"request_line":")", record.raw_request_line, kLoggedTargetBytesMax, out);
  } else {
    out = PutMember(R"(,"method":")", record.method, kLoggedValueBytesMax, out);
    out = PutMember(R"(,"target":")", record.target, kLoggedTargetBytesMax, out);
    out = PutNumber(static_cast<unsigned>(record.version_minor), Put(R"(,"protocol":"HTTP/1.)", out));
    out = Put("\"", out);
  }
  out = PutNumber(static_cast<unsigned>(record.status), Put(R"(,"status":)", out));
  out = PutNumber(record.content_bytes, Put(R"(,"bytes":)", out));
  out = PutTime(R"(,"duration_ms":)", record.duration_us, out);
  out = PutMember(R"(,"referer":")", record.referer, kLoggedValueBytesMax, out);
  out = PutMember(R"(,"user_agent":")", record.user_agent, kLoggedValueBytesMax, out);
  out = PutNumber(record.connection, Put(R"(,"connection":)", out));
  out = PutNumber(record.request_number, Put(R"(,"request":)", out));
  if (record.program != nullptr) out = PutProgram(*record.program, out);
  return Put("}\n", out);
}

void AccessLineFormatter::Format(const AccessRecord& record, std::string& out) {
  const int64_t second = record.time.seconds();
  if (second != cached_second_) CacheTime(second);
  const size_t before = out.size();
  const auto write = [&](char* bytes, size_t) {
    char* const line = bytes + before;
    char* const end = format_ == AccessFormat::kCombined ? Combined(record, line) : Json(record, line);
    return static_cast<size_t>(end - bytes);
  };
  out.resize_and_overwrite(before + LineBytesMax(record), write);
}

void FormatAccessLine(const AccessRecord& record, AccessFormat format, std::string& out) {
  AccessLineFormatter(format).Format(record, out);
}

AccessLog::AccessLog(event::EventLoop& loop, UniqueFd fd, AccessFormat format, ErrorLog& error_log)
    : loop_(loop),
      formatter_(format),
      writer_(loop, std::move(fd),
              {.name = "access log",
               .buffer_bytes = kBufferBytes,
               .line_bytes_max = kAccessLineBytesMax,
               .buffers_max = kBuffersMax},
              error_log) {}

void AccessLog::Append(const AccessRecord& record) {
  std::string* buffer = writer_.BeginLine();
  if (buffer == nullptr) return;
  formatter_.Format(record, *buffer);
  writer_.EndLine();
  if (pending_ != nullptr) std::exchange(pending_, nullptr)->Notify();
}

event::Task<void> AccessLog::Run(event::CancelScope& scope) {
  event::TimerClass& interval = loop_.TimerClassFor(kAccessLogFlushInterval);
  event::Signal lines(loop_, scope);
  event::Signal never(loop_, scope);
  event::Timer timer;
  while (!scope.reason()) {
    if (writer_.idle()) {
      pending_ = &lines;
      const Result<void> came = co_await lines.Wait();
      pending_ = nullptr;
      if (!came) break;
    }
    timer.Start(interval);
    [[maybe_unused]] const Result<void> slept = co_await never.Wait(&timer);
    writer_.Flush();
  }
  writer_.Flush();
}

}  // namespace brilliant::log
