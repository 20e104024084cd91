// A key of a key-value store whose values are texts: read, write (put) and append.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/check/search/states.h"
#include "reports/check/search/texts.h"
#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// The state is a beginning of a text that somebody read, as a number (see Texts). All texts that begin no read are one
/// state: only a write leads out of it. Values that are part of no text that was read are one value.
///
/// What was read also says where some values must have been appended: if a beginning of it can come from one append
/// only, that one is needed there. A value that is needed as often as it is appended is appended nowhere else.
class TextModel {
 public:
  using State = std::uint32_t;
  static constexpr bool is_slow = true;

  explicit TextModel(const Object& object);
  // It has views of its own texts.
  TextModel(const TextModel&) = delete;
  TextModel& operator=(const TextModel&) = delete;
  /// More text was read than there are numbers: then nothing else may be called.
  bool too_large() const { return texts_.too_large(); }

  std::optional<Operation> prepare(const Operation& op);
  State initial() const { return texts_.empty() == Texts::none ? unread : texts_.empty(); }
  bool apply(State& state, const Operation& op) const;
  bool lost(State state, const Operation& observation) const;
  bool helps(const Operation& op, const Operation& observation) const;
  bool useful(State state, const Operation& op, const Operation& target) const;

 private:
  static constexpr State unread = UINT32_MAX - 1;
  /// Something that was written, or appended, or both.
  struct Part {
    std::string_view text;
    bool is_written = false;
    bool is_appended = false;
    bool is_shown = false;      ///< Part of what was read.
    bool is_needed = false;     ///< Appended only where it is needed.
    std::uint32_t appends = 0;  ///< How often it is appended, as far as is known.
    std::uint32_t needs = 0;    ///< At how many beginnings it is needed.
  };
  /// A way to make a beginning: `part` appended to another one, or written.
  struct Origin {
    State to = 0;
    State from = 0;
    std::uint32_t part = 0;
    bool is_append = false;
  };

  std::string_view text_of(Value value);
  std::uint32_t part_of(Value value);
  void find_parts(const Object& object);
  std::vector<Origin> find_origins();
  void find_needs(const std::vector<Origin>& origins);
  const Part& part(const Operation& op) const { return parts_[static_cast<std::size_t>(op.argument.number())]; }

  const History* history_;
  std::deque<std::string> numerals_;                    ///< Of values that are numbers.
  Texts texts_;                                         ///< Read by somebody.
  std::vector<Part> parts_;                             ///< 0 stands for all that are not shown.
  StateTable<std::int64_t> part_numbers_;               ///< By the value's bits.
  std::vector<std::uint32_t> by_text_;                  ///< Parts in order of their texts.
  StateTable<std::pair<State, std::uint32_t>> needed_;  ///< Beginnings, and the part that is needed there.
  bool has_writes_ = false;
};

}  // namespace heir::reports
