#include "reports/history/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>

#include "reports/history/function_names.h"
#include "reports/history/jepsen.h"

namespace heir::reports {

namespace {

constexpr std::string_view blanks = " \t\r";

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> models{{{"stack", "stack"},
                                                                                {"queue", "queue"},
                                                                                {"priorityqueue", "priority-queue"},
                                                                                {"priority-queue", "priority-queue"},
                                                                                {"pqueue", "priority-queue"},
                                                                                {"deque", "deque"},
                                                                                {"set", "set"},
                                                                                {"semaphore", "semaphore"},
                                                                                {"rmw", "rmw-register"},
                                                                                {"register", "register"}}};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The model that "# stack" names; empty if it names none.
std::string_view model_in(std::string_view line) {
  const std::string_view word = trimmed(line.substr(1));
  const auto at = std::ranges::find(models, word, &std::pair<std::string_view, std::string_view>::first);
  return at != models.end() ? at->second : std::string_view();
}

bool begins_micro_op(std::string_view line) {
  return line.size() > 2 && (line[0] == 'r' || line[0] == 'w') && line[1] == '(';
}

}  // namespace

bool LinesReader::recognises(std::string_view first_line) {
  const std::string_view line = trimmed(first_line);
  if (line.empty()) return false;
  if (line[0] == '#') return !model_in(line).empty();
  if (begins_micro_op(line)) return true;
  History nothing;
  LinesReader reader(nothing);
  return reader.add(first_line);
}

bool LinesReader::fail(std::size_t at, std::string message) {
  problem_ = TextProblem{at, std::move(message)};
  problem_line_ = line_;
  return false;
}

void LinesReader::split(std::string_view line) {
  words_.clear();
  for (std::size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
    words_.push_back({line.substr(at, end - at), at});
    at = line.find_first_not_of(blanks, end);
  }
}

bool LinesReader::add(std::string_view line) {
  ++line_;
  split(line);
  if (words_.empty()) return true;
  if (words_[0].text[0] == '#') {
    header(trimmed(line));
    return true;
  }
  if (begins_micro_op(words_[0].text)) return session_op(trimmed(line));
  Interval op;
  const std::span<const Word> words(words_);
  if (is_number(words_[0].text)) {
    if (words.size() < 5) return fail(0, "expected a process, begin, end, function and values");
    std::uint64_t process = 0;
    if (!has_style(Style::process_first) || !number(words[0], "a process", process)) return false;
    if (process > max_process) return fail(words[0].at, fmt::format("expected a process of 0 to {}", max_process));
    op.process = ProcessId(static_cast<std::uint32_t>(process));
    if (!interval(words.subspan(1, 2), words[3], words.subspan(4), op)) return false;
  } else {
    if (words.size() < 4) return fail(0, "expected a function, values, begin and end");
    if (!has_style(Style::function_first)) return false;
    const std::size_t values = words.size() - 3;
    if (!interval(words.subspan(1 + values), words[0], words.subspan(1, values), op)) return false;
  }
  intervals_.push_back(op);
  return true;
}

void LinesReader::header(std::string_view line) {
  const std::string_view model = model_in(line);
  if (style_ != Style::unknown || model.empty()) return;  // a comment
  history_.set_model_hint(std::string(model));
  priority_queue_ = model == "priority-queue";
}

bool LinesReader::has_style(Style style) {
  if (style_ == Style::unknown) style_ = style;
  return style_ == style || fail(0, "expected a line like those before it");
}

bool LinesReader::number(const Word& word, std::string_view what, std::uint64_t& out) {
  const char* const last = word.text.data() + word.text.size();
  const auto [end, error] = std::from_chars(word.text.data(), last, out);
  return (end == last && error == std::errc()) ||
         fail(word.at, fmt::format("expected {}: an integer of 0 or more", what));
}

bool LinesReader::interval(std::span<const Word> times, const Word& name, std::span<const Word> values, Interval& out) {
  if (!number(times[0], "a time", out.begin) || !number(times[1], "a time", out.end)) return false;
  if (out.end < out.begin) {
    return fail(times[1].at, fmt::format("expected an end at {} or later, found {}", out.begin, out.end));
  }
  out.line = line_;
  return meaning(name, values, out);
}

bool LinesReader::meaning(const Word& name, std::span<const Word> values, Interval& out) {
  const auto known = function_known_as(name.text);
  if (!known) return fail(name.at, unknown_function(name.text));
  out.function = priority_queue_ && *known == Function::add ? Function::enqueue : *known;
  std::array<Value, 2> read;
  std::size_t wanted = 1;
  switch (out.function) {
    case Function::add:
    case Function::remove:
    case Function::contains:
    case Function::read_modify_write: wanted = 2; break;
    default: break;
  }
  if (values.size() != wanted) {
    return fail(name.at, fmt::format("expected {} of {}, found {}", wanted == 1 ? "one value" : "two values",
                                     to_string(out.function), values.size()));
  }
  for (std::size_t i = 0; i < wanted; ++i) {
    std::int64_t n = 0;
    const char* const last = values[i].text.data() + values[i].text.size();
    const auto [end, error] = std::from_chars(values[i].text.data(), last, n);
    if (end != last || error != std::errc() || !Value::fits(n)) return fail(values[i].at, "expected an integer");
    read[i] = Value::integer(n);
  }
  switch (out.function) {
    case Function::write:
    case Function::enqueue:
    case Function::push:
    case Function::push_front:
    case Function::push_back: out.argument = read[0]; return true;
    case Function::dequeue:
    case Function::peek:
    case Function::pop:
    case Function::pop_front:
    case Function::pop_back:
    case Function::peek_front:
    case Function::peek_back:
      if (read[0] != Value::integer(-1)) out.result = read[0];
      return true;
    case Function::read: out.result = read[0]; return true;
    case Function::add:
    case Function::remove:
    case Function::contains:
      out.argument = read[0];
      out.result = read[1];
      break;
    case Function::increment:
    case Function::decrement:
      out.argument = Value::integer(1);
      out.result = read[0];
      break;
    case Function::read_modify_write:
      out.argument = read[1];
      out.result = read[0];
      return true;
    default: return fail(name.at, fmt::format("expected a function of these formats, not {}", to_string(out.function)));
  }
  return out.result == Value::integer(0) || out.result == Value::integer(1) ||
         fail(values.back().at, "expected 1 or 0 as the result");
}

bool LinesReader::session_op(std::string_view line) {
  if (!has_style(Style::sessions)) return false;
  const std::size_t indent = words_[0].at;
  std::array<std::uint64_t, 4> numbers{};
  static constexpr std::array<std::string_view, 4> names{"a key", "a value", "a session", "a transaction"};
  std::size_t at = 2;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const char ends_with = i + 1 < numbers.size() ? ',' : ')';
    const std::size_t end = line.find(ends_with, at);
    if (end == std::string_view::npos)
      return fail(indent + at, fmt::format("expected {} and '{}'", names[i], ends_with));
    const std::string_view text = trimmed(line.substr(at, end - at));
    if (!number({text, indent + at}, names[i], numbers[i])) return false;
    if (numbers[i] > static_cast<std::uint64_t>(Value::most)) {
      return fail(indent + at, fmt::format("expected {} of at most {}", names[i], Value::most));
    }
    at = end + 1;
  }
  if (at != line.size()) return fail(indent + at, "expected the end of the line");
  SessionOp op{numbers[2], numbers[3], {}};
  op.op.function = line[0] == 'r' ? Function::read : Function::write;
  op.op.key = history_.key(static_cast<std::int64_t>(numbers[0]));
  op.op.value = Value::integer(static_cast<std::int64_t>(numbers[1]));
  session_ops_.push_back(op);
  return true;
}

