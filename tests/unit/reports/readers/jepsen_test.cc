// Operation maps: each workload's way to write, and what is wrong with those that contradict themselves.
#include <catch2/catch.hpp>

#include "read_text.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

/// Operations of process 0, each an invocation and its ok.
Lines pairs(std::initializer_list<std::pair<std::string, std::string>> both) {
  std::string text;
  for (const auto& [invoked, ok] : both) {
    text += "{:process 0, :type :invoke, " + invoked + "}\n{:process 0, :type :ok, " + ok + "}\n";
  }
  return edn(text);
}

}  // namespace

TEST_CASE("registers") {
  CHECK(pairs({{":f :write, :value 5", ":f :write, :value 5"}, {":f :read, :value nil", ":f :read, :value 5"}}) ==
        Lines{"0 write 5 -> ok null", "0 read null -> ok 5"});
  CHECK(pairs({{":f :write, :value :x", ":f :write"}, {":f :read", ":f :read, :value \"a\""}}) ==
        Lines{"0 write \":x\" -> ok null", "0 read null -> ok \"a\""});
  // A recorder that says at once what it will read.
  CHECK(pairs({{":f :read, :value 5", ":f :read, :value 5"}}) == Lines{"0 read null -> ok 5"});
  CHECK(pairs({{":f :w, :value true", ":f :w, :value true"}, {":f :r", ":f :r, :value 1.5"}}) ==
        Lines{"0 write 1 -> ok null", "0 read null -> ok 1.5"});
  CHECK(pairs({{":f :cas, :value [nil 2]", ":f :cas, :value [nil 2]"},
               {":f :compare-and-set, :value (1 2)", ":f :compare-and-set, :value false"},
               {":f :cas, :value [1 2]", ":f :cas, :value true"}}) ==
        Lines{"0 cas [null,2] -> ok null", "0 cas [1,2] -> ok 0", "0 cas [1,2] -> ok 1"});
  SECTION("that hold lists") {
    CHECK(pairs({{":f :write, :value [1 2]", ":f :write, :value [1 2]"}, {":f :read", ":f :read, :value [1 2]"}}) ==
          Lines{"0 write [1,2] -> ok null", "0 read null -> ok [1,2]"});
  }
}

TEST_CASE("what a fail means") {
  const std::string text =
      "{:process 0, :type :invoke, :f :cas, :value [1 2]}{:process 0, :type :fail, :f :cas, :value [1 2]}"
      "{:process 0, :type :invoke, :f :read}{:process 0, :type :fail, :f :read, :error :timeout}";
  CHECK(edn(text) == Lines{"0 cas [1,2] -> fail null", "0 read null -> fail null"});
  ReadOptions options;
  options.fail = FailMeaning::compared_and_differed;
  CHECK(edn(text, options) == Lines{"0 cas [1,2] -> ok 0", "0 read null -> fail null"});
}

TEST_CASE("etcd's logs") {
  const std::string text =
      "INFO  jepsen.util - 4\t:invoke\t:cas\t[3 4]\nINFO  jepsen.core - Running\n\n"
      "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
      "INFO  jepsen.util - 5\t:invoke\t:read\tnil\nINFO  jepsen.util - 4\t:fail\t:cas\t[3 4]\n"
      "INFO  jepsen.util - 5\t:fail\t:read\t:timed-out\n"
      "INFO  jepsen.util - 4\t:invoke\t:write\t1\nINFO  jepsen.util - 4\t:info\t:write\t:timed-out\n";
  CHECK(read_as(Format::etcd_log, text) ==
        Lines{"4 cas [3,4] -> ok 0", "5 read null -> fail null", "4 write 1 -> info null"});
  ReadOptions options;
  options.fail = FailMeaning::did_not_happen;
  CHECK(read_as(Format::etcd_log, text, options)[0] == "4 cas [3,4] -> fail null");
  const auto history = read_history_text(text, "x.log");
  REQUIRE(history);
  CHECK(history->model_hint() == "cas-register");
  CHECK_FALSE(history->timed());
  CHECK(history->real_time());
  CHECK(problem(Format::etcd_log, "INFO  jepsen.util - 4\t:invoke\t:cas\n") ==
        "h:1:35: expected a value, found the end of the line");
  CHECK(problem(Format::etcd_log, "INFO  jepsen.util - 4\t:ok\t:cas\t[3 4]\n") ==
        "h:1:21: ok of process 4, which has no operation open");
  CHECK(problem(Format::etcd_log, "INFO  jepsen.util - 4\t:invoke\t:cas\t3\n") ==
        "h:1:36: expected two values: the expected and the new one");
  CHECK(problem(Format::etcd_log, "\nwhat is this\n") ==
        "h:2:1: expected a line of a log: INFO  jepsen.util - PROCESS :TYPE :FUNCTION VALUE");
}

