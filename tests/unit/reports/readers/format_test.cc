// Which format is it?
#include "reports/history/format.h"

#include <catch2/catch.hpp>

#include "read_text.h"

using namespace heir::reports;
using namespace heir::reports::test;

TEST_CASE("formats by name") {
  for (const std::string_view name : format_names()) {
    const auto format = format_named(name);
    REQUIRE(format);
    CHECK(to_string(*format) == name);
  }
  CHECK(format_names() == std::vector<std::string_view>{"jsonl", "edn", "etcd-log", "kv-log", "elle-json", "lines"});
  CHECK_FALSE(format_named("json"));
}

TEST_CASE("formats by content") {
  const auto format = [](std::string_view text) { return recognise_format(text, "history"); };
  CHECK(format(R"({"process":3,"type":"ok","f":"read","key":5,"value":[1,2],"time":1})") == Format::jsonl);
  CHECK(format(" \n { \"process\" : 0") == Format::jsonl);
  CHECK(format(R"({"process":3,"type":"ok","f":"read","time":1,"index":0})") == Format::elle_json);
  CHECK(format(R"({"process":"nemesis","type":"info","f":"start"})") == Format::elle_json);
  CHECK(format(R"({"process":0,"type":"invoke","f":"txn","value":[]})") == Format::elle_json);
  CHECK(format(R"({"type":"invoke","value":[["r",1,null]]})") == Format::elle_json);
  CHECK(format("[{\"type\":") == Format::elle_json);
  CHECK(format("[ { \"type\":") == Format::elle_json);
  CHECK(format("{:type :invoke") == Format::edn);
  CHECK(format("{:type :invoke, :f :get, :key \"0\", :value nil}") == Format::kv_log);
  CHECK(format("{:type :invoke, :f :write, :key \"0\", :value 1}") == Format::edn);
  CHECK(format("[{:type") == Format::edn);
  CHECK(format("({:type") == Format::edn);
  CHECK(format("; hello\n{:type") == Format::edn);
  CHECK(format("[#jepsen.history.Op{:index 0") == Format::edn);
  CHECK(format("#jepsen.history.Op{:index 0") == Format::edn);
  CHECK(format("#_ 1 {:index 0") == Format::edn);
  CHECK(format("INFO  jepsen.util - 4\t:invoke") == Format::etcd_log);
  CHECK(format("INFO  jepsen.core - Hello\nINFO  jepsen.util - 4\t:invoke") == Format::etcd_log);
  CHECK(format("# stack\n") == Format::lines);
  CHECK(format("push 1 1 2\n") == Format::lines);
  CHECK(format("0 1 2 PUSH 1\n") == Format::lines);
  CHECK(format("w(1,2,3,4)\n") == Format::lines);
  CHECK(format("# of Monday\n# queue\n") == Format::lines);
  CHECK(format("WARN  jepsen.core - Hm\nINFO  jepsen.util - 4\t:invoke") == Format::etcd_log);
  CHECK(format("") == Format::jsonl);
  CHECK(format("# a comment about nothing\n") == std::nullopt);
  CHECK(format("hello world\n") == std::nullopt);
  CHECK(format("[1,2]") == std::nullopt);
  CHECK(format("\x7f"
               "ELF") == std::nullopt);
}

TEST_CASE("formats by name of the file, where the content does not tell") {
  CHECK(recognise_format("", "a.edn") == Format::edn);
  CHECK(recognise_format("[]", "a.edn") == Format::edn);
  CHECK(recognise_format("[]", "a.json") == Format::elle_json);
  CHECK(recognise_format("nonsense", "a.jsonl") == Format::jsonl);
  CHECK(recognise_format("nonsense", "a.txt") == std::nullopt);
  // The content knows better.
  CHECK(recognise_format("{:type :ok}", "a.jsonl") == Format::edn);
  CHECK(recognise_format(R"({"process":0,"type":"invoke","f":"read"})", "a.json") == Format::elle_json);
  CHECK(recognise_format(R"({"process":0,"type":"invoke","f":"read"})", "a.edn") == Format::jsonl);
}

TEST_CASE("a byte order mark is read over") {
  CHECK(read_history_text("\xEF\xBB\xBF{:process 0, :type :invoke, :f :read}", "h"));
  CHECK(read_history_text("\xEF\xBB\xBF", "h"));
}

TEST_CASE("the format asked for is used, whatever the text looks like") {
  CHECK(problem(Format::edn, "{\"process\":0}") ==
        "h:1:1: expected an operation with a type: invoke, ok, fail or info");
  CHECK(problem(Format::jsonl, "{:process 0}") == "h:1:2: expected the name of a field, in quotes, found ':'");
}
