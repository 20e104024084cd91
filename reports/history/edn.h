// EDN, the notation in which Clojure's programs (Jepsen, Knossos, Elle) write data, as Forms.
//
// Comments (; and #_) and metadata (^) are read over; records (#a.B{…}) and other tagged values keep their tag; a
// namespaced map (#:a{…}) is a map. Integers with N are integers, if they fit; ratios and decimals are numbers.
#pragma once

#include <string>
#include <string_view>

#include "reports/history/cursor.h"
#include "reports/history/form.h"

namespace heir::reports {

class EdnParser : private Cursor {
 public:
  EdnParser(std::string_view text, std::string_view end_of_text, Document& document)
      : Cursor(text, end_of_text), document_(document) {}

  /// Skips white space, commas, comments and discarded forms. False if one of them is malformed or does not end in the
  /// text; at() is then where it begins.
  bool skip_blank(int depth = 0);
  /// The number of the form that begins here, in the document, which keeps views of the text; or 0: problem() says why.
  std::uint32_t read();
  using Cursor::at;
  using Cursor::problem;

 private:
  bool value(std::uint32_t& out, int depth);
  bool container(Form& form, Form::Kind kind, char close, int depth);
  bool dispatch(Form& form, int depth);
  bool string(Form& form);
  bool escape(std::string& unescaped);
  bool character(Form& form);
  bool atom(Form& form);
  bool number(Form& form, std::string_view token);
  std::string_view token();

  Document& document_;
};

}  // namespace heir::reports