TEST_CASE("kv files") {
  const std::string text = R"({:process 2, :type :invoke, :f :append, :key "x", :value "a b"}
{:process 1, :type :invoke, :f :get, :key "x", :value nil}
{:process 2, :type :ok, :f :append, :key "x", :value "a b"}
{:process 1, :type :ok, :f :get, :key "x", :value ""}
{:process 1, :type :invoke, :f :put, :key "1", :value "2"}
)";
  const auto history = read_history_text(text, "c.txt");
  REQUIRE(history);
  CHECK(operations(*history) ==
        Lines{"2 append \"x\" \"a b\" -> ok null", "1 read \"x\" null -> ok \"\"", "1 write \"1\" \"2\" -> info null"});
  CHECK(history->model_hint() == "kv");
}

TEST_CASE("lists, sets and counters") {
  CHECK(pairs({{":f :append, :value 5", ":f :append, :value 5"}, {":f :read", ":f :read, :value [5 7]"}}) ==
        Lines{"0 append 5 -> ok null", "0 read null -> ok [5,7]"});
  CHECK(pairs({{":f :add, :value 5", ":f :add, :value 5"},
               {":f :add, :value [0 0]", ":f :add, :value [0 0]"},
               {":f :read", ":f :read, :value #{9 5 [0 0] \"x\" 7}"},
               {":f :insert, :value 5", ":f :insert, :value false"}}) ==
        Lines{"0 add 5 -> ok null", "0 add [0,0] -> ok null", "0 read null -> ok [5,7,9,\"x\",[0,0]]",
              "0 add 5 -> ok 0"});
  CHECK(pairs({{":f :add, :value 2", ":f :add, :value 2"},
               {":f :increment, :value nil", ":f :increment, :value nil"},
               {":f :dec, :value 3", ":f :dec, :value 3"},
               {":f :read", ":f :read, :value 0"}}) ==
        Lines{"0 add 2 -> ok null", "0 add 1 -> ok null", "0 add -3 -> ok null", "0 read null -> ok 0"});
}

TEST_CASE("banks and other maps") {
  CHECK(pairs({{":f :transfer, :value {:from 1, :to \"b\", :amount 3}",
                ":f :transfer, :value {:from 1, :to \"b\", :amount 3}"},
               {":f :read, :value nil", ":f :read, :value {1 7, \"b\" nil}"}}) ==
        Lines{R"(0 transfer [["add",1,-3],["add","b",3]] -> ok null)",
              R"(0 read null -> ok [["read",1,7],["read","b",null]])"});
  CHECK(pairs({{":f :read", ":f :read, :value [[:r 1 7] [:r 2 8]]"}}) ==
        Lines{R"(0 read null -> ok [["read",1,7],["read",2,8]])"});
  SECTION("JSON names accounts by strings") {
    CHECK(read_as(Format::elle_json,
                  R"([{"type":"invoke","process":0,"f":"transfer","value":{"from":1,"to":2,"amount":3}},
                      {"type":"ok","process":0,"f":"transfer","value":{"from":1,"to":2,"amount":3}},
                      {"type":"invoke","process":0,"f":"read"},{"type":"ok","process":0,"f":"read","value":{"1":7,"2":8}}])") ==
          Lines{R"(0 transfer [["add",1,-3],["add",2,3]] -> ok null)",
                R"(0 read null -> ok [["read",1,7],["read",2,8]])"});
  }
}

