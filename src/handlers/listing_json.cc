#include "handlers/listing_json.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "handlers/json.h"
#include "http/date.h"

namespace brilliant::handlers {

void JsonListing::AppendBegin(std::string& out) {
  if (form_ == Form::kLines) return;
  out += "{\"path\":";
  AppendJsonString(out, view_.path);
  out += ",\"entries\":[\n";
}

void JsonListing::AppendEntry(std::string& out, const files::FolderEntry& entry) {
  if (form_ == Form::kObject && !first_) out += ",\n";
  first_ = false;
  out += "{\"name\":";
  AppendJsonString(out, entry.name);
  out += ",\"href\":";
  if (CanBeRequested(entry.name)) {
    out += '"';
    AppendReference(out, entry);
    out += '"';
  } else {
    out += "null";
  }
  const bool is_folder = entry.kind == files::EntryKind::kFolder;
  out += is_folder ? ",\"kind\":\"folder\"" : ",\"kind\":\"file\"";
  if (!is_folder) fmt::format_to(std::back_inserter(out), ",\"size\":{}", entry.size);
  char modified[http::kIsoDateBytes];
  http::FormatIsoDate(entry.mtime_seconds, modified);
  out += ",\"modified\":\"";
  out.append(modified, sizeof(modified));
  out += '"';
  if (!is_folder) {
    out += ",\"type\":";
    AppendJsonString(out, types_.TypeOf(entry.name));
  }
  out += form_ == Form::kLines ? "}\n" : "}";
}

void JsonListing::AppendEnd(std::string& out, const ListingSummary& summary) {
  if (form_ == Form::kLines) {
    if (summary.truncated) out += "{\"truncated\":true}\n";
    return;
  }
  out += summary.truncated ? "\n],\"truncated\":true}\n" : "\n],\"truncated\":false}\n";
}

}  // namespace brilliant::handlers
