#include "tools/daemon/host_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace heir::tools {

namespace {

using Json = nlohmann::json;

std::string text(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? "" : value.get<std::string>();
}

std::optional<std::uint64_t> number(const Json& json, const char* key) {
  const Json& value = json.at(key);
  if (value.is_null()) return std::nullopt;
  return value.get<std::uint64_t>();
}

StateView state_of(const Json& json) {
  StateView state;
  state.index = json.at("index").get<std::uint64_t>();
  state.at = text(json, "at");
  state.by = text(json, "by");
  state.why = text(json, "why");
  if (!json.contains("generation")) return state;
  state.generation = json.at("generation").get<std::uint64_t>();
  state.primary = text(json, "primary");
  state.sync = text(json, "sync");
  state.async = json.at("async").get<std::vector<std::string>>();
  state.deposed = json.at("deposed").get<std::vector<std::string>>();
  state.opened = json.at("opened").get<bool>();
  state.promote = text(json, "promote");
  if (const Json& freeze = json.at("freeze"); !freeze.is_null()) {
    state.freeze = text(freeze, "mode");
    state.frozen_by = text(freeze, "by");
    state.freeze_reason = text(freeze, "reason");
  }
  return state;
}

Error not_understood() {
  return {ErrorCode::invalid, "the answer is not one of an agent of this version"};
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : "; ") + word;
  return all;
}

}  // namespace

Result<HostView> read_host_view(const std::string& text_of_it) {
  try {
    const Json json = Json::parse(text_of_it);
    HostView view;
    view.host = text(json, "host");
    view.role = text(json, "role");
    view.place = number(json, "place").value_or(0);
    view.role_for = Duration::milliseconds(json.at("role_for_ms").get<std::int64_t>());
    view.generation = json.at("generation").get<std::uint64_t>();
    view.is_writable = json.at("writable").get<bool>();
    view.why_not_writable = json.at("why_not_writable").get<std::vector<std::string>>();
    view.next_step = text(json, "next_step");
    view.gate = text(json, "gate");
    view.lease_left = Duration::milliseconds(json.at("lease_left_ms").get<std::int64_t>());
    const Json& database = json.at("database");
    view.is_running = database.at("running").get<bool>();
    view.is_damaged = database.at("damaged").get<bool>();
    view.is_streaming = database.at("streaming").get<bool>();
    view.timeline = number(database, "timeline");
    // A standby that streams anew may have received less than lay on its disk.
    view.end = std::max({number(database, "flushed"), number(database, "received"), number(database, "replayed")});
    view.lag = number(database, "lag_bytes");
    if (const Json& state = json.at("state"); !state.is_null()) view.state = state_of(state);
    view.warnings = json.value("warnings", std::vector<std::string>());
    return view;
  } catch (const Json::exception&) {
    return not_understood();
  }
}

Result<std::vector<StateView>> read_history(const std::string& json) {
  try {
    std::vector<StateView> versions;
    const Json parsed = Json::parse(json);
    for (const Json& each : parsed.at("versions")) versions.push_back(state_of(each));
    return versions;
  } catch (const Json::exception&) {
    return not_understood();
  }
}

Result<PromotionView> read_promotion(const std::string& text_of_it) {
  try {
    const Json json = Json::parse(text_of_it);
    return PromotionView{text(json, "from"), text(json, "to"), json.at("generation").get<std::uint64_t>(),
                         json.at("index").get<std::uint64_t>(), json.at("steps").get<std::vector<std::string>>()};
  } catch (const Json::exception&) {
    return not_understood();
  }
}

std::vector<std::string> warnings_of(const std::vector<NamedAnswer>& hosts) {
  std::vector<std::pair<std::string, std::string>> told;  // the warning, and whose it is
  for (const NamedAnswer& each : hosts) {
    if (!each.view) continue;
    for (const std::string& warning : each.view->warnings) {
      const auto same = std::find_if(told.begin(), told.end(), [&](const auto& one) { return one.first == warning; });
      if (same == told.end())
        told.emplace_back(warning, each.host);
      else
        same->second += ", " + each.host;
    }
  }
  std::vector<std::string> warnings;
  for (const auto& [warning, whose] : told) warnings.push_back(whose + ": " + warning);
  return warnings;
}

std::optional<StateView> newest_state(const std::vector<NamedAnswer>& hosts) {
  std::optional<StateView> newest;
  for (const NamedAnswer& each : hosts)
    if (each.view && each.view->state && (!newest || each.view->state->index > newest->index))
      newest = each.view->state;
  return newest;
}

std::vector<std::string> problems_of(const std::vector<NamedAnswer>& hosts) {
  std::vector<std::string> problems;
  const std::optional<StateView> state = newest_state(hosts);
  const auto is_writable = [](const NamedAnswer& each) { return each.view && each.view->is_writable; };
  const auto answers = [](const NamedAnswer& each) { return each.view.has_value(); };
  if (std::any_of(hosts.begin(), hosts.end(), answers) && std::none_of(hosts.begin(), hosts.end(), is_writable)) {
    std::string why;
    for (const NamedAnswer& each : hosts)
      if (each.view && state && each.host == state->primary)
        why = each.host + ": " + joined(each.view->why_not_writable);
    problems.push_back("no host takes writes" + (why.empty() ? "" : "; " + why));
  }
  for (const NamedAnswer& each : hosts) {
    if (!each.view) {
      problems.push_back(each.host + " does not answer: " + each.view.error().message);
      continue;
    }
    const HostView& view = *each.view;
    if (view.role == "deposed") problems.push_back(each.host + " was deposed and is not back yet: " + view.next_step);
    if (view.role == "unassigned" || view.role == "unknown")
      problems.push_back(each.host + " has no place in the cluster: " + joined(view.why_not_writable));
    if (view.is_damaged) problems.push_back("the copy of " + each.host + " is damaged");
    if (!view.is_running) problems.push_back("the database of " + each.host + " does not run: " + view.next_step);
    if ((view.role == "sync" || view.role == "async") && view.is_running && !view.is_streaming)
      problems.push_back(each.host + " does not stream: " + view.next_step);
  }
  if (state && state->sync.empty()) problems.push_back("there is no sync: no other copy is waited for");
  return problems;
}

}  // namespace heir::tools
