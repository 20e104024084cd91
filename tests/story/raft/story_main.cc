// Stories of Raft, in the model world (world.h).
//
//   cluster [voters=3] [disks=slow] [pre-vote=off] [RULE=false …] [kept=N] [append-bytes=N] [part=N] [window=N]
//           [caught-up=N] [election=N] [uncommitted=N]
//   steps [brief|quiet]   one step a line; each is shown with what it brought about (brief: messages and writes left
//   out;
//                         quiet: nothing shown)
//   MOVE …                a single step (world.cc says what each is)
//   settle                everything is delivered and written until nothing is left to do
//   heal                  everybody starts, every cut ends, time passes: they must agree and commit something new
//   verdict               what the invariants found
#include <charconv>
#include <memory>
#include <sstream>

#include "tests/story/datadriven.h"
#include "tests/story/raft/rules_by_name.h"
#include "tests/story/raft/world.h"

namespace heir::story {

namespace {

std::string make_cluster(const Step& step, std::unique_ptr<RaftWorld>& world) {
  RaftWorldOptions options;
  raft::Options& o = options.raft;
  for (const Argument& argument : step.arguments) {
    const std::string value = argument.values.empty() ? "" : argument.values.front();
    std::size_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    if (argument.key == "voters")
      options.voters = static_cast<int>(number);
    else if (argument.key == "disks")
      options.slow_disks = value == "slow";
    else if (argument.key == "pre-vote")
      o.pre_vote = value != "off";
    else if (argument.key == "kept")
      o.entries_kept = number;
    else if (argument.key == "append-bytes")
      o.append_bytes = number;
    else if (argument.key == "part")
      o.snapshot_part = number;
    else if (argument.key == "window")
      o.in_flight_messages = number;
    else if (argument.key == "caught-up")
      o.caught_up = number;
    else if (argument.key == "election")
      o.election_ticks = static_cast<std::uint32_t>(number);
    else if (argument.key == "uncommitted")
      o.uncommitted_bytes = number;
    else if (!set_rule(o.rules, argument.key + "=" + value))
      return "a cluster has no " + argument.key;
  }
  world = std::make_unique<RaftWorld>(options);
  return "";
}

std::string verdict(const RaftWorld& world) {
  std::string text;
  for (const std::string& violation : world.violations()) text += violation + "\n";
  return text.empty() ? "no violation\n" : text;
}

std::string one(RaftWorld& world, const std::string& line) {
  const Move move = parse_move(line);
  if (move.verb == "verdict") return verdict(world);
  if (move.verb == "settle") {
    const bool quiet = world.settle();
    return world.take_trace() + (quiet ? "" : "never quiet\n");
  }
  if (move.verb == "heal") {
    world.heal();
    return world.take_trace();
  }
  if (!world.move(move)) return "not possible\n" + world.take_trace();
  return world.take_trace();
}

std::string handle(const Step& step, std::unique_ptr<RaftWorld>& world) {
  if (step.command == "cluster") return make_cluster(step, world);
  if (!world) return "first of all: cluster";
  world->set_trace(true, step.has("brief"));
  if (step.command == "verdict") return verdict(*world);
  if (step.command != "steps") return one(*world, step.line_text);
  std::string text;
  std::istringstream lines(step.input);
  for (std::string line; std::getline(lines, line);) {
    const std::string printed = one(*world, line);
    if (step.has("quiet")) continue;
    text += "> " + line + "\n";
    std::istringstream in(printed);
    for (std::string part; std::getline(in, part);) text += "  " + part + "\n";
  }
  return text;
}

}  // namespace

}  // namespace heir::story

int main(int argc, char** argv) {
  return heir::story::story_main(argc, argv, [] {
    auto world = std::make_shared<std::unique_ptr<heir::story::RaftWorld>>();
    return [world](const heir::story::Step& step) { return heir::story::handle(step, *world); };
  });
}
