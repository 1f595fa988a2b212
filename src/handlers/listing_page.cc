#include "handlers/listing_page.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>

#include "handlers/file_category.h"
#include "handlers/html.h"
#include "handlers/page_template.h"
#include "http/date.h"
#include "http/syntax.h"
#include "http/target.h"
#include "web/assets.h"

namespace brilliant::handlers {
namespace {

using files::EntryKind;
using files::FolderEntry;
using files::ListingKey;
using files::ListingOrder;

// Where the entries stand in web/listing.html.
constexpr std::string_view kRows = "{{rows}}";

std::string_view PageBegin() { return web::kListingPage.substr(0, web::kListingPage.find(kRows)); }
std::string_view PageEnd() { return web::kListingPage.substr(web::kListingPage.find(kRows) + kRows.size()); }

std::string Escaped(std::string_view text) {
  std::string html;
  AppendHtmlText(html, text);
  return html;
}

bool IsPlain(char c) { return (c >= '?' && c < 0x7f) || (c >= '(' && c < '<') || c == ' ' || c == '#' || c == '%'; }

void AppendName(std::string& html, std::string_view name) {
  size_t plain = 0;
  while (plain < name.size() && IsPlain(name[plain])) ++plain;
  if (plain == name.size()) {
    html += name;
    return;
  }
  // Its direction is its own and does not reach what stands around it.
  html += "<bdi>";
  AppendHtmlText(html, name);
  html += "</bdi>";
}

// As a quoted attribute's text. What AppendReference makes has "&" and "'", but nothing else to be escaped.
void AppendLink(std::string& html, const FolderEntry& entry) {
  const size_t begin = html.size();
  AppendReference(html, entry);
  for (size_t i = html.find_first_of("&'", begin); i != std::string::npos; i = html.find_first_of("&'", i + 1)) {
    html.replace(i, 1, html[i] == '&' ? "&amp;" : "&#39;");
  }
}

void AppendSize(std::string& html, uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1'000) {
    fmt::format_to(std::back_inserter(html), "{} B", bytes);
    return;
  }
  size_t unit = 1;
  // In tenths of the unit, rounded.
  uint64_t tenths = bytes / 100 + (bytes % 100 >= 50 ? 1 : 0);
  while (tenths >= 9'995 && unit + 1 < kUnits.size()) {
    tenths = (tenths + 500) / 1'000;
    ++unit;
  }
  if (tenths < 100) {
    fmt::format_to(std::back_inserter(html), "{}.{} {}", tenths / 10, tenths % 10, kUnits[unit]);
  } else {
    fmt::format_to(std::back_inserter(html), "{} {}", (tenths + 5) / 10, kUnits[unit]);
  }
}

// For style sheets: the picture beside the name.
std::string_view ClassOf(FileCategory category) {
  constexpr std::array<std::string_view, 6> kClasses = {"image", "video", "audio", "text", "archive", "file"};
  return kClasses[static_cast<size_t>(category)];
}

// "1,234,567".
std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

}  // namespace

void ListingPage::AppendBegin(std::string& out) {
  const std::string_view path = view_.path;
  const std::string_view inner = path.size() > 1 ? path.substr(1, path.size() - 2) : std::string_view();
  const std::string_view name = inner.substr(inner.rfind('/') + 1);
  const PageValues values = {{"assets", std::string(web::kAssetsPath)},
                             {"title", path == "/" ? "Files" : Escaped(name)},
                             {"path", Escaped(path)},
                             {"rights", Rights()},
                             {"breadcrumb", Breadcrumb()},
                             {"filter_form", FilterForm()},
                             {"upload_form", UploadForm()},
                             {"columns", Columns()}};
  AppendPage(out, PageBegin(), values);
  if (path == "/" || !view_.options.filter.empty()) return;
  out += "<tr class=\"up\"><th scope=\"row\" class=\"folder\"><a href=\"../\">Parent folder</a><td><td><td>\n";
}

void ListingPage::AppendEntry(std::string& out, const FolderEntry& entry) {
  const bool is_folder = entry.kind == EntryKind::kFolder;
  const FileCategory category = is_folder ? FileCategory::kOther : CategoryOf(types_.TypeOf(entry.name));
  out += "<tr><th scope=\"row\" class=\"";
  out += is_folder ? "folder" : ClassOf(category);
  if (CanBeRequested(entry.name)) {
    out += "\"><a href=\"";
    AppendLink(out, entry);
    out += "\">";
    AppendName(out, entry.name);
    out += "</a><td>";
  } else {
    out += "\"><span title=\"No address can have this name.\">";
    AppendName(out, entry.name);
    out += "</span><td>";
  }
  if (!is_folder) AppendSize(out, entry.size);
  char time[http::kIsoDateBytes];
  http::FormatIsoDate(entry.mtime_seconds, time);
  out += "<td><time datetime=\"";
  out.append(time, sizeof(time));
  out += "\">";
  out.append(time, 10);
  out += ' ';
  out.append(time + 11, 5);
  out += "</time><td>";
  if (is_folder) {
    out += "Folder";
  } else {
    AppendDescription(out, entry.name, category);
  }
  out += '\n';
}

