#include "handlers/markdown.h"

#include <fmt/format.h>
#include <md4c.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/strings.h"
#include "handlers/html.h"

namespace brilliant::handlers {
namespace {

// Where a reference leads, by its scheme.
enum class Reach : uint8_t { kRelative, kOutside, kNowhere };

Reach ReachOf(std::string_view reference) {
  if (reference.starts_with("//") || reference.starts_with("\\")) return Reach::kOutside;
  const size_t end = reference.find_first_of(":/?#");
  if (end == std::string_view::npos || reference[end] != ':') return Reach::kRelative;
  static constexpr std::array<std::string_view, 3> kSchemes = {"http", "https", "mailto"};
  const std::string_view scheme = reference.substr(0, end);
  const bool known = std::ranges::any_of(kSchemes, [scheme](auto name) { return EqualsIgnoreCase(name, scheme); });
  return known ? Reach::kOutside : Reach::kNowhere;
}

// Browsers drop some controls and blanks from addresses before they look at the scheme; here none are left.
std::string ReferenceOf(const MD_ATTRIBUTE& attribute) {
  std::string reference;
  std::string_view text(attribute.text, attribute.size);
  constexpr std::string_view kAmpersand = "&amp;";
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (text.starts_with(kAmpersand)) {
      reference += '&';
      text.remove_prefix(kAmpersand.size());
      continue;
    }
    if (byte <= 0x20 || byte == 0x7f || byte >= 0x80) {
      fmt::format_to(std::back_inserter(reference), "%{:02X}", byte);
    } else {
      reference += text.front();
    }
    text.remove_prefix(1);
  }
  return reference;
}

// What md4c calls an entity: "&", letters or a number, ";". Browsers know what it means.
bool IsEntity(std::string_view text) {
  return text.size() > 2 && text.front() == '&' && text.back() == ';' &&
         std::ranges::all_of(text.substr(1, text.size() - 2),
                             [](char c) { return IsAlpha(c) || IsDigit(c) || c == '#'; });
}

class Renderer {
 public:
  explicit Renderer(size_t bytes_max) : bytes_max_(bytes_max) {}

  int EnterBlock(MD_BLOCKTYPE type, void* detail);
  int LeaveBlock(MD_BLOCKTYPE type, void* detail);
  int EnterSpan(MD_SPANTYPE type, void* detail);
  int LeaveSpan(MD_SPANTYPE type);
  int Text(MD_TEXTTYPE type, std::string_view text);

  std::string Take() { return std::move(html_); }

 private:
  // Not 0 ends the parsing.
  [[nodiscard]] int Verdict() const { return html_.size() > bytes_max_ ? 1 : 0; }
  void OpenLink(const MD_SPAN_A_DETAIL& link);
  void OpenPicture(const MD_SPAN_IMG_DETAIL& picture);

