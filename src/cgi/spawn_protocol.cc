#include "cgi/spawn_protocol.h"

#include <bit>
#include <cstring>

namespace brilliant::cgi {
namespace {

void AppendNumber(std::string& out, uint32_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

void AppendText(std::string& out, std::string_view text) {
  AppendNumber(out, static_cast<uint32_t>(text.size()));
  out += text;
}

// Takes numbers and texts from the front; after the first that is not there, everything is empty and ok() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  uint32_t Number() {
    uint32_t number = 0;
    const std::string_view bytes = Take(sizeof number);
    if (ok_) std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  }
  std::string_view Text() { return Take(Number()); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view Take(size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

Result<std::string> EncodeOrder(const SpawnOrder& order) {
  if (order.arguments.size() > kOrderArgumentsMax) return Failure(ErrorCode::kTooLarge, "arguments of a script");
  if (HasNul(order.script)) return Failure(ErrorCode::kInvalid, "NUL in a script's path");
  std::string bytes(kOrderLengthBytes, '\0');
  AppendNumber(bytes, order.rule);
  AppendText(bytes, order.script);
  AppendNumber(bytes, static_cast<uint32_t>(order.arguments.size()));
  for (const std::string& argument : order.arguments) {
    if (HasNul(argument)) return Failure(ErrorCode::kInvalid, "NUL in a script's argument");
    AppendText(bytes, argument);
  }
  AppendText(bytes, order.environment);
  if (bytes.size() > kOrderBytesMax) return Failure(ErrorCode::kTooLarge, "environment of a script");
  const auto size = static_cast<uint32_t>(bytes.size());
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes;
}

Result<size_t> OrderBytes(std::string_view bytes) {
  uint32_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  if (size < kOrderLengthBytes || size > kOrderBytesMax) return Failure(ErrorCode::kInvalid, "order");
  return size;
}

Result<SpawnOrder> DecodeOrder(std::string_view bytes) {
  if (bytes.size() < kOrderLengthBytes) return Failure(ErrorCode::kInvalid, "order");
  ASSIGN_OR_RETURN(const size_t size, OrderBytes(bytes));
  if (size != bytes.size()) return Failure(ErrorCode::kInvalid, "order");
  Reader reader(bytes.substr(kOrderLengthBytes));
  SpawnOrder order;
  order.rule = reader.Number();
  order.script = reader.Text();
  const uint32_t arguments = reader.Number();
  if (arguments > kOrderArgumentsMax || HasNul(order.script)) return Failure(ErrorCode::kInvalid, "order");
  for (uint32_t i = 0; i < arguments; ++i) {
    order.arguments.emplace_back(reader.Text());
    if (HasNul(order.arguments.back())) return Failure(ErrorCode::kInvalid, "order");
  }
  order.environment = reader.Text();
  if (!reader.ok() || !reader.at_end()) return Failure(ErrorCode::kInvalid, "order");
  if (!order.environment.empty() && order.environment.back() != '\0') return Failure(ErrorCode::kInvalid, "order");
  return order;
}

std::array<char, kReportBytes> EncodeReport(const ScriptReport& report) {
  const std::array<uint64_t, kReportNumbers> numbers = {static_cast<uint64_t>(report.kind),
                                                        static_cast<uint64_t>(report.fault),
                                                        static_cast<uint64_t>(report.system_errno),
                                                        static_cast<uint64_t>(report.exit_code),
                                                        static_cast<uint64_t>(report.signal),
                                                        report.user_us,
                                                        report.system_us,
                                                        report.memory_kib,
                                                        report.at_us};
  return std::bit_cast<std::array<char, kReportBytes>>(numbers);
}

Result<ScriptReport> DecodeReport(std::string_view bytes) {
  if (bytes.size() != kReportBytes) return Failure(ErrorCode::kInvalid, "report");
  std::array<uint64_t, kReportNumbers> numbers;
  std::memcpy(numbers.data(), bytes.data(), kReportBytes);
  const bool good = numbers[0] >= static_cast<uint64_t>(ScriptReport::Kind::kStarted) &&
                    numbers[0] <= static_cast<uint64_t>(ScriptReport::Kind::kFree) &&
                    numbers[1] <= static_cast<uint64_t>(kLastStartFault);
  if (!good) return Failure(ErrorCode::kInvalid, "report");
  return ScriptReport{.kind = static_cast<ScriptReport::Kind>(numbers[0]),
                      .fault = static_cast<StartFault>(numbers[1]),
                      .system_errno = static_cast<int>(numbers[2]),
                      .exit_code = static_cast<int>(numbers[3]),
                      .signal = static_cast<int>(numbers[4]),
                      .user_us = numbers[5],
                      .system_us = numbers[6],
                      .memory_kib = numbers[7],
                      .at_us = numbers[8]};
}

}  // namespace brilliant::cgi