void ListingPage::AppendEnd(std::string& out, const ListingSummary& summary) {
  std::string readme;
  if (!summary.readme_html.empty()) {
    readme = "<section class=\"readme\" aria-label=\"" + Escaped(summary.readme_name) + "\">\n" + summary.readme_html +
             "</section>\n";
  }
  std::string archive;
  if (view_.archive) {
    archive =
        "<p class=\"archive\">Download this folder: <a href=\"?archive=zip\" download>zip</a> <a "
        "href=\"?archive=tar\" download>tar</a></p>\n";
  }
  const PageValues values = {{"count", Count(summary)}, {"archive", std::move(archive)}, {"readme", std::move(readme)}};
  AppendPage(out, PageEnd(), values);
}

// Attributes for listing.js.
std::string ListingPage::Rights() const {
  std::string attributes;
  if (view_.can_delete) attributes += view_.can_undo ? " data-delete=\"undo\"" : " data-delete";
  if (!view_.upload_target.empty()) {
    attributes += " data-upload=\"" + Escaped(view_.upload_target) + "\"";
    attributes += " data-upload-max=\"" + std::to_string(view_.upload_bytes_max) + "\"";
  }
  return attributes;
}

std::string ListingPage::Breadcrumb() const {
  const std::string_view path = view_.path;
  std::string html;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = path.find('/', begin) + 1;
    const std::string_view name = begin == 0 ? "Home" : path.substr(begin, end - 1 - begin);
    const bool is_last = end == path.size();
    html += "<li><a href=\"" + Escaped(http::EncodePath(path.substr(0, end))) + "\"";
    html += is_last ? " aria-current=\"page\">" : ">";
    AppendName(html, name);
    html += "</a>";
    begin = end;
  }
  return html;
}

std::string ListingPage::FilterForm() const {
  std::string html =
      "<form class=\"filter\" role=\"search\" action=\"./\"><label class=\"spoken\" for=\"filter\">Show only names "
      "that "
      "contain</label><input id=\"filter\" type=\"search\" name=\"filter\" placeholder=\"Filter\" autocomplete=\"off\" "
      "value=\"";
  AppendHtmlText(html, view_.options.filter);
  html += "\">";
  if (view_.options.order) {
    fmt::format_to(
        std::back_inserter(html),
        "<input type=\"hidden\" name=\"sort\" value=\"{}\"><input type=\"hidden\" name=\"order\" value=\"{}\">",
        NameOf(order().key), order().descending ? "desc" : "asc");
  }
  html += "<button>Filter</button></form>";
  return html;
}

std::string ListingPage::UploadForm() const {
  if (view_.upload_target.empty()) return {};
  return "<form class=\"upload\" id=\"upload\" method=\"post\" enctype=\"multipart/form-data\" action=\"" +
         Escaped(view_.upload_target) +
         "\"><label class=\"spoken\" for=\"file\">Files to upload</label><input id=\"file\" type=\"file\" "
         "name=\"file\" "
         "multiple required><button>Upload</button></form>";
}

std::string ListingPage::Columns() const {
  struct Column {
    ListingKey key;
    std::string_view title;
    bool descends_first;  // the largest and the latest are what people look for
  };
  constexpr std::array<Column, 4> kColumns = {{{ListingKey::kName, "Name", false},
                                               {ListingKey::kSize, "Size", true},
                                               {ListingKey::kTime, "Changed <span class=\"zone\">(UTC)</span>", true},
                                               {ListingKey::kType, "Type", false}}};
  std::string html;
  for (const Column& column : kColumns) {
    const bool is_current = column.key == order().key;
    const bool descending = is_current ? !order().descending : column.descends_first;
    html += "<th scope=\"col\"";
    if (is_current) html += order().descending ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"";
    html += "><a href=\"";
    AppendHtmlText(html, QueryFor({.key = column.key, .descending = descending}, view_.options.filter));
    html += "\">";
    html += column.title;
    html += "</a>";
  }
  return html;
}

std::string ListingPage::Count(const ListingSummary& summary) const {
  const std::string& filter = view_.options.filter;
  if (summary.truncated) {
    return "This folder has more entries than the " + Grouped(summary.count) +
           " shown here. All of them are in <a href=\"?format=ndjson\">its listing for programs</a>.";
  }
  if (summary.count == 0 && filter.empty()) return "This folder is empty.";
  std::string html = summary.count == 1 ? "1 entry" : Grouped(summary.count) + " entries";
  if (summary.count == 0) html = "No entry";
  if (!filter.empty()) html += " with <q>" + Escaped(filter) + "</q> in the name. <a href=\"./\">Show all</a>";
  return html;
}

}  // namespace brilliant::handlers
