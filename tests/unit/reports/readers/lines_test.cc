// The line formats of PolyLin, fptlin and IsoVista.
#include "reports/history/lines.h"

#include <catch2/catch.hpp>

#include "read_text.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

Lines lines(std::string_view text) {
  return read_as(Format::lines, text);
}

std::string hint(std::string_view text) {
  const auto history = read_history_text(text, "h");
  return history ? history->model_hint() : history.error().message;
}

/// The order of beginnings and ends: "+0 +1 -0 -1" by operation.
std::string order(std::string_view text) {
  const auto history = read_history_text(text, "h");
  if (!history) return history.error().message;
  std::string out;
  for (std::size_t i = 0; i < history->size(); ++i) {
    out += (out.empty() ? "" : " ") + std::string(history->is_end(i) ? "-" : "+") +
           history->value_text(history->operations()[history->operation_of(i)].argument);
  }
  return out;
}

}  // namespace

TEST_CASE("lines: each data type") {
  CHECK(lines("# stack\npush 1 1 2\npop 1 3 4\npeek -1 5 6") ==
        Lines{"0 push 1 -> ok null", "0 pop null -> ok 1", "0 peek null -> ok null"});
  CHECK(lines("# queue\n7 1 5 ENQ 10\n1 2 6 DEQ 10\n7 7 8 PEEK -1") ==
        Lines{"7 enqueue 10 -> ok null", "1 dequeue null -> ok 10", "7 peek null -> ok null"});
  CHECK(lines("# deque\npush_front 1 1 2\npush_back 2 3 4\npop_front 1 5 6\npeek_back 2 7 8\npop_back 2 9 "
              "10\npeek_front -1 11 12") == Lines{"0 push-front 1 -> ok null", "0 push-back 2 -> ok null",
                                                  "0 pop-front null -> ok 1", "0 peek-back null -> ok 2",
                                                  "0 pop-back null -> ok 2", "0 peek-front null -> ok null"});
  CHECK(lines("# priorityqueue\n0 0 4 INSERT 2\n0 8 9 PEEK 5\n0 10 14 POLL 2") ==
        Lines{"0 enqueue 2 -> ok null", "0 peek null -> ok 5", "0 dequeue null -> ok 2"});
  CHECK(lines("# pqueue\ninsert 2 0 4\npoll 2 10 14") == Lines{"0 enqueue 2 -> ok null", "0 dequeue null -> ok 2"});
  CHECK(lines("# set\n0 0 4 INSERT 2 1\n0 5 6 CONTAINS 2 0\n0 7 8 REMOVE 2 1") ==
        Lines{"0 add 2 -> ok 1", "0 contains 2 -> ok 0", "0 remove 2 -> ok 1"});
  CHECK(lines("# set\ninsert 2 0 4 5\n") == Lines{"0 add 2 -> ok 0"});
  CHECK(lines("# semaphore\n0 0 2 INCR 1\n1 3 4 DECR 0\n") == Lines{"0 increment 1 -> ok 1", "1 decrement 1 -> ok 0"});
  CHECK(lines("# rmw\n0 1 10 READ_MODIFY_WRITE 0 2\n") ==
        Lines{"0 write 0 -> ok null", "0 read-modify-write 2 -> ok 0"});
  CHECK(lines("# register\nwrite -1 1 2\nread -1 3 4\n") == Lines{"0 write -1 -> ok null", "0 read null -> ok -1"});
}

TEST_CASE("lines: the model that the file names") {
  CHECK(hint("# stack\npush 1 1 2\n") == "stack");
  CHECK(hint("#priorityqueue \r\n0 0 4 INSERT 2\r\n") == "priority-queue");
  CHECK(hint("# rmw\n0 1 10 READ_MODIFY_WRITE 0 2") == "rmw-register");
  CHECK(hint("push 1 1 2\n") == "");
  CHECK(hint("w(0,0,0,0)\n") == "rw-register");
}