TEST_CASE("queues, stacks, locks, ids") {
  CHECK(pairs({{":f :enqueue, :value 1", ":f :enqueue, :value 1"},
               {":f :dequeue", ":f :dequeue, :value 1"},
               {":f :deq", ":f :deq, :value nil"},
               {":f :drain", ":f :drain, :value [3 4]"},
               {":f :push, :value 1", ":f :push, :value 1"},
               {":f :pop, :value nil", ":f :pop, :value 1"}}) ==
        Lines{"0 enqueue 1 -> ok null", "0 dequeue null -> ok 1", "0 dequeue null -> ok null",
              "0 drain null -> ok [3,4]", "0 push 1 -> ok null", "0 pop null -> ok 1"});
  CHECK(pairs({{":f :acquire, :value nil", ":f :acquire, :value 17"},
               {":f :release, :value 17", ":f :release, :value 17"},
               {":f :lock", ":f :lock"},
               {":f :generate", ":f :generate, :value \"a7\""}}) ==
        Lines{"0 acquire null -> ok 17", "0 release 17 -> ok null", "0 acquire null -> ok null",
              "0 generate null -> ok \"a7\""});
}

TEST_CASE("transactions") {
  CHECK(pairs({{":f :txn, :value [[:append :x 1] [:r 2 nil] [:w \"x\" 3]]",
                ":f :txn, :value [[:append :x 1] [:r 2 [1 2]] [:w \"x\" 3]]"},
               {":value [[:r 2 [1]]]", ":value [[:r 2 nil]]"},
               {":f :txn, :value []", ":f :txn, :value []"}}) ==
        Lines{R"(0 transaction [["append",":x",1],["read",2,null],["write","x",3]] -> ok )"
              R"([["append",":x",1],["read",2,[1,2]],["write","x",3]])",
              R"(0 transaction [["read",2,null]] -> ok [["read",2,null]])", "0 transaction [] -> ok []"});
  SECTION("long-fork calls them reads and writes") {
    const auto history = read_history_text(
        "{:type :invoke, :f :read, :value [[:r 0 nil]]}{:type :ok, :f :read, :value [[:r 0 1]]}"
        "{:type :invoke, :f :write, :value [[:w 0 1]]}{:type :ok, :f :write, :value [[:w 0 1]]}",
        "x.edn");
    REQUIRE(history);
    CHECK(operations(*history) == Lines{R"(0 transaction [["read",0,null]] -> ok [["read",0,1]])",
                                        R"(0 transaction [["write",0,1]] -> ok [["write",0,1]])"});
    CHECK(history->model_hint() == "long-fork");
  }
  SECTION("closed predicates") {
    CHECK(
        pairs({{":f :init, :value {:x 1, 2 3}", ":f :init, :value {:x 1}"},
               {":f :txn, :value [[:insert 5 1] [:delete :x] [:rp [:mod 2 1] nil] [:rp :true nil] [:rp [:= :a] {1 2}]]",
                ":f :txn, :value [[:insert 5 1] [:delete :x nil] [:rp [:mod 2 1] {5 1, 2 3}] [:rp :true {}] [:rp [:= "
                ":a] {}]]"}}) ==
        Lines{
            R"(0 initialize [["write",":x",1],["write",2,3]] -> ok [["write",":x",1]])",
            R"(0 transaction [["write",5,1],["remove",":x",null],["predicate-read","mod 2 1",null],["predicate-read","true",null],["predicate-read","= \":a\"",null]] -> ok )"
            R"([["write",5,1],["remove",":x",null],["predicate-read","mod 2 1",[["read",5,1],["read",2,3]]],["predicate-read","true",[]],["predicate-read","= \":a\"",[]]])"});
  }
}

