#include "cgi/response_rules.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "cgi/field_rules.h"
#include "cgi/location.h"
#include "http/status.h"
#include "http/syntax.h"

namespace brilliant::cgi {
namespace {

// Takes the fields in order, then decides what they mean together.
class ResponseMaker {
 public:
  explicit ResponseMaker(const OutputHead& head) : head_(head) {}

  std::expected<ScriptResponse, OutputFault> Make() {
    for (const OutputField& field : head_.fields) {
      if (RuleForField(field.name) == FieldRule::kConnection) connection_values_.push_back(field.value);
    }
    for (const OutputField& field : head_.fields) {
      if (!Take(field)) return std::unexpected(std::move(fault_));
    }
    if (!TakeStatus()) return std::unexpected(std::move(fault_));
    const bool decided = head_.form == OutputForm::kNonParsedHeader ? DecideNonParsed() : DecideKind();
    if (!decided) return std::unexpected(std::move(fault_));
    return std::move(response_);
  }

 private:
  // These return false after a refusal.
  bool Take(const OutputField& field);
  bool TakeCgiField(const OutputField& field, const OutputField*& place);
  bool TakeTransferEncoding(const OutputField& field);
  void TakeContentLength(const OutputField& field);
  bool Pass(const OutputField& field);
  bool PassLocation();
  bool TakeStatus();
  bool DecideNonParsed();
  bool DecideKind();
  bool MakeLocalRedirect();

  bool HasFieldsForTheClient() const;
  bool IsNamedInConnection(std::string_view name) const;
  void LeaveOut(const OutputField& field, const char* reason) {
    response_.left_out.push_back(LeftOutField{.name = std::string(field.name), .reason = reason});
  }
  bool Refuse(OutputFaultKind kind, const OutputField& field, const char* reason) {
    fault_ = MakeFault(kind, field.line, field.offset, reason, field.line_text);
    return false;
  }

