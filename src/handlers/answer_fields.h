// The fields that `add_header` and `cache_control` put on answers, with their lines rendered once: QueueResponse
// appends them. Made by the router for each location, and for each server as a whole; immutable, lives as long as the
// router.
#ifndef BRILLIANT_HANDLERS_ANSWER_FIELDS_H_
#define BRILLIANT_HANDLERS_ANSWER_FIELDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "http/response_head.h"

namespace brilliant::handlers {

class AnswerFields {
 public:
  // What answers of one kind get.
  class Block {
   public:
    // Field lines.
    [[nodiscard]] std::string_view lines() const { return lines_; }
    // Whether "Server" is among what is replaced.
    [[nodiscard]] bool replaces_server() const { return replaces_server_; }
    // Removes those of an answer's own fields that are replaced.
    void RemoveReplaced(http::FieldList& fields) const;

   private:
    friend class AnswerFields;
    void Add(const config::AddHeader& header);

    std::string lines_;
    std::vector<std::string> replaced_;
    bool replaces_server_ = false;
  };

  // `cache_control`: for files; empty: none.
  AnswerFields(const std::vector<config::AddHeader>& headers, std::string_view cache_control);

  // For an answer with that status. `of_file`: it is a file, a part of one, or the word that one has not changed.
  [[nodiscard]] const Block& For(int status, bool of_file) const {
    return of_file ? file_ : IsOrdinary(status) ? ordinary_ : other_;
  }

 private:
  // The statuses that need no `always`.
  [[nodiscard]] static bool IsOrdinary(int status);

  Block file_;
  Block ordinary_;
  Block other_;
};

// Whether answers that are no errors get a field of that name from `headers` instead of their own.
[[nodiscard]] bool Replaces(const std::vector<config::AddHeader>& headers, std::string_view name);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_ANSWER_FIELDS_H_