TEST_CASE("keys") {
  CHECK(
      pairs(
          {{":f :write, :value #jepsen.independent/tuple [3 5]", ":f :write, :value #jepsen.independent/tuple [3 5]"},
           {":f :read, :value #jepsen.independent/tuple [:x nil]", ":f :read, :value #jepsen.independent/tuple [:x 5]"},
           {":f :cas, :value #jepsen.independent/tuple [3 [1 2]]", ":f :cas"},
           {":f :read, :key 3", ":f :read, :key 3, :value 5"}}) ==
      Lines{"0 write 3 5 -> ok null", "0 read \":x\" null -> ok 5", "0 cas 3 [1,2] -> ok null",
            "0 read 3 null -> ok 5"});
  SECTION("that nothing marks, but every read names") {
    CHECK(pairs({{":f :write, :value [3 5]", ":f :write, :value [3 5]"},
                 {":f :read, :value [3 nil]", ":f :read, :value [3 5]"},
                 {":f :cas, :value [3 [1 2]]", ":f :cas, :value [3 [1 2]]"}}) ==
          Lines{"0 write 3 5 -> ok null", "0 read 3 null -> ok 5", "0 cas 3 [1,2] -> ok null"});
    CHECK(edn("{:process 0, :type :invoke, :f :read, :value [3 nil]}{:process 0, :type :ok, :f :read, :value [3 5]}"
              "{:process 0, :type :invoke, :f :write, :value 5}") ==
          Lines{"h:1:147: expected a key and a value, as in the first read of this history"});
    CHECK(edn("{:process 0, :type :invoke, :f :read}{:process 0, :type :ok, :f :read, :value 5}"
              "{:process 0, :type :invoke, :f :read, :value [3 nil]}{:process 0, :type :ok, :f :read, :value [3 4]}") ==
          Lines{"h:1:175: expected a value without a key, as the first read of this history has it: is this pair an "
                "untagged key and value?"});
  }
  SECTION("an end without its key") {
    CHECK(edn("{:process 0, :type :invoke, :f :read, :value #jepsen.independent/tuple [3 nil]}"
              "{:process 0, :type :info, :f :read, :value :timeout}") == Lines{"0 read 3 null -> info null"});
  }
}

TEST_CASE("who is a client") {
  CHECK(edn("{:process :nemesis, :type :info, :f :start}{:process \"nemesis\", :type :invoke, :f :kill}"
            "{:process 7, :type :invoke, :f :read}{:process :nemesis-2, :type :info, :f :stop}") ==
        Lines{"7 read null -> info null"});
  CHECK(edn("{:process 1, :type :invoke, :f :read}{:process \"a\", :type :invoke, :f :read}"
            "{:process 5000000000, :type :invoke, :f :read}{:process 0, :type :invoke, :f :read}"
            "{:process 2, :type :invoke, :f :read}{:process -1, :type :invoke, :f :read}"
            "{:process \"a\", :type :ok, :f :read, :value 1}{:process 5000000000, :type :ok, :f :read, :value 2}"
            "{:process 123456789012345678901234567890, :type :invoke, :f :read}") ==
        // 0 and 2 were given to "a" and to 5000000000 before they turned up themselves.
        Lines{"1 read null -> info null", "0 read null -> ok 1", "2 read null -> ok 2", "3 read null -> info null",
              "4 read null -> info null", "5 read null -> info null", "6 read null -> info null"});
}

