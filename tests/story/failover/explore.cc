// Walks the model world at random and looks for violations; a violation is made as short as it gets and printed as a
// story.
//
//   explore_failover [--peers N] [--set SWITCH=VALUE]… [--policy NAME] [--loose] [--second-wall] [--seed N] [--moves N]
//                    [--length N] [--finds N] [--expect KIND] [--only KIND] [--no-liveness] [--operator]
//
// With every rule on nothing may be found. With --expect KIND (the first words of a violation, such as "LOST WRITE") it
// is an error if it is not found within --moves. Same arguments, same output.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/story/failover/world.h"

namespace heir::story {

namespace {

/// xorshift64*; the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 0x2545f4914f6cdd1dULL) {}
  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return (state_ * 0x2545f4914f6cdd1dULL >> 33) % bound;
  }

 private:
  std::uint64_t state_;
};

struct Kind {
  const char* verb;
  int words;  ///< Peers that it takes.
  int weight;
  bool fault;
};

constexpr Kind kinds[] = {
    {"session", 1, 20, false},     {"end", 1, 6, false},           {"over", 1, 8, false},
    {"renew", 1, 6, false},        {"view", 1, 14, false},         {"view-state", 1, 3, false},
    {"view-members", 1, 3, false}, {"read", 1, 20, false},         {"serve", 1, 4, false},
    {"answer", 1, 8, false},       {"write", 1, 20, false},        {"apply", 1, 5, false},
    {"told", 1, 8, false},         {"do", 1, 30, false},           {"ship", 2, 20, false},
    {"ship-one", 2, 6, false},     {"flush", 1, 14, false},        {"replay", 1, 8, false},
    {"ack", 2, 20, false},         {"proved", 1, 20, false},       {"sample", 1, 6, false},
    {"status", 1, 8, false},       {"link", 1, 4, false},          {"put", 1, 14, false},
    {"get", 1, 8, false},          {"slow-get", 1, 2, false},      {"pass", 1, 3, false},
    {"start", 1, 4, false},        {"tick", 1, 3, false},          {"lapse", 1, 4, true},
    {"expire", 1, 8, true},        {"crash", 1, 3, true},          {"restart-agent", 1, 3, true},
    {"fail-read", 1, 2, true},     {"unknown", 1, 4, true},        {"land", 1, 6, true},
    {"drop", 1, 1, true},          {"fail", 1, 2, true},           {"cancel", 1, 3, true},
    {"restart-db", 1, 3, true},    {"kill-db", 1, 2, true},        {"promote", 1, 2, true},
    {"rebuild", 1, 1, true},       {"freeze", 0, 1, true},         {"unfreeze", 0, 3, true},
    {"settle", 0, 2, false},       {"settle without", 1, 4, true}, {"settle agentless", 1, 4, true},
};
constexpr std::size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);

struct Settings {
  WorldOptions world;
  std::vector<std::string> switches;
  std::uint64_t seed = 1;
  long moves = 200'000;
  int length = 70;
  int finds = 1;
  std::string expect;
  std::string only;
  bool liveness = true;
};

bool carry_out(World& world, const Move& move) {
  if (move.verb == "settle") {
    world.settle(3000, world.settling(move.words));
    return true;
  }
  return world.move(move);
}

std::string kind_of(const std::string& violation) {
  return violation.substr(0, violation.find(':'));
}

/// The first violation that counts.
std::string found_in(const World& world, const Settings& settings) {
  for (const std::string& violation : world.violations()) {
    // With clocks outside their bound only lost data counts.
    const std::string kind = kind_of(violation);
    if (!settings.world.clocks_bound && (kind == "STALE READ" || kind == "TWO GATES")) continue;
    if (!settings.only.empty() && kind != settings.only) continue;
    return kind;
  }
  return "";
}

