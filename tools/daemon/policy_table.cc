#include "tools/daemon/policy_table.h"

#include <map>

#include "scenarios/policy_switches.h"

namespace heir::tools {

namespace {

using scenarios::Child;
using scenarios::Entry;
using scenarios::key;
using scenarios::key_of;
using scenarios::Limits;
using scenarios::Place;
using scenarios::Reading;
using scenarios::Section;
using scenarios::Value;

struct PolicyTable {
  bool experiment = false;
  std::string rules = "heir";
  std::map<std::string, std::string> switches;  ///< Those that the table has.
};

bool is_plain(const scenarios::PolicySwitch& each) {
  return each.values.front() == "true" || each.values.front() == "false";
}

scenarios::Key<PolicyTable> switch_key(const scenarios::PolicySwitch& each) {
  const std::string name(each.name);
  const std::string meaning(each.meaning);
  const auto text_of = [name, fallback = std::string(each.values.front())](const PolicyTable& table) {
    const auto found = table.switches.find(name);
    return found == table.switches.end() ? fallback : found->second;
  };
  if (is_plain(each))
    return key_of<PolicyTable, bool>(
        name, [text_of](const PolicyTable& table) { return text_of(table) == "true"; },
        [name](PolicyTable& table, bool value) { table.switches[name] = value ? "true" : "false"; }, meaning,
        Limits<bool>{});
  scenarios::Key<PolicyTable> made = key_of<PolicyTable, std::string>(
      name, text_of, [name](PolicyTable& table, std::string value) { table.switches[name] = std::move(value); },
      meaning, Limits<std::string>{});
  made.type.clear();
  for (const std::string_view value : each.values)
    made.type += (made.type.empty() ? "`" : ", `") + scenarios::in_quotes(value) + "`";
  return made;
}

Section<PolicyTable> policy_section() {
  Section<PolicyTable> s;
  s.heading = "[policy]";
  s.meaning =
      "Other rules than heir's, to see what they lose: refused without `experiment = true`. No cluster whose data "
      "matters "
      "has this table.";
  s.keys.push_back(
      key("experiment", &PolicyTable::experiment, "You know that a cluster whose rules are weakened loses data."));
  s.keys.push_back(key("rules", &PolicyTable::rules,
                       "Whose rules, \"heir\", \"manatee\" or \"sirenia\"; what follows "
                       "changes single ones."));
  for (const scenarios::PolicySwitch& each : scenarios::policy_switches()) s.keys.push_back(switch_key(each));
  return s;
}

void read_policy(const Entry& entry, HostingConfig& config, Reading& reading) {
  const Value& table = entry.value;
  PolicyTable read;
  read_section(policy_section(), table, entry.place, read, reading);
  if (!reading.good(&table)) return;
  if (const Result<failover::Policy> named = failover::policy_named(read.rules))
    config.policy = *named;
  else
    reading.report(table, place_of(table, "rules"), "'rules' " + named.error().message);
  for (const auto& [name, value] : read.switches)
    if (const Result<> set = failover::set_switch(config.policy, name, value); !set)
      reading.report(table, place_of(table, name), "'" + name + "' " + set.error().message);
  const std::vector<std::string> weakened = weakened_rules(config);
  if (!read.experiment && !weakened.empty())
    reading.report(table, table.find("experiment") ? place_of(table, "experiment") : entry.place,
                   "[policy] weakens the rules (" + scenarios::joined(weakened) +
                       "), and a cluster whose rules are weakened loses data; leave it out, or write `experiment = "
                       "true` into it, which says that you want that");
}

}  // namespace

Child<HostingConfig> policy_child() {
  Child<HostingConfig> child;
  child.name = "policy";
  child.read = [](const Entry& entry, const Value& table, HostingConfig& config, Reading& reading) {
    if (entry.value.kind != Value::Kind::table)
      return reading.report(table, entry.value.place,
                            "'policy' is a table, [policy]; found " + scenarios::describe(entry.value));
    read_policy(entry, config, reading);
  };
  child.write = [](const HostingConfig& config, std::string& out) {
    if (weakened_rules(config).empty()) return;
    PolicyTable table;
    table.experiment = true;
    for (const scenarios::PolicySwitch& each : scenarios::policy_switches())
      table.switches[std::string(each.name)] = failover::switch_value(config.policy, each.name);
    out += "\n[policy]\n" + written_keys(policy_section(), table);
  };
  child.reference = [](std::string& out) { append_reference(policy_section(), out); };
  return child;
}

}  // namespace heir::tools
