// The runner of story files itself: it must see differences, and refuse what is no story.
#include <catch2/catch.hpp>

#include "tests/story/datadriven.h"

namespace heir::story {
namespace {

const Handler echo = [](const Step& step) { return step.command == "echo" ? step.input : std::string("none"); };

std::size_t differences(const std::string& text) {
  const auto result = replay_story("s.txt", text, echo);
  REQUIRE(result);
  return result->size();
}

}  // namespace

TEST_CASE("a story's commands, arguments and input") {
  const auto steps =
      parse_story("s.txt", "# note\n\nput a key=1 list=(x, y z) e=\nline 1\n\nline 2\n----\nout\n\nnext\n----\n");
  REQUIRE(steps);
  REQUIRE(steps->size() == 2);
  const Step& step = steps->front();
  CHECK(step.line == 3);
  CHECK(step.command == "put");
  CHECK(step.arguments == std::vector<Argument>{{"a", {}}, {"key", {"1"}}, {"list", {"x", "y z"}}, {"e", {""}}});
  CHECK(step.has("a"));
  CHECK_FALSE(step.has("b"));
  CHECK(step.get("list") == "x");
  CHECK(step.get("a") == std::nullopt);
  CHECK(step.input == "line 1\n\nline 2\n");
  CHECK(step.expected == "out\n");
  CHECK((*steps)[1].expected.empty());
}

TEST_CASE("differences are seen") {
  CHECK(differences("echo\na\n----\na\n") == 0);
  CHECK(differences("echo\na\n----\nb\n") == 1);
  CHECK(differences("echo\na\n----\n") == 1);
  CHECK(differences("echo\na\n----\na\nb\n") == 1);
  CHECK(differences("echo\na\n\nb\n----\n----\na\n\nb\n----\n----\n") == 0);
  CHECK(differences("echo\na\n\nb\n----\n----\na\n\nc\n----\n----\n") == 1);
}

TEST_CASE("rewriting keeps everything but what was printed, and settles") {
  const std::string text = "# one\n\necho x=1\na\n\nb\n----\nold\n\n# two\nother\n----\nnone\n";
  std::string rewritten;
  REQUIRE(replay_story("s.txt", text, echo, &rewritten));
  CHECK(rewritten == "# one\n\necho x=1\na\n\nb\n----\n----\na\n\nb\n----\n----\n\n# two\nother\n----\nnone\n");
  CHECK(differences(rewritten) == 0);
}

TEST_CASE("what is no story is refused with its line") {
  CHECK(parse_story("s.txt", "----\n").error().message == "s.txt:1: expected a command above '----'");
  CHECK(parse_story("s.txt", "\ncmd\ninput\n").error().message == "s.txt:2: this command has no '----' below it");
  CHECK_FALSE(parse_story("s.txt", "cmd\n----\n----\na\n----\n").has_value());
}

}  // namespace heir::story
