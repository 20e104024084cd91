#include "reports/history/operation_maps.h"

#include <fmt/format.h>

#include "reports/history/edn.h"
#include "reports/history/json_text.h"

namespace heir::reports {

namespace {

constexpr std::string_view end_of_file = "the end of the file";

template <class Parser>
class OperationMaps {
 public:
  OperationMaps(Source& source, JepsenReader& operations) : source_(source), operations_(operations) {}

  Result<> read() {
    look_ahead();
    for (;;) {
      if (const Result<bool> more = skip_blank(); !more || !*more) return more ? finish() : more.error();
      const char next = source_.ahead()[0];
      if (close_ != 0 && next == close_) {
        close_ = 0;
        source_.advance(1);
      } else if (close_ == 0 && (next == '[' || next == '(')) {
        close_ = next == '[' ? ']' : ')';
        first_ = true;
        source_.advance(1);
      } else if (const Result<> read = operation(); !read) {
        return read;
      }
    }
  }

 private:
  static constexpr bool is_json = std::is_same_v<Parser, JsonParser>;

  /// Do the reads in this file name keys that nothing marks as such?
  void look_ahead() {
    const std::string_view text = source_.ahead();
    for (std::size_t at = text.find_first_not_of(" \t\r\n,[("); at < text.size();
         at = text.find_first_not_of(" \t\r\n,[(", at)) {
      document_.clear();
      Parser parser(text.substr(at), end_of_file, document_);
      const std::uint32_t form = parser.read();
      if (form == 0) return;
      if (const auto keyed = JepsenReader::is_keyed(document_, document_.at(form)))
        return operations_.set_keyed(*keyed);
      at += parser.at();
    }
  }

  /// Up to the next form; false if there is none.
  Result<bool> skip_blank() {
    for (;;) {
      const std::string_view text = source_.ahead();
      if constexpr (is_json) {
        source_.advance(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
      } else {
        document_.clear();
        EdnParser parser(text, end_of_file, document_);
        const bool good = parser.skip_blank();
        const bool last_comment = text.substr(parser.at()).starts_with(';') && source_.at_end();
        if (!good && !last_comment && (source_.at_end() || !parser.problem().incomplete)) {
          return source_.error(parser.problem());
        }
        source_.advance(last_comment ? text.size() : parser.at());
        if (!good && !last_comment) {
          if (const Result<> more = source_.more("a comment"); !more) return more.error();
          continue;
        }
      }
      if (!source_.ahead().empty()) return true;
      if (source_.at_end()) return false;
      if (const Result<> more = source_.more("a form"); !more) return more.error();
    }
  }

  Result<> operation() {
    if constexpr (is_json) {
      if (close_ != 0 && !first_) {
        if (source_.ahead()[0] != ',') return source_.error({0, fmt::format("expected ',' or '{}'", close_)});
        source_.advance(1);
      }
    }
    first_ = false;
    for (;;) {
      const std::string_view text = source_.ahead();
      document_.clear();
      Parser parser(text, end_of_file, document_);
      const std::uint32_t form = parser.read();
      const bool may_go_on = form == 0 ? parser.problem().incomplete : parser.at() == text.size();
      if (may_go_on && !source_.at_end()) {
        if (const Result<> more = source_.more("an operation"); !more) return more;
        continue;
      }
      if (form == 0) return source_.error(parser.problem());
      if (!operations_.add(document_, document_.at(form))) return source_.error(operations_.problem());
      source_.advance(parser.at());
      return {};
    }
  }

  Result<> finish() {
    if (close_ != 0) return source_.error({0, fmt::format("expected '{}', found {}", close_, end_of_file)});
    if (!operations_.finish()) return source_.error(operations_.problem());
    return {};
  }

  Source& source_;
  JepsenReader& operations_;
  Document document_;
  char close_ = 0;     ///< What ends the vector, list or array around the operations; 0 outside of one.
  bool first_ = true;  ///< Is the next operation the first in there?
};

}  // namespace

Result<> read_edn_operations(Source& source, JepsenReader& operations) {
  return OperationMaps<EdnParser>(source, operations).read();
}

Result<> read_json_operations(Source& source, JepsenReader& operations) {
  return OperationMaps<JsonParser>(source, operations).read();
}

}  // namespace heir::reports