bool LinesReader::finish() {
  history_.set_untimed();
  return style_ == Style::sessions ? finish_sessions() : finish_intervals();
}

bool LinesReader::finish_intervals() {
  struct Moment {
    std::uint64_t time;
    int phase;  // ends come before beginnings, but not of what begins and ends at once
    std::uint32_t index;
    bool operator<(const Moment& b) const { return std::tie(time, phase, index) < std::tie(b.time, b.phase, b.index); }
  };
  std::vector<Moment> moments;
  moments.reserve(2 * intervals_.size());
  for (std::uint32_t i = 0; i < intervals_.size(); ++i) {
    const Interval& op = intervals_[i];
    moments.push_back({op.begin, 1, i});
    moments.push_back({op.end, op.end == op.begin ? 2 : 0, i});
  }
  std::ranges::sort(moments, std::less<>());
  history_.reserve(intervals_.size() + 1);
  if (history_.model_hint() == "rmw-register") {
    history_.invoke(ProcessId(0), Function::write, no_key, Value::integer(0), HistoryTime::from_ns(0));
    history_.ok(ProcessId(0), HistoryTime::from_ns(1));
  }

  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free;
  std::uint32_t processes = 0;
  for (const Moment& moment : moments) {
    Interval& op = intervals_[moment.index];
    const HistoryTime now = HistoryTime::from_ns(static_cast<std::int64_t>(history_.size()));
    if (moment.phase != 1) {
      history_.ok_read(op.process, op.result, now);
      if (style_ == Style::function_first) free.push(op.process.value());
      continue;
    }
    if (style_ == Style::function_first) {
      if (free.empty()) free.push(processes++);
      op.process = ProcessId(free.top());
      free.pop();
    }
    line_ = op.line;
    if (op.process.value() > max_process)
      return fail(0, fmt::format("expected at most {} operations at a time", max_process + 1));
    if (history_.is_open(op.process)) {
      return fail(0, fmt::format("expected process {} to end its operation before it begins this one at {}",
                                 op.process.value(), op.begin));
    }
    history_.invoke(op.process, op.function, no_key, op.argument, now);
  }
  return true;
}

