#include "reports/check/search/text_model.h"

#include <algorithm>

namespace heir::reports {

TextModel::TextModel(const Object& object) : history_(object.history) {
  std::vector<Value> read;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (op.function == Function::read && op.ok()) read.push_back(op.result);
  }
  // The same text is mostly the same Value: that spares comparing long texts.
  std::ranges::sort(read, {}, &Value::bits);
  read.erase(std::unique(read.begin(), read.end()), read.end());
  std::vector<std::string_view> texts;
  for (const Value value : read) texts.push_back(text_of(value));
  texts_ = Texts(std::move(texts));
  if (texts_.too_large()) return;
  find_parts(object);
  find_needs(find_origins());
}

std::string_view TextModel::text_of(Value value) {
  switch (value.kind()) {
    case ValueKind::nil: return {};
    case ValueKind::text: return history_->text_of(value);
    default: break;
  }
  return numerals_.emplace_back(history_->value_text(value));
}

std::uint32_t TextModel::part_of(Value value) {
  const std::uint32_t number = part_numbers_.number(value.bits()) + 1;
  if (number == parts_.size()) parts_.push_back({text_of(value)});
  return number;
}

void TextModel::find_parts(const Object& object) {
  parts_.resize(1);
  for (std::size_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (op.failed() || (op.function != Function::write && op.function != Function::append)) continue;
    Part& part = parts_[part_of(op.argument)];
    if (op.function == Function::write) {
      part.is_written = has_writes_ = true;
    } else {
      part.is_appended = true;
      ++part.appends;
    }
  }
  for (std::uint32_t i = 1; i < parts_.size(); ++i) by_text_.push_back(i);
  std::ranges::sort(by_text_, {}, [&](std::uint32_t i) { return parts_[i].text; });
}

/// All ways in which the texts that were read can have been made, from their beginnings on.
std::vector<TextModel::Origin> TextModel::find_origins() {
  std::vector<std::size_t> lengths;
  for (const Part& part : parts_) lengths.push_back(part.text.size());
  std::ranges::sort(lengths);
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());

  std::vector<Origin> origins;
  constexpr State unmade = UINT32_MAX;
  std::vector<State> made;  // of the text at hand, by length: the beginning's number, if it can be made
  for (std::size_t t = 0; t < texts_.size(); ++t) {
    const std::string_view text = texts_[t];
    const std::size_t shared = t == 0 ? 0 : texts_.shared(t);
    made.resize(t == 0 ? 0 : shared + 1);
    made.resize(text.size() + 1, unmade);
    if (t == 0) made[0] = texts_.empty();
    // Of a length, the parts that are in the text at a position, if they lead beyond what is shared.
    const auto try_at = [&](std::size_t from, std::size_t length) {
      const std::size_t to = from + length;
      if (to > text.size() || (to <= shared && t > 0) || length == 0) return;
      const std::string_view wanted = text.substr(from, length);
      auto at = std::ranges::lower_bound(by_text_, wanted, {}, [&](std::uint32_t i) { return parts_[i].text; });
      for (; at != by_text_.end() && parts_[*at].text == wanted; ++at) {
        Part& part = parts_[*at];
        const State reached = texts_.number({t, to});
        if (part.is_appended && made[from] != unmade) origins.push_back({reached, made[from], *at, true});
        if (part.is_written && from == 0) origins.push_back({reached, 0, *at, false});
        if ((part.is_appended && made[from] != unmade) || (part.is_written && from == 0)) {
          part.is_shown = true;
          made[to] = reached;
        }
      }
    };
    for (std::size_t from = 0; from < text.size(); ++from) {
      if (made[from] == unmade && from > 0) continue;
      for (const std::size_t length : lengths) try_at(from, length);
    }
  }
  return origins;
}

/// Walks from the texts that were read to what they must have been made of, as long as there is only one way.
void TextModel::find_needs(const std::vector<Origin>& unsorted) {
  std::vector<Origin> origins = unsorted;
  std::ranges::sort(origins, {}, &Origin::to);
  StateTable<State> seen;
  for (std::size_t t = 0; t < texts_.size(); ++t) {
    State at = texts_.number({t, texts_[t].size()});
    while (at != texts_.empty() && !seen.find(at)) {
      seen.number(at);
      const auto ways = std::ranges::equal_range(origins, at, {}, &Origin::to);
      if (ways.size() != 1 || !ways.front().is_append) break;
      const Origin& way = ways.front();
      needed_.number({way.from, way.part});
      ++parts_[way.part].needs;
      at = way.from;
    }
  }
  for (Part& part : parts_) part.is_needed = part.needs != 0 && part.needs >= part.appends;
}

std::optional<Operation> TextModel::prepare(const Operation& op) {
  if (op.function == Function::read) return plain(Function::read, 0, texts_.find(text_of(op.result)));
  const std::uint32_t number = part_of(op.argument);
  const Part& part = parts_[number];
  // Nobody can tell those apart that no read shows; and nothing that was answered can depend on them. (The empty text
  // is part of everything.)
  const bool is_shown = part.is_shown || part.text.empty();
  if (!is_shown && op.unknown()) return std::nullopt;
  return plain(op.function, is_shown ? number : 0);
}

bool TextModel::apply(State& state, const Operation& op) const {
  if (op.function == Function::read) return state == static_cast<State>(op.result.number());
  const auto number = static_cast<std::uint32_t>(op.argument.number());
  if (op.function == Function::append) {
    if (parts_[number].is_needed && !needed_.find({state, number})) return false;
    if (number == 0 || state == unread) {
      state = unread;
      return true;
    }
  }
  const std::uint32_t after = op.function == Function::append ? texts_.extend(state, parts_[number].text)
                              : number == 0                   ? Texts::none
                                                              : texts_.find(parts_[number].text);
  state = after == Texts::none ? unread : after;
  return true;
}

bool TextModel::lost(State state, const Operation& observation) const {
  return state == unread || !texts_.begins_with(static_cast<State>(observation.result.number()), state);
}

bool TextModel::helps(const Operation& op, const Operation& observation) const {
  if (op.function != Function::write || op.argument == Value::integer(0)) return false;
  return texts_.text_of(static_cast<State>(observation.result.number())).starts_with(part(op).text);
}

bool TextModel::useful(State state, const Operation&, const Operation&) const {
  // What is appended to what nobody read changes nothing; but before a write it is gone, and after it is not.
  return state != unread || has_writes_;
}

}  // namespace heir::reports