/// With everything healed the cluster must serve again.
std::string heal(World& world, const Settings& settings) {
  world.move(parse_move("unfreeze"));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < world.peers(); ++i) world.move(Move{"start", {std::string(1, static_cast<char>('a' + i))}});
    for (int i = 0; i < world.peers(); ++i)
      while (world.move(Move{"drop", {std::string(1, static_cast<char>('a' + i))}})) continue;
    if (!world.settle(4000, world.settling({"ticks"}))) return "NEVER QUIET";
  }
  for (const std::string& violation : world.violations())
    if (const std::string kind = kind_of(violation);
        settings.world.clocks_bound || (kind != "STALE READ" && kind != "TWO GATES"))
      return settings.only.empty() || settings.only == kind ? kind : "";
  return world.somebody_serves() ? "" : "STUCK";
}

/// Replays moves from the beginning; the violation, if there is one, and the moves that were possible up to it.
std::string replay(const Settings& settings, const std::vector<Move>& moves, bool healed, std::vector<Move>* used) {
  World world(settings.world);
  used->clear();
  for (const Move& move : moves) {
    if (!carry_out(world, move)) continue;
    used->push_back(move);
    if (const std::string kind = found_in(world, settings); !kind.empty() && !healed) return kind;
  }
  return healed ? heal(world, settings) : "";
}

std::vector<Move> shortened(const Settings& settings, std::vector<Move> moves, const std::string& kind, bool healed) {
  std::vector<Move> used;
  for (std::size_t chunk = moves.size() / 2; chunk >= 1; chunk = chunk == 1 ? 0 : chunk / 2) {
    for (bool again = true; again;) {
      again = false;
      for (std::size_t at = 0; at + chunk <= moves.size();) {
        std::vector<Move> fewer(moves.begin(), moves.begin() + static_cast<std::ptrdiff_t>(at));
        fewer.insert(fewer.end(), moves.begin() + static_cast<std::ptrdiff_t>(at + chunk), moves.end());
        if (replay(settings, fewer, healed, &used) == kind) {
          moves = used;
          again = true;
        } else {
          ++at;
        }
      }
    }
  }
  return moves;
}

void print_story(const Settings& settings, const std::vector<Move>& moves, const std::string& kind, bool healed) {
  std::printf("# %s\nworld peers=%d", kind.c_str(), settings.world.peers);
  for (const std::string& assignment : settings.switches) std::printf(" %s", assignment.c_str());
  if (!settings.world.clocks_bound) std::printf(" clocks=loose");
  if (settings.world.second_wall) std::printf(" wall=second");
  std::printf("\n----\n\nsteps brief\n");
  for (const Move& move : moves) std::printf("%s\n", move.text().c_str());
  std::printf("----\n\n");
  if (healed) std::printf("heal\n----\n\n");
  std::printf("verdict\n----\n");
}

