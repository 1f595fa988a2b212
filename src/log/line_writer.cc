#include "log/line_writer.h"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "log/error_log.h"
#include "log/log_file.h"

namespace brilliant::log {

// The buffers that wait, and the job that writes them: it is the same one each time, and lives until both the
// LineWriter and the pool have done with it.
class LineQueue final : public event::OffloadPool::Job {
 public:
  LineQueue(LineWriter& writer, size_t buffers_max) : writer_(&writer), buffers_max_(buffers_max) {
    waiting_.reserve(buffers_max + 1);
    spare_.reserve(buffers_max + 1);
  }

  struct Status {
    int failure_errno = 0;
    uint64_t lines_dropped = 0;
    bool empty = true;  // nothing waits or is being written
  };

  // All on the loop's thread:

  // Queues `lines` and leaves an empty buffer in their place; false if there is no room.
  bool Push(std::string& lines, std::shared_ptr<LogFile> file, bool even_if_full) {
    const std::lock_guard lock(mutex_);
    if (!even_if_full && waiting_.size() + (writing_ ? 1 : 0) >= buffers_max_) return false;
    waiting_.push_back(Buffer{.lines = std::move(lines), .written = 0, .file = std::move(file)});
    lines.clear();
    if (spare_.empty()) return true;
    lines = std::move(spare_.back());
    spare_.pop_back();
    return true;
  }
  // True if somebody has to submit the job.
  bool Claim() {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty() && !std::exchange(active_, true);
  }
  void Unclaim() {
    const std::lock_guard lock(mutex_);
    active_ = false;
  }
  Status status() {
    const std::lock_guard lock(mutex_);
    return {.failure_errno = failure_errno_,
            .lines_dropped = lines_dropped_,
            .empty = waiting_.empty() && !writing_ && !active_};
  }
  void Leave() { writer_ = nullptr; }
  void Deliver() override {
    if (writer_ != nullptr) writer_->Delivered();
  }

  // On a thread of the pool. Ends when nothing waits any more, or at the first failure.
  void Run() override;

 private:
  struct Buffer {
    std::string lines;
    size_t written = 0;
    std::shared_ptr<LogFile> file;
  };

  LineWriter* writer_;  // touched on the loop's thread only
  const size_t buffers_max_;
  std::mutex mutex_;
  std::vector<Buffer> waiting_;     // the oldest first
  std::vector<std::string> spare_;  // with their memory
  bool active_ = false;             // the job is submitted
  bool writing_ = false;            // it has taken a buffer out
  int failure_errno_ = 0;
  uint64_t lines_dropped_ = 0;
};

void LineQueue::Run() {
  const auto deadline = std::chrono::steady_clock::now() + kStallMax;
  bool stopped = false;
  std::unique_lock lock(mutex_);
  while (!waiting_.empty() && !stopped) {
    Buffer buffer = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    writing_ = true;
    lock.unlock();

    const int error = buffer.file->Write(buffer.lines, buffer.written, deadline);
    stopped = error != 0 && !buffer.file->retired();
    const auto rest = buffer.lines.begin() + static_cast<std::ptrdiff_t>(buffer.written);
    const auto lines_lost = error == 0 ? 0 : std::count(rest, buffer.lines.end(), '\n');
    if (!stopped) buffer.file.reset();  // perhaps its last user: closing may block, so it is done here

    lock.lock();
    writing_ = false;
    if (stopped) {
      failure_errno_ = error;
      waiting_.insert(waiting_.begin(), std::move(buffer));
      continue;
    }
    failure_errno_ = 0;
    lines_dropped_ += static_cast<uint64_t>(lines_lost);
    buffer.lines.clear();
    spare_.push_back(std::move(buffer.lines));
  }
  active_ = false;
}

LineWriter::LineWriter(event::EventLoop& loop, UniqueFd fd, const LineWriterOptions& options, ErrorLog& error_log)
    : loop_(loop),
      options_(options),
      error_log_(error_log),
      queue_(std::make_shared<LineQueue>(*this, options.buffers_max)) {
  if (fd.valid()) file_ = std::make_shared<LogFile>(std::move(fd));
}

LineWriter::~LineWriter() {
  queue_->Leave();
  if (!buffer_.empty()) queue_->Push(buffer_, file_, true);
  if (queue_->Claim() && !loop_.offload().TrySubmit(queue_)) queue_->Run();
}

std::string* LineWriter::BeginLine() {
  if (file_ == nullptr) return nullptr;
  if (buffer_.size() >= options_.buffer_bytes) {
    if (!HandOut()) {
      ++lines_dropped_;
      return nullptr;
    }
    if (failure_errno_ == 0) Start();
  }
  if (buffer_.empty()) buffer_.reserve(options_.buffer_bytes + options_.line_bytes_max);
  return &buffer_;
}

void LineWriter::EndLine() {
  if (buffer_.size() >= options_.buffer_bytes) {
    if (HandOut() && failure_errno_ == 0) Start();
  } else if (options_.prompt && failure_errno_ == 0) {
    Flush();
  }
}

void LineWriter::Flush() {
  if (!queue_->status().empty) {
    flush_wanted_ = true;
  } else if (!buffer_.empty()) {
    HandOut();
  }
  Start();
}

bool LineWriter::idle() const { return buffer_.empty() && queue_->status().empty; }

void LineWriter::Reopen(UniqueFd fd) {
  if (file_ != nullptr) {
    // Handed out even if it is empty: then the pool, not the loop, closes the old descriptor.
    if (!HandOut()) {
      lines_dropped_ += static_cast<uint64_t>(std::count(buffer_.begin(), buffer_.end(), '\n'));
      buffer_.clear();
    }
    file_->Retire();
    file_ = nullptr;
  }
  if (fd.valid()) file_ = std::make_shared<LogFile>(std::move(fd));
  Start();
}

uint64_t LineWriter::lines_dropped() const { return lines_dropped_ + queue_->status().lines_dropped; }

bool LineWriter::HandOut() { return queue_->Push(buffer_, file_, false); }

void LineWriter::Start() {
  if (!queue_->Claim()) return;
  if (!loop_.offload().TrySubmit(queue_)) queue_->Unclaim();
}

void LineWriter::Delivered() {
  const LineQueue::Status status = queue_->status();
  const int failure = status.failure_errno == EAGAIN ? 0 : status.failure_errno;
  const bool failed_before = failure_errno_ != 0 && failure_errno_ != EAGAIN;
  failure_errno_ = status.failure_errno;
  if (failure != 0 && !failed_before) {
    error_log_.Report(failures_, Level::kError,
                      "writing fails, lines are kept as long as there is room: log=\"{}\" error=\"{}\"", options_.name,
                      std::generic_category().message(failure));
  }
  const uint64_t dropped = lines_dropped();
  if (failure_errno_ != 0) return;
  if (dropped != lines_reported_ && error_log_.Report(losses_, Level::kWarn, "lines were dropped: log=\"{}\" count={}",
                                                      options_.name, dropped - lines_reported_)) {
    lines_reported_ = dropped;
  }
  if (std::exchange(flush_wanted_, false)) Flush();
}

}  // namespace brilliant::log
