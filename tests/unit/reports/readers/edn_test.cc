// The notation alone.
#include "reports/history/edn.h"

#include <catch2/catch.hpp>

using namespace heir::reports;

namespace {

/// The first form as canonical JSON, or where it is wrong and how.
std::string json(std::string_view text) {
  Document document;
  EdnParser parser(text, "the end", document);
  const std::uint32_t root = parser.read();
  if (root == 0) {
    return std::to_string(parser.problem().at) + (parser.problem().incomplete ? "+: " : ": ") +
           parser.problem().message;
  }
  std::string out;
  append_json(out, document, document.at(root));
  return out;
}

}  // namespace

TEST_CASE("EDN: atoms") {
  CHECK(json("nil") == "null");
  CHECK(json("true") == "true");
  CHECK(json("false") == "false");
  CHECK(json("0") == "0");
  CHECK(json("-17") == "-17");
  CHECK(json("+17") == "17");
  CHECK(json("9223372036854775807N") == "9223372036854775807");
  CHECK(json("-9223372036854775808") == "-9223372036854775808");
  CHECK(json("9223372036854775808") == "9223372036854775808");
  CHECK(json("123456789012345678901234567890N") == "123456789012345678901234567890");
  CHECK(json("1.50") == "1.50");
  CHECK(json("1.5e-3") == "1.5e-3");
  CHECK(json("1.5M") == "1.5");
  CHECK(json("1/2") == "\"1/2\"");
  CHECK(json("1.") == "\"1.\"");
  CHECK(json("##Inf") == "\"Inf\"");
  CHECK(json(":a.b/c-d?") == "\":a.b/c-d?\"");
  CHECK(json("a/b") == "\"a/b\"");
  CHECK(json("-") == "\"-\"");
  CHECK(json("nilly") == "\"nilly\"");
}

TEST_CASE("EDN: texts and characters") {
  CHECK(json(R"("")") == R"("")");
  CHECK(json(R"("plain")") == R"("plain")");
  CHECK(json(R"("a\"\\\t\n\r\b\f\u00e9")") == "\"a\\\"\\\\\\t\\n\\r\\u0008\\u000cé\"");
  CHECK(json(R"("\ud83d\ude00")") == "\"😀\"");
  CHECK(json("\"two\nlines\"") == "\"two\\nlines\"");
  CHECK(json("[\\a \\newline \\space \\tab \\u0041 \\( \\\\]") == R"(["a","\n"," ","\t","A","(","\\"])");
}

TEST_CASE("EDN: what holds others") {
  CHECK(json("[1 (2 3), #{4}]") == "[1,[2,3],[4]]");
  CHECK(json("[[] () {} #{}]") == "[[],[],{},[]]");
  CHECK(json("#{3 1 2}") == json("#{2 3 1}"));
  CHECK(json("{:b 1, \"a\" 2, [0] 3}") == R"({":b":1,"[0]":3,"a":2})");
  CHECK(json("#inst \"2020-01-01\"") == R"({"#inst":"2020-01-01"})");
  CHECK(json("#a.B{:x 1}") == R"({"#a.B":{":x":1}})");
  CHECK(json("#a b #c d") == R"({"#a":"b"})");
  CHECK(json("#:jepsen{:x 1}") == R"({":x":1})");
}

TEST_CASE("EDN: what is read over") {
  CHECK(json(" ,\t\n; comment ] \n 1") == "1");
  CHECK(json("#_ 1 2") == "2");
  CHECK(json("#_#_ 1 2 3") == "3");
  CHECK(json("[1 #_ [2 #_ 3] 4 ;]\n]") == "[1,4]");
  CHECK(json("^:x ^{:a 1} [1]") == "[1]");
  CHECK(json("#tag #_ 0 1") == R"({"#tag":1})");
}

TEST_CASE("EDN: what is wrong, where, and whether more text may mend it") {
  CHECK(json("") == "0+: expected a value, found the end");
  CHECK(json("  ") == "2+: expected a value, found the end");
  CHECK(json("[1") == "2+: expected ']' or a value, found the end");
  CHECK(json("[1}") == "2: expected ']' or a value, found '}'");
  CHECK(json("{:a 1 :b}") == "8: expected a value for the last key of the map");
  CHECK(json("\"a") == "2+: expected '\"' at the end of the string, found the end");
  CHECK(json(R"("\q")") == "2: expected an escape of EDN, found 'q'");
  CHECK(json(R"("\u12x4")") == "5: expected four hexadecimal digits, found 'x'");
  CHECK(json(R"("\ud83d\u0041")") == "9: expected the second half of a surrogate pair");
  CHECK(json("12ab") == "0: expected a number, found 12ab");
  CHECK(json("007") == "0: expected a number, found 007");
  CHECK(json(":") == "1+: expected the name of a keyword, found the end");
  CHECK(json("#") == "1+: expected a tag, '{', '_' or '#', found the end");
  CHECK(json("#:a [1]") == "4: expected '{', found '['");
  CHECK(json("##") == "2+: expected Inf, -Inf or NaN, found the end");
  CHECK(json("; no end") == "8+: expected the end of the comment's line, found the end");
  CHECK(json("#_") == "2+: expected a value, found the end");
  CHECK(json(")") == "0: expected a value, found ')'");
  CHECK(json("@x") == "0: expected a value, found '@'");
  CHECK(json("\x01") == "0: expected a value, found byte 0x01");
  CHECK(json(std::string(100, '[')) == "65: expected at most 64 levels of nesting");
  CHECK(json(std::string(1'000'000, '[')) == "65: expected at most 64 levels of nesting");
  std::string discards;
  for (int i = 0; i < 100'000; ++i) discards += "#_";
  CHECK(json(discards) == "130: expected at most 64 levels of nesting");
  std::string metadata;
  for (int i = 0; i < 100'000; ++i) metadata += "^";
  CHECK(json(metadata).ends_with("expected at most 64 levels of nesting"));
}
