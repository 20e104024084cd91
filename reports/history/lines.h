// Plain lines, one operation each: what PolyLin, fptlin and IsoVista read.
//
//   # stack                     the model, in the first line: stack, queue, priorityqueue (pqueue), deque, set,
//   semaphore, rmw push 1 10 20                PolyLin: function, value, begin, end; of a set: function, value, result,
//   begin, end 3 10 20 PUSH 1              fptlin: process, begin, end, function, values w(5,1,0,3) IsoVista: read or
//   write of a key, the value, session, transaction
//
// What they become:
//   stack, queue, deque         push e, enqueue e, push-front e …; pop, dequeue, peek … nil -> e, or nil for -1: empty
//   priority-queue              enqueue e; dequeue, peek nil -> e or nil. The greatest number is the most urgent here.
//   set                         add e -> 1 or 0 (it was there), remove e -> 1 or 0, contains e -> 1 or 0
//   semaphore                   increment 1 -> 1 or 0, decrement 1 -> 1 or 0: refused. It begins at 0.
//   rmw-register                read-modify-write: argument the new value, result the one before. It begins at 0, but
//   ours
//                               at nil: a write of 0 is put before all else.
//   IsoVista                    transaction of reads and writes; each session is a process, and only its own order is
//                               known (History::real_time is false). Model hint rw-register. A 0 that nobody wrote is
//                               the state before all writes: nil.
//
// The times of the first two have no unit, so the history is untimed: they give the order. At equal times an end comes
// before a beginning, except that an operation without any duration begins before it ends.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/history/history.h"
#include "reports/history/source.h"

namespace heir::reports {

class LinesReader {
 public:
  explicit LinesReader(History& history) : history_(history) {}
  /// Operations are kept until finish(), which puts them in order. If false, problem() is one of this line.
  bool add(std::string_view line);
  /// If false, problem() is one of problem_line().
  bool finish();
  const TextProblem& problem() const { return problem_; }
  std::size_t problem_line() const { return problem_line_; }

  /// Does a file of these formats begin like this?
  static bool recognises(std::string_view first_line);

 private:
  /// A word of a line, and where it begins.
  struct Word {
    std::string_view text;
    std::size_t at = 0;
  };
  struct Interval {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::size_t line = 0;
    ProcessId process;
    Function function = Function::read;
    Value argument;
    Value result;
  };
  struct SessionOp {
    std::uint64_t session = 0;
    std::uint64_t transaction = 0;
    MicroOp op;
  };
  enum class Style : std::uint8_t { unknown, function_first, process_first, sessions };

  bool fail(std::size_t at, std::string message);
  void split(std::string_view line);
  void header(std::string_view line);
  bool has_style(Style style);
  bool number(const Word& word, std::string_view what, std::uint64_t& out);
  bool interval(std::span<const Word> times, const Word& name, std::span<const Word> values, Interval& out);
  bool meaning(const Word& name, std::span<const Word> values, Interval& out);
  bool session_op(std::string_view line);
  bool finish_intervals();
  bool finish_sessions();
  void make_initial_reads_nil();

  History& history_;
  TextProblem problem_;
  std::size_t problem_line_ = 0;
  std::size_t line_ = 0;
  Style style_ = Style::unknown;
  bool priority_queue_ = false;
  std::vector<Word> words_;
  std::vector<Interval> intervals_;
  std::vector<SessionOp> session_ops_;
};

}  // namespace heir::reports
