// What can be asked of a world between two events; for people, so in words. Changes nothing.
#include <algorithm>

#include "sim/databases/postgresql/server.h"
#include "sim/faults/strike.h"
#include "sim/world/world.h"

namespace heir::sim {

namespace {

void add(std::string& text, std::string_view key, std::string_view value) {
  text += std::string(key) + ": " + (value.empty() ? "-" : std::string(value)) + "\n";
}

void add_machine(std::string& text, const Machine& machine) {
  add(text, "power", machine.is_up() ? "on" : "off");
  std::string programs;
  for (const Process* process : machine.processes())
    programs += (programs.empty() ? "" : ", ") + process->name() + (process->is_paused() ? " (stands still)" : "");
  add(text, "programs", programs);
}

}  // namespace

std::vector<std::string> World::everybody() const {
  std::vector<std::string> all{"cluster", "network"};
  for (const PeerHost& host : peers_) all.push_back(host.machine->name());
  for (const StoreHost& host : store_) all.push_back(host.machine->name());
  for (const ClientHost& host : clients_) all.push_back(host.machine->name());
  return all;
}

std::string World::state_of(std::string_view name) const {
  std::string text;
  const auto name_of_peer = [this](std::string_view peer_name) {
    const int host = host_named(peer_name);
    return host == 0 ? std::string(peer_name) : peer(host).machine->name();
  };
  const auto names_of = [&](std::string_view list) {
    std::string all;
    while (!list.empty()) {
      const std::string_view word = list.substr(0, list.find(' '));
      list.remove_prefix(std::min(list.size(), word.size() + 1));
      all += (all.empty() ? "" : " ") + name_of_peer(word);
    }
    return all;
  };
  if (name == "cluster") {
    add(text, "version", std::to_string(cluster_.index));
    add(text, "generation", std::to_string(cluster_.generation) + (cluster_.opened ? " (opened)" : ""));
    add(text, "primary", name_of_peer(cluster_.primary));
    add(text, "sync", name_of_peer(cluster_.sync));
    add(text, "async", names_of(cluster_.async));
    add(text, "deposed", names_of(cluster_.deposed));
    add(text, "proven", names_of(cluster_.proven));
    add(text, "freeze", cluster_.freeze);
    add(text, "leader of the store", store_leader_ == 0 ? "" : member(store_leader_).machine->name());
    return text;
  }
  if (name == "network") {
    add(text, "connections", std::to_string(network_.connections()));
    for (std::size_t from = 0; from < network_.nodes(); ++from) {
      const NodeId a(static_cast<std::uint32_t>(from));
      std::string cut;
      for (std::size_t to = 0; to < network_.nodes(); ++to) {
        const NodeId b(static_cast<std::uint32_t>(to));
        if (a != b && network_.is_blocked(a, b)) cut += (cut.empty() ? "" : " ") + network_.node_name(b);
      }
      if (!cut.empty()) add(text, network_.node_name(a) + " is not heard by", cut);
    }
    return text;
  }
  if (const int n = member_named(name); n != 0) {
    add_machine(text, *member(n).machine);
    add(text, "leads", store_leader_ == n ? "yes, in term " + std::to_string(store_term_) : "no");
    if (member(n).is_lost) add(text, "disk", "lost; never takes part again");
    return text;
  }
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const PeerHost& on = peers_[i];
    if (on.machine->name() != name) continue;
    add_machine(text, *on.machine);
    add(text, "role", on.role.empty() ? "" : on.role + " of generation " + std::to_string(on.role_generation));
    add(text, "gate", on.gate + (on.gate == "open" ? " in generation " + std::to_string(on.open_generation) : ""));
    add(text, "waits for", on.waits_for);
    const int host = static_cast<int>(i) + 1;
    if (const PostgresServer* found = server(host)) {
      add(text, "database", to_string(found->phase()));
      add(text, "log ends at", to_string(found->log_end()));
      add(text, "log is flushed up to", to_string(found->flushed()));
    } else {
      add(text, "database", "is not running");
    }
    return text;
  }
  for (const ClientHost& host : clients_) {
    if (host.machine->name() != name) continue;
    add(text, "operation under way", host.client->under_way());
    return text;
  }
  return text;
}

}  // namespace heir::sim