int explore(const Settings& settings) {
  Dice dice(settings.seed);
  World ready(settings.world);
  std::vector<Move> prologue;
  for (int i = 0; i < settings.world.peers; ++i)
    prologue.push_back(Move{"start", {std::string(1, static_cast<char>('a' + i))}});
  std::vector<Move> opened = prologue;
  opened.push_back(Move{"settle", {}});
  for (const Move& move : opened) carry_out(ready, move);

  long moves = 0;
  long walks = 0;
  int finds = 0;
  std::vector<Move> shortest;
  std::string shortest_kind;
  bool shortest_healed = false;
  while (moves < settings.moves && finds < settings.finds) {
    ++walks;
    const bool from_scratch = dice.below(4) == 0;
    World world(settings.world);
    std::vector<Move> path = from_scratch ? prologue : opened;
    if (from_scratch)
      for (const Move& move : prologue) carry_out(world, move);
    else
      world = ready;
    // Each walk has its own mood: which faults there are, and how likely each step is.
    int weights[kind_count];
    int total = 0;
    const std::uint64_t faultiness = dice.below(4);
    for (std::size_t k = 0; k < kind_count; ++k) {
      const bool off = kinds[k].fault ? dice.below(4) < 2 : dice.below(12) == 0;
      const int scale = kinds[k].fault ? static_cast<int>(faultiness) + 1 : 2 + static_cast<int>(dice.below(3));
      total += weights[k] = off ? 0 : kinds[k].weight * scale;
    }
    const int length = 10 + static_cast<int>(dice.below(static_cast<std::uint64_t>(settings.length)));
    std::string kind;
    int tries = 0;
    for (int done = 0; done < length && tries < length * 40; ++tries) {
      std::size_t k = 0;
      for (int at = static_cast<int>(dice.below(static_cast<std::uint64_t>(total))); at >= weights[k]; ++k)
        at -= weights[k];
      Move move = parse_move(kinds[k].verb);
      for (int w = 0; w < kinds[k].words; ++w)
        move.words.emplace_back(1,
                                static_cast<char>('a' + dice.below(static_cast<std::uint64_t>(settings.world.peers))));
      if (!carry_out(world, move)) continue;
      path.push_back(std::move(move));
      ++done;
      ++moves;
      if (kind = found_in(world, settings); !kind.empty()) break;
    }
    bool healed = false;
    if (kind.empty() && settings.liveness) {
      kind = heal(world, settings);
      healed = true;
    }
    if (kind.empty() || (!settings.only.empty() && kind != settings.only)) continue;
    ++finds;
    std::vector<Move> fewer = shortened(settings, path, kind, healed);
    if (shortest.empty() || fewer.size() < shortest.size()) {
      shortest = std::move(fewer);
      shortest_kind = kind;
      shortest_healed = healed;
    }
  }
  if (!shortest.empty()) print_story(settings, shortest, shortest_kind, shortest_healed);
  std::fprintf(stderr, "%ld walks, %ld moves, %d found%s\n", walks, moves, finds,
               finds ? (", shortest " + std::to_string(shortest.size()) + " moves: " + shortest_kind).c_str() : "");
  if (settings.expect.empty()) return finds == 0 ? 0 : 1;
  return shortest_kind == settings.expect ? 0 : 1;
}

int usage(const std::string& what) {
  std::fprintf(stderr, "explore_failover: %s\n", what.c_str());
  return 2;
}

int run(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--loose") {
      settings.world.clocks_bound = false;
      continue;
    }
    if (option == "--second-wall") {
      settings.world.second_wall = true;
      continue;
    }
    if (option == "--no-liveness") {
      settings.liveness = false;
      continue;
    }
    if (i + 1 >= argc) return usage(option + " is not known, or lacks its value");
    const std::string value = argv[++i];
    if (option == "--peers") {
      settings.world.peers = std::atoi(value.c_str());
    } else if (option == "--seed") {
      settings.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (option == "--moves") {
      settings.moves = std::atol(value.c_str());
    } else if (option == "--length") {
      settings.length = std::atoi(value.c_str());
    } else if (option == "--finds") {
      settings.finds = std::atoi(value.c_str());
    } else if (option == "--expect") {
      settings.expect = settings.only = value;
    } else if (option == "--only") {
      settings.only = value;
    } else if (option == "--policy") {
      const Result<failover::Policy> named = failover::policy_named(value);
      if (!named) return usage(named.error().message);
      settings.world.policy = *named;
      settings.switches.push_back("policy=" + value);
    } else if (option == "--set") {
      const std::size_t equals = value.find('=');
      if (equals == std::string::npos) return usage("--set takes SWITCH=VALUE");
      const Result<> set =
          failover::set_switch(settings.world.policy, value.substr(0, equals), value.substr(equals + 1));
      if (!set) return usage(set.error().message);
      settings.switches.push_back(value);
    } else {
      return usage(option + " is not known");
    }
  }
  if (settings.world.peers < 2 || settings.world.peers > max_peers) return usage("--peers takes 2 to 6");
  return explore(settings);
}

}  // namespace

}  // namespace heir::story

int main(int argc, char** argv) {
  return heir::story::run(argc, argv);
}