TEST_CASE("lines: at equal times an end comes before a beginning, and what takes no time begins first") {
  CHECK(order("push 1 0 5\npush 2 5 9") == "+1 -1 +2 -2");
  CHECK(order("push 1 5 5\npush 2 5 9\npush 3 0 5") == "+3 -3 +1 +2 -1 -2");
  CHECK(order("push 2 5 9\npush 1 0 6") == "+1 +2 -1 -2");
  CHECK(order("push 1 0 18446744073709551615\npush 2 1 2") == "+1 +2 -2 -1");
}

TEST_CASE("lines: operations without a process get the lowest free one") {
  CHECK(lines("push 1 0 10\npush 2 1 3\npush 3 2 4\npush 4 5 6\n") ==
        Lines{"0 push 1 -> ok null", "1 push 2 -> ok null", "2 push 3 -> ok null", "1 push 4 -> ok null"});
}

TEST_CASE("lines: IsoVista's transactions are ordered by session only") {
  const auto history = read_history_text(
      "w(0,5,0,0)\nw(1,6,0,0)\nr(0,5,2,7)\n w(1,8,1,9) \nr(1,6,2,7)\nr(0,0,2,8)\nr(3,0,2,8)\nw(3,0,1,9)", "h");
  REQUIRE(history);
  CHECK_FALSE(history->real_time());
  CHECK_FALSE(history->timed());
  CHECK(operations(*history) ==
        Lines{R"(0 transaction [["write",0,5],["write",1,6]] -> ok [["write",0,5],["write",1,6]])",
              R"(2 transaction [["read",0,null],["read",1,null]] -> ok [["read",0,5],["read",1,6]])",
              R"(1 transaction [["write",1,8],["write",3,0]] -> ok [["write",1,8],["write",3,0]])",
              // Nobody wrote the 0 of key 0.
              R"(2 transaction [["read",0,null],["read",3,null]] -> ok [["read",0,null],["read",3,0]])"});
}

TEST_CASE("lines: what is wrong") {
  CHECK(lines("# stack\npush 1 1") == Lines{"h:2:1: expected a function, values, begin and end"});
  CHECK(lines("0 1 2 PUSH") == Lines{"h:1:1: expected a process, begin, end, function and values"});
  CHECK(lines("push x 1 2") == Lines{"h:1:6: expected an integer"});
  CHECK(lines("push 1 x 2") == Lines{"h:1:8: expected a time: an integer of 0 or more"});
  CHECK(lines("push 1 3 2") == Lines{"h:1:10: expected an end at 3 or later, found 2"});
  CHECK(lines("push 1 2 3 4") == Lines{"h:1:1: expected one value of push, found 2"});
  CHECK(lines("# set\ncontains 2 3 4") == Lines{"h:2:1: expected two values of contains, found 1"});
  CHECK(lines("# set\ncontains 2 7 3 4") == Lines{"h:2:12: expected 1 or 0 as the result"});
  CHECK(lines("psh 1 1 2") == Lines{"h:1:1: expected a function such as \"push\", found \"psh\""});
  CHECK(lines("txn 1 1 2") == Lines{"h:1:1: expected a function of these formats, not transaction"});
  CHECK(lines("push 1 1 2\n0 1 2 PUSH 1") == Lines{"h:2:1: expected a line like those before it"});
  CHECK(lines("push 1 1 2\nw(0,0,0,0)") == Lines{"h:2:1: expected a line like those before it"});
  CHECK(lines("0 1 5 PUSH 1\n0 4 6 PUSH 2") ==
        Lines{"h:2:1: expected process 0 to end its operation before it begins this one at 4"});
  CHECK(lines("9999999 1 5 PUSH 1") == Lines{"h:1:1: expected a process of 0 to 1048575"});
  CHECK(lines("w(0,0,0") == Lines{"h:1:7: expected a session and ','"});
  CHECK(lines("w(0,0,0,0") == Lines{"h:1:9: expected a transaction and ')'"});
  CHECK(lines("w(0,a,0,0)") == Lines{"h:1:5: expected a value: an integer of 0 or more"});
  CHECK(lines("w(0,0,0,0)x") == Lines{"h:1:11: expected the end of the line"});
  CHECK(lines("w(0,9223372036854775807,0,0)") == Lines{"h:1:5: expected a value of at most 2305843009213693951"});
}