  const size_t bytes_max_;
  std::string html_;
  int pictures_ = 0;            // that the text stands in: it is their description
  bool picture_shown_ = false;  // the outermost
  bool in_code_ = false;
};

std::string_view TagOf(MD_BLOCKTYPE type) {
  switch (type) {
    case MD_BLOCK_QUOTE:
      return "blockquote";
    case MD_BLOCK_UL:
      return "ul";
    case MD_BLOCK_OL:
      return "ol";
    case MD_BLOCK_LI:
      return "li";
    case MD_BLOCK_P:
      return "p";
    case MD_BLOCK_TABLE:
      return "table";
    case MD_BLOCK_THEAD:
      return "thead";
    case MD_BLOCK_TBODY:
      return "tbody";
    case MD_BLOCK_TR:
      return "tr";
    case MD_BLOCK_TH:
      return "th";
    case MD_BLOCK_TD:
      return "td";
    default:
      return {};
  }
}

std::string_view TagOf(MD_SPANTYPE type) {
  switch (type) {
    case MD_SPAN_EM:
      return "em";
    case MD_SPAN_STRONG:
      return "strong";
    case MD_SPAN_CODE:
      return "code";
    case MD_SPAN_DEL:
      return "del";
    default:
      return {};
  }
}

unsigned HeadingLevel(const void* detail) {
  return std::min(static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level + 1, 6U);
}

int Renderer::EnterBlock(MD_BLOCKTYPE type, void* detail) {
  auto out = std::back_inserter(html_);
  if (type == MD_BLOCK_H) {
    fmt::format_to(out, "<h{}>", HeadingLevel(detail));
  } else if (type == MD_BLOCK_CODE) {
    html_ += "<pre><code>";
    in_code_ = true;
  } else if (type == MD_BLOCK_HR) {
    html_ += "<hr>\n";
  } else if (type == MD_BLOCK_OL && static_cast<const MD_BLOCK_OL_DETAIL*>(detail)->start != 1) {
    fmt::format_to(out, "<ol start=\"{}\">\n", static_cast<const MD_BLOCK_OL_DETAIL*>(detail)->start);
  } else if (const std::string_view tag = TagOf(type); !tag.empty()) {
    fmt::format_to(out, "<{}>", tag);
  }
  if (type != MD_BLOCK_LI) return Verdict();
  const auto& item = *static_cast<const MD_BLOCK_LI_DETAIL*>(detail);
  if (item.is_task != 0) html_ += item.task_mark == ' ' ? "\u2610 " : "\u2611 ";
  return Verdict();
}

int Renderer::LeaveBlock(MD_BLOCKTYPE type, void* detail) {
  auto out = std::back_inserter(html_);
  if (type == MD_BLOCK_H) {
    fmt::format_to(out, "</h{}>\n", HeadingLevel(detail));
  } else if (type == MD_BLOCK_CODE) {
    html_ += "</code></pre>\n";
    in_code_ = false;
  } else if (const std::string_view tag = TagOf(type); !tag.empty()) {
    fmt::format_to(out, "</{}>\n", tag);
  }
  return Verdict();
}

void Renderer::OpenLink(const MD_SPAN_A_DETAIL& link) {
  const std::string reference = ReferenceOf(link.href);
  html_ += "<a";
  const Reach reach = ReachOf(reference);
  if (reach != Reach::kNowhere) {
    html_ += " href=\"";
    AppendHtmlText(html_, reference);
    html_ += '"';
  }
  if (reach == Reach::kOutside) html_ += " rel=\"nofollow noopener noreferrer\"";
  html_ += '>';
}

void Renderer::OpenPicture(const MD_SPAN_IMG_DETAIL& picture) {
  const std::string reference = ReferenceOf(picture.src);
  picture_shown_ = ReachOf(reference) == Reach::kRelative;
  if (!picture_shown_) return;
  html_ += "<img src=\"";
  AppendHtmlText(html_, reference);
  html_ += "\" alt=\"";
}

int Renderer::EnterSpan(MD_SPANTYPE type, void* detail) {
  if (type == MD_SPAN_IMG && pictures_++ == 0) OpenPicture(*static_cast<const MD_SPAN_IMG_DETAIL*>(detail));
  if (pictures_ > 0) return Verdict();
  if (type == MD_SPAN_A) OpenLink(*static_cast<const MD_SPAN_A_DETAIL*>(detail));
  if (const std::string_view tag = TagOf(type); !tag.empty()) fmt::format_to(std::back_inserter(html_), "<{}>", tag);
  return Verdict();
}

int Renderer::LeaveSpan(MD_SPANTYPE type) {
  if (type == MD_SPAN_IMG && --pictures_ == 0 && picture_shown_) html_ += "\">";
  if (type == MD_SPAN_IMG || pictures_ > 0) return Verdict();
  if (type == MD_SPAN_A) html_ += "</a>";
  if (const std::string_view tag = TagOf(type); !tag.empty()) fmt::format_to(std::back_inserter(html_), "</{}>", tag);
  return Verdict();
}

int Renderer::Text(MD_TEXTTYPE type, std::string_view text) {
  if (type == MD_TEXT_BR) {
    html_ += pictures_ > 0 ? " " : "<br>\n";
  } else if (type == MD_TEXT_SOFTBR) {
    html_ += pictures_ > 0 ? ' ' : '\n';
  } else if (type == MD_TEXT_ENTITY && IsEntity(text)) {
    html_ += text;
  } else if (in_code_) {
    AppendHtmlLines(html_, text);
  } else {
    AppendHtmlText(html_, text);
  }
  return Verdict();
}

Renderer& RendererOf(void* user_data) { return *static_cast<Renderer*>(user_data); }

int EnterBlock(MD_BLOCKTYPE type, void* detail, void* user_data) {
  return RendererOf(user_data).EnterBlock(type, detail);
}
int LeaveBlock(MD_BLOCKTYPE type, void* detail, void* user_data) {
  return RendererOf(user_data).LeaveBlock(type, detail);
}
int EnterSpan(MD_SPANTYPE type, void* detail, void* user_data) { return RendererOf(user_data).EnterSpan(type, detail); }
int LeaveSpan(MD_SPANTYPE type, void*, void* user_data) { return RendererOf(user_data).LeaveSpan(type); }
int AddText(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* user_data) {
  return RendererOf(user_data).Text(type, {text, size});
}

}  // namespace

std::string MarkdownToHtml(std::string_view markdown, size_t html_bytes_max) {
  Renderer renderer(html_bytes_max);
  const MD_PARSER parser = {.abi_version = 0,
                            .flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML,
                            .enter_block = EnterBlock,
                            .leave_block = LeaveBlock,
                            .enter_span = EnterSpan,
                            .leave_span = LeaveSpan,
                            .text = AddText,
                            .debug_log = nullptr,
                            .syntax = nullptr};
  // Not 0: the limit was reached or memory is short. What there is, browsers close themselves.
  static_cast<void>(md_parse(markdown.data(), static_cast<MD_SIZE>(markdown.size()), &parser, &renderer));
  return renderer.Take();
}

}  // namespace brilliant::handlers
