// The text of a history: one JSON object a line, keys always in this order, integers exact:
//   {"process":3,"type":"ok","f":"read","key":5,"value":[1,2],"time":123456789,"peer":2,"generation":4}
// `key` is absent without a key, `time` in a history without times; `peer` and `generation` are absent if not known.
// Unknown keys are read over.
//
// Values: null, integers, texts, lists; [expected,new] of a cas; micro-operations [["append",5,1],["read",5,null]] of a
// transaction, a transfer, or what a read of several accounts returned; any other JSON as a literal. true and false are
// 1 and 0. The `ok` of an add, enqueue … repeats its argument or has null, that of an add may have true or false
// instead: was the element new?
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/history/form_values.h"
#include "reports/history/history.h"
#include "reports/history/jepsen.h"
#include "reports/history/json_text.h"
#include "reports/history/source.h"

namespace heir::reports {

/// Appends the line of one event, newline included.
void append_json_line(std::string& out, const History& history, const Event& event);

/// Reads line by line into a history.
class JsonLinesReader : private JsonCursor {
 public:
  explicit JsonLinesReader(History& history, FailMeaning fail = FailMeaning::did_not_happen)
      : JsonCursor({}, "the end of the line"), history_(history), values_(history), fail_(fail) {}

  /// One line, without its newline; if false, nothing was added: see problem(). A blank line is no event.
  bool add(std::string_view line);
  using JsonCursor::problem;

 private:
  enum Field : unsigned { process = 1, type = 2, f = 4, key = 8, value = 16, time = 32, peer = 64, generation = 128 };

  static unsigned field(std::string_view name);
  bool object();
  bool field_value(unsigned which);
  bool type_value();
  bool function_value();
  bool key_value();
  bool value_value();
  bool element(Value& out);
  bool flat_list();
  bool integer(std::int64_t& out, std::int64_t least, std::int64_t most, std::string_view what);
  bool compound();
  bool here(const TextProblem& problem);
  bool skip_value(int depth);
  bool complete();
  bool complete_time();
  bool complete_list();
  bool compound_value();

  History& history_;
  FormValues values_;
  const FailMeaning fail_;
  // Of the line at hand.
  unsigned seen_ = 0;
  Event event_;
  enum class Shape : std::uint8_t { scalar, flat_list, compound } shape_ = Shape::scalar;
  std::size_t value_at_ = 0;
  std::vector<Value> list_;
  std::string unescaped_;
  Document document_;  ///< Of a compound value.
  std::uint32_t root_ = 0;
};

}  // namespace heir::reports
