#include "reports/history/history_file.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace heir::reports;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path =
      fs::temp_directory_path() / ("heir-reports-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  Folder() {
    fs::remove_all(path);
    fs::create_directory(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

std::string problem(const std::string& text) {
  std::FILE* file = std::tmpfile();
  std::fwrite(text.data(), 1, text.size(), file);
  std::rewind(file);
  const auto result = read_history(file, "h.jsonl");
  std::fclose(file);
  return result ? "none" : result.error().message;
}

const std::string sample =
    R"({"process":3,"type":"invoke","f":"write","key":"x\"\u0001y","value":-9223372036854775808,"time":0})"
    "\n"
    R"({"process":4,"type":"invoke","f":"read","key":5,"value":null,"time":9007199254740993})"
    "\n"
    R"({"process":4,"type":"ok","f":"read","key":5,"value":[1,2,-3],"time":9007199254740993,"peer":2,"generation":4})"
    "\n"
    R"({"process":3,"type":"info","f":"write","key":"x\"\u0001y","value":-9223372036854775808,"time":9007199254740994})"
    "\n"
    R"({"process":3,"type":"invoke","f":"read-standby","value":null,"time":9007199254740994})"
    "\n"
    R"({"process":3,"type":"fail","f":"read-standby","value":null,"time":9223372036854775807})"
    "\n";

}  // namespace

TEST_CASE("a history survives its file, byte for byte") {
  const Folder folder;
  const std::string path = folder / "a.jsonl";
  std::ofstream(path) << sample;
  const auto history = read_history(path);
  REQUIRE(history);
  CHECK(history->size() == 6);
  REQUIRE(write_history(*history, folder / "b.jsonl"));
  CHECK(text_of(folder / "b.jsonl") == sample);
  REQUIRE(write_history(*history, path));  // replaced
  CHECK(text_of(path) == sample);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 2);
}

TEST_CASE("other orders, spaces, unknown keys, blank lines and a missing last newline are read") {
  CHECK(problem(
            "\n  \r\n { \"time\" : 1 , \"extra\" : {\"a\":[1.5e+3,true,null,\"\\u00e9\"],\"b\":{}} , \"f\" : \"read\", "
            "\"type\":\"invoke\",\"process\":0, \"value\":null }\r\n{\"value\":[ 1 , 2 "
            "],\"key\":null,\"process\":0,\"type\":"
            "\"ok\",\"f\":\"read\",\"time\":1}") == "none");
  CHECK(problem("") == "none");
}

