#include "server/multipart.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "http/ranges.h"
#include "http/response_head.h"

namespace brilliant::server {
namespace {

constexpr size_t kBoundaryRandomBytes = 15;

}  // namespace

std::string MakeBoundary() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, kBoundaryRandomBytes> random;
  CHECK(getentropy(random.data(), random.size()) == 0);
  std::string boundary;
  for (const unsigned char byte : random) {
    boundary += kDigits[byte >> 4];
    boundary += kDigits[byte & 0xf];
  }
  return boundary;
}

Multipart::Multipart(handlers::MultipartBody body, std::string boundary)
    : body_(std::move(body)), boundary_(std::move(boundary)) {
  part_heads_ends_.reserve(body_.ranges.size());
  for (const http::ByteRange& range : body_.ranges) {
    text_ += text_.empty() ? "--" : "\r\n--";
    text_ += boundary_;
    text_ += "\r\n";
    text_ += body_.part_fields;
    http::AppendFieldLine(text_, "Content-Range", http::ContentRange(range, body_.size));
    text_ += "\r\n";
    part_heads_ends_.push_back(text_.size());
    content_length_ += range.length;
  }
  text_ += "\r\n--" + boundary_ + "--\r\n";
  content_length_ += text_.size();
}

void Multipart::Queue(OutputQueue& output) {
  size_t begin = 0;
  for (size_t i = 0; i < body_.ranges.size(); ++i) {
    const http::ByteRange& range = body_.ranges[i];
    output.text().append(text_, begin, part_heads_ends_[i] - begin);
    begin = part_heads_ends_[i];
    if (body_.file.rendered != nullptr) {
      const std::string_view content = body_.file.rendered->content;
      output.AppendShared(body_.file.rendered, content.substr(range.offset, range.length));
    } else {
      output.AppendFile(body_.file.file, range.offset, range.length);
    }
  }
  output.text().append(text_, begin);
  output.CommitText();
}

}  // namespace brilliant::server