TEST_CASE("operations without a process") {
  CHECK(edn("{:type :invoke, :f :read}{:type :invoke, :f :write, :value 1}{:type :ok, :f :write, :value 1}"
            "{:type :invoke, :f :write, :value 2}{:type :ok, :f :write, :value 2}{:type :ok, :f :read, :value 1}") ==
        Lines{"0 read null -> ok 1", "1 write 1 -> ok null", "1 write 2 -> ok null"});
  CHECK(
      edn("{:type :invoke, :f :write, :value 1}{:type :invoke, :f :write, :value 2}{:type :ok, :f :write, :value 1}") ==
      Lines{"0 write 1 -> ok null", "1 write 2 -> info null"});
  CHECK(edn("{:type :invoke, :f :write, :value 1}{:type :ok, :f :read, :value 1}") ==
        Lines{"h:1:37: expected an open read that this ok ends"});
  CHECK(edn("{:type :invoke, :f :read}{:type :ok, :f :read, :process 1}") ==
        Lines{"h:1:26: expected no process: the operations before this one name none"});
  CHECK(edn("{:type :invoke, :f :read, :process 1}{:type :ok, :f :read}") ==
        Lines{"h:1:38: expected a process: the operations before this one name theirs"});
}

TEST_CASE("transactions that have ends only are concurrent") {
  const auto history = read_history_text(
      "{:type :ok, :value [[:append :x 1]]} {:type :fail, :value [[:append :x 2]]}"
      "{:type :ok, :value [[:r :x [1]]]}",
      "x.edn");
  REQUIRE(history);
  CHECK_FALSE(history->real_time());
  CHECK(operations(*history) == Lines{R"(0 transaction [["append",":x",1]] -> ok [["append",":x",1]])",
                                      R"(1 transaction [["append",":x",2]] -> fail null)",
                                      R"(2 transaction [["read",":x",null]] -> ok [["read",":x",[1]]])"});
  for (const Operation& op : history->operations()) CHECK(op.end >= 3);
  CHECK(edn("{:type :ok, :value [[:append :x 1]]}{:type :invoke, :value [[:append :x 1]]}") ==
        Lines{"h:1:37: expected no invocation: the history began with an end that has none"});
}

TEST_CASE("times") {
  const auto timed = read_history_text(
      "{:process 0, :type :invoke, :f :read, :time 10}{:process 1, :type :invoke, :f :read, :time 5}"
      "{:process 0, :type :ok, :f :read, :time 12}{:process 1, :type :ok, :f :read}",
      "x.edn");
  REQUIRE(timed);
  CHECK(timed->timed());
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < timed->size(); ++i) times.push_back(timed->event(i).time.ns());
  CHECK(times == std::vector<std::int64_t>{10, 10, 12, 12});
  CHECK(read_history_text("{:process 0, :type :invoke, :f :read, :time -5}", "x.edn")->event(0).time.ns() == 0);
  const auto untimed =
      read_history_text("{:process 0, :type :invoke, :f :read}{:process 0, :type :ok, :f :read, :time 5}", "x.edn");
  REQUIRE(untimed);
  CHECK_FALSE(untimed->timed());
  CHECK(untimed->event(1).time.ns() == 1);
  CHECK(edn("{:process 0, :type :invoke, :f :read, :time 1.5}") ==
        Lines{"h:1:45: expected a time in nanoseconds: an integer"});
}

TEST_CASE("records, and maps in a vector, a list, or alone") {
  const Lines one{"0 read null -> info null"};
  CHECK(edn("#jepsen.history.Op{:process 0, :type :invoke, :f :read}") == one);
  CHECK(edn("[{:process 0, :type :invoke, :f :read}]") == one);
  CHECK(edn("({:process 0, :type :invoke, :f :read})\n") == one);
  CHECK(edn("; first\n#_ {:not this} ^:meta {:process 0, :type :invoke, :f :read} ; last") == one);
  CHECK(edn("[]") == Lines{});
  CHECK(edn("[] ()") == Lines{});
  CHECK(read_as(Format::elle_json, "[]") == Lines{});
  CHECK(read_as(Format::elle_json, R"({"process":0,"type":"invoke","f":"read"})") == one);
}

