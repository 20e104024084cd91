// How the model world writes down what it sees.

#include "engine/base/match.h"
#include "tests/story/failover/world.h"

namespace heir::story {

namespace {

std::string list(const std::vector<PeerId>& peers) {
  std::string text;
  for (const PeerId& peer : peers) text += (text.empty() ? "" : " ") + peer.value();
  return text;
}

}  // namespace

std::string to_text(const failover::ClusterState& state) {
  std::string text = "generation " + std::to_string(state.generation.number()) + ": " + state.primary.value();
  text += state.sync ? " + " + state.sync->value() : state.singleton ? " alone" : " + nobody";
  if (!state.async.empty()) text += ", async " + list(state.async);
  if (!state.deposed.empty()) text += ", deposed " + list(state.deposed);
  text += ", from " + to_string(state.initial_position);
  text += state.opened ? ", opened by session " + std::to_string(state.opened->value()) : ", unopened";
  if (!state.proven.empty()) text += ", proven " + list(state.proven);
  if (state.freeze) {
    text += state.freeze->mode == failover::Freeze::Mode::all ? ", frozen" : ", takeovers frozen";
    text += " (" + state.freeze->reason + ")";
  }
  if (state.promote)
    text += ", promote " + state.promote->peer.value() + " of generation " +
            std::to_string(state.promote->generation.number());
  return text + " [" + state.changed.by + ": " + state.changed.why + "]";
}

std::string to_text(const failover::Effect& effect) {
  using namespace failover;
  return std::visit(Match{
                        [](const OpenSession&) { return std::string("open a session"); },
                        [](const EndSession& e) { return "end session " + std::to_string(e.session.value()); },
                        [](const Read&) { return std::string("read"); },
                        [](const Write& w) {
                          return "write over " + std::to_string(w.expected_index) + ": " + to_text(w.state) +
                                 ", leader " + (w.leader ? w.leader->value() : "nobody");
                        },
                        [](const Command& c) { return to_string(c.command); },
                        [](const Cancel&) { return std::string("give up the command"); },
                        [](const Prove& p) { return "prove that " + p.sync.value() + " has all"; },
                        [](const Remember& r) {
                          return "remember generation " + std::to_string(r.generation.number()) + " of " + r.store;
                        },
                    },
                    effect);
}

}  // namespace heir::story
