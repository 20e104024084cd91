// Values of a History from Forms.
#pragma once

#include <string>
#include <vector>

#include "reports/history/form.h"
#include "reports/history/history.h"
#include "reports/history/source.h"

namespace heir::reports {

class FormValues {
 public:
  explicit FormValues(History& history) : history_(history) {}

  /// One value: an integer (true and false are 1 and 0), nil, a text, or a literal for all that is compound.
  Value value(const Document& document, const Form& form);
  /// nil is no_key.
  KeyId key(const Document& document, const Form& form);
  /// As a key of a map: JSON can name accounts by strings only, so that "7" is the integer there.
  KeyId map_key(const Document& document, const Form& form);
  /// The elements of a sequence; those of a set sorted.
  Value list(KeyId key, const Document& document, const Form& sequence);
  /// {k v …} as a micro-operation `function` each.
  Value map(const Document& document, const Form& map, Function function);
  /// {:from a :to b :amount n}
  bool transfer(const Document& document, const Form& map, Value& out);
  /// [[:append k v] [:r k nil] …]; of an invocation, whose reads know nothing yet, or of an answer. If false,
  /// problem().
  bool micro_ops(const Document& document, const Form& sequence, bool answered, Value& out);
  const TextProblem& problem() const { return problem_; }

  /// A sequence of sequences that begin with a name, each with a key and perhaps a value.
  static bool is_micro_ops(const Document& document, const Form& form);

 private:
  bool fail(const Form& form, std::string message) {
    problem_ = TextProblem{form.at, std::move(message)};
    return false;
  }
  bool micro_op(const Document& document, const Form& form, bool answered, MicroOp& out);
  std::string predicate(const Document& document, const Form& form);

  History& history_;
  TextProblem problem_;
  std::vector<Value> elements_;
};

}  // namespace heir::reports