  const OutputHead& head_;
  std::vector<std::string_view> connection_values_;
  const OutputField* content_type_ = nullptr;
  const OutputField* location_ = nullptr;
  const OutputField* status_ = nullptr;
  bool length_is_unusable_ = false;
  ScriptResponse response_;
  OutputFault fault_;
};

bool ResponseMaker::Take(const OutputField& field) {
  // RFC 3875 section 6.3: a null value is as if the field were not sent.
  if (field.value.empty()) {
    LeaveOut(field, "it has no value");
    return true;
  }
  switch (RuleForField(field.name)) {
    case FieldRule::kContentType:
      return TakeCgiField(field, content_type_);
    case FieldRule::kLocation:
      return TakeCgiField(field, location_);
    case FieldRule::kStatus:
      if (head_.form == OutputForm::kParsedHeader) return TakeCgiField(field, status_);
      LeaveOut(field, "an nph- script has a status line");
      return true;
    case FieldRule::kContentLength:
      TakeContentLength(field);
      return true;
    case FieldRule::kTransferEncoding:
      return TakeTransferEncoding(field);
    case FieldRule::kConnection:
    case FieldRule::kConnectionLevel:
      LeaveOut(field, "it is between the server and the client");
      return true;
    case FieldRule::kServersOwn:
      LeaveOut(field, "the server sends its own");
      return true;
    case FieldRule::kExtension:
      LeaveOut(field, "X-CGI- fields are for servers that know them");
      return true;
    case FieldRule::kSendFile:
      if (response_.send_file) LeaveOut(field, "there is one already");
      if (!response_.send_file) response_.send_file = field.value;
      return true;
    case FieldRule::kPassOnce:
      if (!response_.fields.Contains(field.name)) return Pass(field);
      LeaveOut(field, "there is one already");
      return true;
    case FieldRule::kPass:
      return Pass(field);
  }
  return true;
}

// RFC 3875 section 6.3: a CGI-field must not appear more than once. The same again does no harm.
bool ResponseMaker::TakeCgiField(const OutputField& field, const OutputField*& place) {
  if (place == nullptr) {
    place = &field;
    return &field == status_ || Pass(field);
  }
  if (place->value != field.value) {
    return Refuse(OutputFaultKind::kDuplicateField, field, "field that is there already, with another value");
  }
  LeaveOut(field, "there is one already");
  return true;
}

bool ResponseMaker::Pass(const OutputField& field) {
  if (IsNamedInConnection(field.name) && &field != content_type_ && &field != location_) {
    LeaveOut(field, "Connection names it");
    return true;
  }
  if (response_.fields.TryAdd(field.name, field.value)) return true;
  return Refuse(OutputFaultKind::kHeadTooLarge, field, "more fields than a response can have");
}

// RFC 9112 section 6.3: several equal values count as one.
void ResponseMaker::TakeContentLength(const OutputField& field) {
  http::ListReader members(field.value);
  std::string_view member;
  while (members.Next(member) && !length_is_unusable_) {
    const std::optional<uint64_t> length = ParseDecimal(member);
    length_is_unusable_ = !length || (response_.content_length && *response_.content_length != *length);
    response_.content_length = length;
  }
  if (!length_is_unusable_) return;
  response_.content_length.reset();
  LeaveOut(field, "it is no length, or there are two");
}

// Scripts with a parsed header say nothing about framing (RFC 3875 section 6.3.4). Those without may, and then the
// coding has to be undone, for the server makes its own.
bool ResponseMaker::TakeTransferEncoding(const OutputField& field) {
  if (head_.form == OutputForm::kParsedHeader) {
    LeaveOut(field, "it is between the server and the client");
    return true;
  }
  if (!EqualsIgnoreCase(field.value, "chunked") || response_.content_is_chunked) {
    return Refuse(OutputFaultKind::kBadCoding, field, "transfer coding other than chunked");
  }
  response_.content_is_chunked = true;
  return true;
}

bool ResponseMaker::TakeStatus() {
  std::optional<StatusValue> status = head_.status_line;
  if (status_ != nullptr) {
    const auto value = ParseStatusValue(status_->value);
    if (!value) return Refuse(OutputFaultKind::kBadStatus, *status_, value.error());
    if (status && status->code != value->code) {
      return Refuse(OutputFaultKind::kDuplicateField, *status_, "status other than that of the status line");
    }
    status = *value;
  }
  if (!status) return true;
  response_.status = status->code;
  response_.reason_phrase = status->reason;
  return true;
}

bool ResponseMaker::PassLocation() {
  auto location = EncodeLocation(location_->value);
  if (!location) return Refuse(OutputFaultKind::kBadLocation, *location_, location.error());
  if (response_.fields.TrySet("Location", *location)) return true;
  return Refuse(OutputFaultKind::kHeadTooLarge, *location_, "more fields than a response can have");
}

// RFC 3875 section 5.2. The coding says where the content ends, not the length beside it (RFC 9112 section 6.3).
bool ResponseMaker::DecideNonParsed() {
  if (response_.content_is_chunked) response_.content_length.reset();
  return location_ == nullptr || PassLocation();
}

// RFC 3875 section 6.2.
bool ResponseMaker::DecideKind() {
  const bool has_status = status_ != nullptr || head_.status_line.has_value();
  if (location_ == nullptr) {
    // The file brings its own type.
    if (has_status || content_type_ != nullptr || response_.send_file) return true;
    return Refuse(OutputFaultKind::kNoCgiField, head_.fields.front(),
                  "none of the fields is Content-Type, Status or Location");
  }
  if (!has_status) {
    const LocationForm form = FormOfLocation(location_->value);
    if (form == LocationForm::kLocalPath && !HasFieldsForTheClient()) return MakeLocalRedirect();
    if (form == LocationForm::kRelative && !location_->value.starts_with('/')) {
      return Refuse(OutputFaultKind::kBadLocation, *location_, "Location that is neither a path nor a URI");
    }
    response_.status = 302;
  }
  if (!PassLocation()) return false;
  // Location has a meaning with other statuses, too (201), and a 304 is about a document.
  if (!http::IsRedirection(response_.status) || response_.status == 304) return true;
  response_.kind = content_type_ != nullptr ? ResponseKind::kClientRedirectWithDocument : ResponseKind::kClientRedirect;
  if (content_type_ == nullptr) response_.content_length.reset();
  return true;
}

// A local redirect has no other field (RFC 3875 section 6.2.2). A script that sends a cookie or a document along has
// the client in mind.
bool ResponseMaker::HasFieldsForTheClient() const {
  const size_t own = response_.fields.Contains("Location") ? 1 : 0;
  return response_.fields.size() > own || response_.content_length.value_or(0) > 0 || response_.send_file;
}

bool ResponseMaker::MakeLocalRedirect() {
  auto target = MakeLocalTarget(location_->value);
  if (!target) return Refuse(OutputFaultKind::kBadLocation, *location_, target.error());
  response_.kind = ResponseKind::kLocalRedirect;
  response_.location = std::move(*target);
  response_.fields = http::FieldList();
  response_.content_length.reset();
  return true;
}

bool ResponseMaker::IsNamedInConnection(std::string_view name) const {
  return std::ranges::any_of(connection_values_, [name](std::string_view value) {
    http::ListReader members(value);
    std::string_view member;
    while (members.Next(member)) {
      if (EqualsIgnoreCase(member, name)) return true;
    }
    return false;
  });
}

}  // namespace

std::expected<ScriptResponse, OutputFault> MakeScriptResponse(const OutputHead& head) {
  return ResponseMaker(head).Make();
}

}  // namespace brilliant::cgi
