// Stories of the failover rules, in the model world (world.h).
//
//   world [peers=3] [policy=heir] [SWITCH=VALUE …] [clocks=loose] [wall=second] [singleton=(a, …)]
//   steps [brief|quiet]   one step a line; each is shown with what it brought about (brief: reads, commands and waits
//   left
//                         out; quiet: nothing shown)
//   MOVE …                a single step (world_store.cc and world_database.cc say what each is)
//   settle [ticks] [without PEER | agentless PEER]
//                         everything benign until quiet; with `ticks` time passes too; one host, or agent, may hang
//   heal                  everybody starts, and everything settles
//   verdict               what the checkers found, and whether the cluster serves
#include <cstdio>
#include <memory>
#include <sstream>

#include "tests/story/datadriven.h"
#include "tests/story/failover/world.h"

namespace heir::story {

namespace {

std::string make_world(const Step& step, std::unique_ptr<World>& world) {
  WorldOptions options;
  if (const auto policy = step.get("policy")) {
    const Result<failover::Policy> named = failover::policy_named(*policy);
    if (!named) return to_string(named.error());
    options.policy = *named;
  }
  for (const Argument& argument : step.arguments) {
    const std::string value = argument.values.empty() ? "" : argument.values.front();
    if (argument.key == "peers")
      options.peers = std::stoi(value);
    else if (argument.key == "clocks")
      options.clocks_bound = value != "loose";
    else if (argument.key == "wall")
      options.second_wall = value == "second";
    else if (argument.key == "singleton")
      for (const std::string& peer : argument.values) options.singleton |= 1U << (peer[0] - 'a');
    else if (argument.key != "policy")
      if (const Result<> set = failover::set_switch(options.policy, argument.key, value); !set)
        return to_string(set.error());
  }
  if (options.peers < 1 || options.peers > max_peers) return "between 1 and " + std::to_string(max_peers) + " peers";
  world = std::make_unique<World>(options);
  return "";
}

std::string verdict(const World& world) {
  std::string text;
  for (const std::string& violation : world.violations()) text += violation + "\n";
  if (world.violations().empty()) text = "no violation\n";
  return text + (world.somebody_serves() ? "it serves\n" : "STUCK: nobody serves\n");
}

std::string one(World& world, const std::string& line) {
  const Move move = parse_move(line);
  if (move.verb == "verdict") return verdict(world);
  if (move.verb == "settle") {
    const bool quiet = world.settle(3000, world.settling(move.words));
    return world.take_trace() + (quiet ? "" : "never quiet\n");
  }
  if (move.verb == "heal") {
    world.move(parse_move("unfreeze"));
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < world.peers(); ++i) world.move(Move{"start", {std::string(1, static_cast<char>('a' + i))}});
      for (int i = 0; i < world.peers(); ++i)
        while (world.move(Move{"drop", {std::string(1, static_cast<char>('a' + i))}})) continue;
      if (!world.settle(4000, world.settling({"ticks"}))) return world.take_trace() + "never quiet\n";
    }
    return world.take_trace();
  }
  if (!world.move(move)) return "not possible\n" + world.take_trace();
  return world.take_trace();
}

std::string handle(const Step& step, std::unique_ptr<World>& world) {
  if (step.command == "world") return make_world(step, world);
  if (!world) return "first of all: world";
  world->set_trace(true, step.has("brief"));
  if (step.command == "verdict") return verdict(*world);
  if (step.command != "steps") return one(*world, step.line_text);
  std::string text;
  std::istringstream lines(step.input);
  for (std::string line; std::getline(lines, line);) {
    std::string printed = one(*world, line);
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
    auto world = std::make_shared<std::unique_ptr<heir::story::World>>();
    return [world](const heir::story::Step& step) { return heir::story::handle(step, *world); };
  });
}