void LinesReader::make_initial_reads_nil() {
  std::vector<bool> zero_is_written(history_.key_count());
  for (const auto& [session, transaction, op] : session_ops_) {
    if (op.function == Function::write && op.value == Value::integer(0)) zero_is_written[op.key.value()] = true;
  }
  for (auto& [session, transaction, op] : session_ops_) {
    const bool is_initial = op.value == Value::integer(0) && !zero_is_written[op.key.value()];
    if (op.function == Function::read && is_initial) op.value = Value::nil();
  }
}

bool LinesReader::finish_sessions() {
  history_.set_sessions_only();
  history_.set_model_hint("rw-register");
  make_initial_reads_nil();
  // Transactions in the order of their first lines; the lines of one may be apart.
  std::vector<std::uint32_t> order(session_ops_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto transaction = [&](std::uint32_t i) {
    return std::pair(session_ops_[i].session, session_ops_[i].transaction);
  };
  std::ranges::stable_sort(order, {}, transaction);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;  // of `order`
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    if (i == 0 || transaction(order[i]) != transaction(order[i - 1])) ranges.emplace_back(i, i);
    ++ranges.back().second;
  }
  std::ranges::sort(ranges, {}, [&](const auto& range) { return order[range.first]; });

  Clients clients;
  std::vector<MicroOp> ops;
  for (const auto& [first, last] : ranges) {
    ops.clear();
    for (std::uint32_t i = first; i < last; ++i) ops.push_back(session_ops_[order[i]].op);
    const Value result = history_.micro_ops(ops);
    for (MicroOp& op : ops) {
      if (op.function == Function::read) op.value = Value::nil();
    }
    const std::uint64_t session = session_ops_[order[first]].session;
    const auto process = clients.numbered(static_cast<std::int64_t>(session));
    if (!process) return fail(0, fmt::format("expected at most {} sessions", max_process + 1));
    const HistoryTime now = HistoryTime::from_ns(static_cast<std::int64_t>(history_.size()));
    history_.invoke(*process, Function::transaction, no_key, history_.micro_ops(ops), now);
    history_.ok_read(*process, result, HistoryTime::from_ns(now.ns() + 1));
  }
  return true;
}

}  // namespace heir::reports
