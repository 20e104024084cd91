// The grammar of JSON: what json_lines reads fast and field by field, and whole values as Forms.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "reports/history/cursor.h"
#include "reports/history/form.h"

namespace heir::reports {

/// With U+FFFD for every byte that is no UTF-8.
std::string well_formed(std::string_view text);

/// A JSON string literal of `text`, quotes included; its bytes as they are.
std::string json_string(std::string_view text);

class JsonCursor : public Cursor {
 protected:
  using Cursor::Cursor;

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  /// A string; `out` views the text itself if nothing in it is escaped, otherwise `unescaped`.
  bool string(std::string_view& out, std::string& unescaped) {
    if (!take('"')) return expected("a string");
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20) {
      ++at_;
    }
    out = text_.substr(begin, at_ - begin);
    if (take('"')) return true;
    return escaped_string(out, unescaped);
  }

  struct Number {
    std::string_view text;
    std::int64_t integer = 0;
    bool is_integer = false;  ///< And one of 64 bits.
  };
  bool number(Number& out, std::string_view what);

 private:
  /// The rest of a string from its first escape on; `out` is what came before.
  bool escaped_string(std::string_view& out, std::string& unescaped);
  bool escape(std::string& unescaped);
};

/// Reads the JSON value at the beginning of `text`, after white space, into a document that keeps views of the text.
class JsonParser : private JsonCursor {
 public:
  JsonParser(std::string_view text, std::string_view end_of_text, Document& document)
      : JsonCursor(text, end_of_text), document_(document) {}
  /// The number of the form in the document, or 0: then problem() says why.
  std::uint32_t read();
  /// Where it ended.
  using JsonCursor::at;
  using JsonCursor::problem;

 private:
  bool value(std::uint32_t& out, int depth);
  bool array(Form& form, int depth);
  bool object(Form& form, int depth);
  bool constant(Form& form);
  bool text(Form& form);

  Document& document_;
};

}  // namespace heir::reports