TEST_CASE("what is wrong with operation maps") {
  CHECK(edn("[[1]]") == Lines{"h:1:2: expected an operation: a map with type, f, value and process"});
  CHECK(edn("{:process 0, :f :read}") == Lines{"h:1:1: expected an operation with a type: invoke, ok, fail or info"});
  CHECK(edn("{:process 0, :f :read,\n :type :done}") == Lines{"h:2:8: expected the type invoke, ok, fail or info"});
  CHECK(edn("{:process 0, :type :invoke, :f :reed}") ==
        Lines{"h:1:32: expected a function such as \"read\", found \"reed\""});
  CHECK(edn("{:process 0, :type :invoke, :f 5}") == Lines{"h:1:32: expected the name of a function"});
  CHECK(edn("{:process [0], :type :invoke, :f :read}") == Lines{"h:1:11: expected a process: an integer or a name"});
  CHECK(edn("{:process 0, :type :invoke, :value 5}") == Lines{"h:1:1: expected an f: only transactions go without"});
  CHECK(edn("{:process 0, :type :invoke, :f :cas, :value [1]}") ==
        Lines{"h:1:45: expected two values: the expected and the new one"});
  CHECK(edn("{:process 0, :type :invoke, :f :write}") == Lines{"h:1:1: the invocation of write needs a value"});
  CHECK(edn("{:process 0, :type :invoke, :f :txn, :value [[:q 1]]}") ==
        Lines{"h:1:47: expected \"read\", \"write\", \"append\", \"add\", \"remove\" or \"predicate-read\" in a "
              "transaction, found "
              "\"q\""});
  CHECK(edn("{:process 0, :type :invoke, :f :txn, :value [[:r]]}") ==
        Lines{"h:1:46: expected a micro-operation: a function, a key and a value"});
  CHECK(edn("{:process 0, :type :invoke, :f :txn, :value 5}") == Lines{"h:1:45: expected a list of micro-operations"});
  CHECK(edn("{:process 0, :type :invoke, :f :transfer, :value {:from 1, :to 2}}") ==
        Lines{"h:1:50: expected a transfer with :from, :to and :amount"});
  CHECK(edn("{:process 0, :type :invoke, :f :init, :value 5}") == Lines{"h:1:46: expected a map of keys and values"});
  CHECK(edn("{:process 0, :type :invoke, :f :dec, :value :x}") == Lines{"h:1:45: expected an integer to count by"});
  CHECK(edn("{:process 0, :type :ok, :f :read}") == Lines{"h:1:1: ok of process 0, which has no operation open"});
  CHECK(edn("{:process 0, :type :invoke, :f :read}\n{:process 0, :type :invoke, :f :read}") ==
        Lines{"h:2:1: process 0 invokes read while its read of event 0 is open"});
  CHECK(edn("{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :write}") ==
        Lines{"h:2:1: ok of a write by process 0, whose open operation is a read"});
  CHECK(edn("{:process 0, :type :invoke, :f :write, :value 1}\n{:process 0, :type :ok, :f :write, :value 2}") ==
        Lines{"h:2:1: ok of a write by process 0 with another value than its invocation's 1"});
  CHECK(edn("[{:process 0, :type :invoke, :f :read}") == Lines{"h:1:39: expected ']', found the end of the file"});
  CHECK(edn("{:process 0, :type :invoke, :f :read}]") == Lines{"h:1:38: expected a value, found ']'"});
  CHECK(edn("[{:process 0, :type") == Lines{"h:1:20: expected '}' or a value, found the end of the file"});
  CHECK(read_as(Format::elle_json, "[{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"} {}]") ==
        Lines{"h:1:43: expected ',' or ']'"});
  CHECK(read_as(Format::elle_json, "[{\"process\":0,\n\"type\":\"invoke\",\"f\":tru}]") ==
        Lines{"h:2:21: expected a value, found 't'"});
}