TEST_CASE("what is wrong with a file is said exactly") {
  const std::string head = R"({"process":0,"type":"invoke","f":"read","time":1})"
                           "\n";
  CHECK(problem("[1]") == "h.jsonl:1:1: expected '{', found '['");
  CHECK(problem("\x01\xff") == "h.jsonl:1:1: expected '{', found byte 0x01");
  CHECK(problem(head + "{\"process\" 1}") == "h.jsonl:2:12: expected ':', found '1'");
  CHECK(problem(head + "{\"process\":1") == "h.jsonl:2:13: expected ',' or '}', found the end of the line");
  CHECK(problem("{\"process\":1,}") == "h.jsonl:1:14: expected the name of a field, in quotes, found '}'");
  CHECK(problem("{\"process\":-1}") == "h.jsonl:1:12: expected a process number of 0 to 1048575, found -1");
  CHECK(problem("{\"process\":\"a\"}") == "h.jsonl:1:12: expected a process number, found '\"'");
  CHECK(problem("{\"process\":1.5}") ==
        "h.jsonl:1:12: expected a process number, found a number with a fraction or an exponent");
  CHECK(problem("{\"process\":01}") == "h.jsonl:1:12: expected an integer without leading zeros");
  CHECK(problem("{\"time\":9223372036854775808}") ==
        "h.jsonl:1:9: expected a time in nanoseconds of 0 to 9223372036854775807, found 9223372036854775808");
  CHECK(problem("{\"type\":\"done\"}") ==
        "h.jsonl:1:9: expected \"invoke\", \"ok\", \"fail\" or \"info\", found \"done\"");
  CHECK(problem("{\"f\":\"reed\"}") == "h.jsonl:1:6: expected a function such as \"read\", found \"reed\"");
  CHECK(problem("{\"f\":\"enq\"}") == "h.jsonl:1:6: expected a function such as \"enqueue\", found \"enq\"");
  CHECK(problem("{\"f\":\"pop\",\"f\":\"pop_front\"}") == "h.jsonl:1:12: field \"f\" is given twice");
  CHECK(problem("{\"f\":\"pop_front\"}") ==
        "h.jsonl:1:6: expected a function such as \"pop-front\", found \"pop_front\"");
  CHECK(
      problem("{\"f\":\"xyzzy\"}") ==
      "h.jsonl:1:6: expected one of the functions \"read\", \"write\", \"cas\", \"append\", \"add\", \"read-standby\", "
      "\"remove\", \"contains\", \"enqueue\", \"dequeue\", \"peek\", \"drain\", \"push\", \"pop\", \"push-front\", "
      "\"push-back\", \"pop-front\", \"pop-back\", \"peek-front\", \"peek-back\", \"acquire\", \"release\", "
      "\"increment\", "
      "\"decrement\", \"read-modify-write\", \"generate\", \"transfer\", \"transaction\" or \"initialize\", found "
      "\"xyzzy\"");
  CHECK(problem("{\"f\":\"read\",\"f\":\"read\"}") == "h.jsonl:1:13: field \"f\" is given twice");
  CHECK(problem("{\"key\":[1]}") == "h.jsonl:1:8: expected a key (a string or an integer), found '['");
  CHECK(problem("{\"key\":\"a") == "h.jsonl:1:10: expected '\"' at the end of the string, found the end of the line");
  CHECK(problem("{\"key\":\"\\q\"}") == "h.jsonl:1:10: expected an escape of JSON, found 'q'");
  CHECK(problem("{\"key\":\"\\ud800x\"}") == "h.jsonl:1:15: expected the second half of a surrogate pair, found 'x'");
  CHECK(problem("{\"value\":nil}") == "h.jsonl:1:10: expected a value, found 'n'");
  CHECK(problem("{\"value\":01}") == "h.jsonl:1:10: expected a number without leading zeros");
  CHECK(problem("{\"value\":{\"a\" 1}}") == "h.jsonl:1:15: expected ':', found '1'");
  CHECK(problem("{\"value\":[1 2]}") == "h.jsonl:1:13: expected ',' or ']', found '2'");
  CHECK(problem("{\"value\":[1,x]}") == "h.jsonl:1:13: expected a value, found 'x'");
  CHECK(problem("{\"type\":\"ok\",\"f\":\"read\"}") == "h.jsonl:1:1: expected a field \"process\"");
  const std::string untimed = R"({"process":0,"type":"ok","f":"read"})";
  CHECK(problem(head + untimed) == "h.jsonl:2:1: expected a field \"time\"");
  CHECK(problem(R"({"process":1,"type":"invoke","f":"read"})"
                "\n" +
                head) == "h.jsonl:2:1: expected no field \"time\", as in the lines before");
  CHECK(problem(untimed) == "h.jsonl:1:1: ok of process 0, which has no operation open");
  CHECK(problem(head + head) == "h.jsonl:2:1: process 0 invokes read while its read of time 1 is open");
  CHECK(problem("{} x") == "h.jsonl:1:4: expected the end of the line, found 'x'");
  CHECK(problem(R"({"process":0,"type":"invoke","f":"transaction","value":[["w",1,2],["q",1]],"time":1})") ==
        "h.jsonl:1:68: expected \"read\", \"write\", \"append\", \"add\", \"remove\" or \"predicate-read\" in a "
        "transaction, found \"q\"");
  CHECK(problem(R"({"process":0,"type":"invoke","f":"transaction","value":[["w"]],"time":1})") ==
        "h.jsonl:1:57: expected a micro-operation: a function, a key and a value");
  CHECK(problem(R"({"process":0,"type":"invoke","f":"transaction","value":7,"time":1})") ==
        "h.jsonl:1:1: the invocation of transaction needs a list of micro-operations");
  CHECK(problem(R"({"process":0,"type":"invoke","f":"cas","value":7,"time":1})") ==
        "h.jsonl:1:1: the invocation of cas needs a pair of values, expected and new");
  CHECK(problem("{\"a\":" + std::string(100, '[')) == "h.jsonl:1:71: expected at most 64 levels of nesting");
  CHECK(problem(std::string(70'000'000, ' ')) == "h.jsonl:1:1: expected a line of at most 67108864 bytes");
}

TEST_CASE("files that cannot be read or written") {
  const Folder folder;
  const std::string missing = folder / "none.jsonl";
  CHECK(read_history(missing).error() ==
        heir::Error{heir::ErrorCode::not_found, "cannot open " + missing + ": No such file or directory"});
  CHECK(read_history(folder.path.string()).error().message ==
        "cannot read " + folder.path.string() + ": Is a directory");
  const History history;
  CHECK(write_history(history, folder.path.string()).error().message ==
        "cannot write " + folder.path.string() + ": it is a directory");
  CHECK(write_history(history, folder / "no/such").error().code == heir::ErrorCode::not_found);
  CHECK(write_history(history, "/dev/null"));
}

TEST_CASE("a full disk is told, and nothing of the file is left") {
  History history;
  history.invoke(ProcessId(0), Function::read, no_key, Value::nil(), HistoryTime::from_ns(1));
  CHECK(write_history(history, "/dev/full").error().code == heir::ErrorCode::out_of_space);
}

TEST_CASE("an unfinished file leaves nothing, and the old one as it was") {
  const Folder folder;
  const std::string path = folder / "h.jsonl";
  std::ofstream(path) << "old";
  {
    auto writer = HistoryWriter::create(path);
    REQUIRE(writer);
    CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 2);
    CHECK(text_of(path) == "old");
  }
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  CHECK(text_of(path) == "old");
  fs::create_symlink("h.jsonl", folder.path / "link");
  REQUIRE(write_history(History(), folder / "link"));
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(text_of(path).empty());
}
