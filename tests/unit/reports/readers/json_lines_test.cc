// Our own lines: every kind of value there and back.
#include "reports/history/json_lines.h"

#include <catch2/catch.hpp>

#include "read_text.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

/// The text of what was read from a text.
std::string again(const std::string& text) {
  const auto history = read_history_text(text, "h.jsonl");
  return history ? as_json_lines(*history) : history.error().message;
}

std::string line(const std::string& type, const std::string& f, const std::string& value) {
  return R"({"process":0,"type":")" + type + R"(","f":")" + f + R"(","value":)" + value + R"(,"time":1})" + "\n";
}

/// An operation whose value is read and written as it is.
void same(const std::string& f, const std::string& argument, const std::string& result) {
  const std::string text = line("invoke", f, argument) + line("ok", f, result);
  CHECK(again(text) == text);
}

}  // namespace

TEST_CASE("JSONL: values there and back") {
  same("write", "5", "5");
  same("write", "1.5", "1.5");
  same("write", "-9223372036854775808", "-9223372036854775808");
  same("write", "12345678901234567890123", "12345678901234567890123");
  same("write", "\"a\\\"\\n\\u0001é\"", "\"a\\\"\\n\\u0001é\"");
  same("write", "{\"a\":[1,{\"b\":null}]}", "{\"a\":[1,{\"b\":null}]}");
  same("write", "[1,2]", "[1,2]");
  same("read", "null", "[1,\"a\",null,1.5,[0,0]]");
  same("read", "null", "[]");
  same("read", "null", R"([["read",1,7],["read","b",null]])");
  same("cas", "[1,2]", "[1,2]");
  same("cas", "[null,\"a\"]", "0");
  same("cas", "[null,[1,2]]", "1");
  same("add", "1", "true");
  same("add", "1", "false");
  same("add", "[0,0]", "[0,0]");
  same("remove", "1", "0");
  same("remove", "1", "null");
  same("dequeue", "null", "7");
  same("dequeue", "null", "null");
  same("drain", "null", "[7,8]");
  same("read-modify-write", "5", "null");
  same("read-modify-write", "5", "4");
  same("acquire", "null", "17");
  same("release", "17", "17");
  same("transfer", R"([["add",1,-5],["add","b",5]])", R"([["add",1,-5],["add","b",5]])");
  same("initialize", R"([["write",1,5]])", R"([["write",1,6]])");
  same("transaction", R"([["append",1,2],["read","x",null],["predicate-read","= 3",null],["remove",1,null]])",
       R"([["append",1,2],["read","x",[1,2]],["predicate-read","= 3",[["read",1,3]]],["remove",1,null]])");
  same("transaction", "[]", "[]");
}

TEST_CASE("JSONL: the same in other words") {
  CHECK(again(line("invoke", "write", "true") + line("info", "write", "false")) ==
        "h.jsonl:2:1: info of a write by process 0 with another value than its invocation's 1");
  CHECK(again(line("invoke", "write", "true") + line("ok", "write", "1")) ==
        line("invoke", "write", "1") + line("ok", "write", "1"));
  CHECK(again(line("invoke", "write", "{ \"b\" : 1 , \"a\" : [ 1,2 ] }") +
              line("ok", "write", "{\"a\":[1,2],\"b\":1}")) ==
        line("invoke", "write", "{\"a\":[1,2],\"b\":1}") + line("ok", "write", "{\"a\":[1,2],\"b\":1}"));
  CHECK(again(line("invoke", "transaction", "[[\"r\",1,7],[\"w\",1,8]]")) ==
        line("invoke", "transaction", "[[\"read\",1,null],[\"write\",1,8]]"));
  CHECK(again(line("invoke", "add", "1") + line("ok", "add", "1")) ==
        line("invoke", "add", "1") + line("ok", "add", "1"));
  CHECK(again(line("invoke", "add", "1") + line("ok", "add", "null")) ==
        line("invoke", "add", "1") + line("ok", "add", "1"));
}

TEST_CASE("JSONL: whether an added element was new") {
  const auto history = read_history_text(
      line("invoke", "add", "1") + line("ok", "add", "false") + line("invoke", "add", "0") + line("ok", "add", "0"),
      "h.jsonl");
  REQUIRE(history);
  CHECK(history->operations()[0].result == Value::integer(0));
  CHECK(history->event(1).answered);
  CHECK(history->operations()[1].result.is_nil());
  CHECK_FALSE(history->event(3).answered);
}

TEST_CASE("JSONL: what a fail means") {
  const std::string text = line("invoke", "cas", "[1,2]") + line("fail", "cas", "[1,2]") +
                           line("invoke", "write", "1") + line("fail", "write", "1");
  CHECK(read_as(Format::jsonl, text) == Lines{"0 cas [1,2] -> fail null", "0 write 1 -> fail null"});
  ReadOptions options;
  options.fail = FailMeaning::compared_and_differed;
  CHECK(read_as(Format::jsonl, text, options) == Lines{"0 cas [1,2] -> ok 0", "0 write 1 -> fail null"});
}

TEST_CASE("JSONL without times") {
  const std::string text = R"({"process":0,"type":"invoke","f":"write","key":"x","value":5})"
                           "\n"
                           R"({"process":0,"type":"ok","f":"write","key":"x","value":5})"
                           "\n";
  const auto history = read_history_text(text, "h.jsonl");
  REQUIRE(history);
  CHECK_FALSE(history->timed());
  CHECK(history->event(1).time.ns() == 1);
  CHECK(as_json_lines(*history) == text);
}

TEST_CASE("JSONL: a key is the same however it is written") {
  const auto history = read_history_text(R"({"process":0,"type":"invoke","f":"read","key":"a\u0062","time":1})"
                                         "\n"
                                         R"({"process":1,"type":"invoke","f":"read","key":"ab","time":1})"
                                         "\n"
                                         R"({"process":2,"type":"invoke","f":"read","key":7,"time":1})"
                                         "\n"
                                         R"({"process":3,"type":"invoke","f":"read","key":"7","time":1})",
                                         "h.jsonl");
  REQUIRE(history);
  CHECK(history->key_count() == 4);
  CHECK(history->operations()[0].key == history->operations()[1].key);
  CHECK(history->operations()[2].key != history->operations()[3].key);
}
