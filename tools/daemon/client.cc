#include "tools/daemon/client.h"

#include <unistd.h>

#include <algorithm>

#include "scenarios/mistakes.h"

namespace heir::tools {

namespace {

constexpr const char* operator_path = "/etc/heir/operator.toml";
constexpr const char* agent_path = "/etc/heir/agent.toml";

/// Another host may be asked: nothing was done, or doing it twice does no harm.
bool may_ask_another(const Error& error, const Order& order) {
  if (error.code == ErrorCode::unreachable || error.code == ErrorCode::timed_out) return true;
  if (error.code == ErrorCode::invalid) return true;  // the key or the order was not accepted
  // A second promotion could undo the first.
  return error.code == ErrorCode::unknown_outcome && order.what != orders::promote;
}

}  // namespace

Client::Client(OperatorConfig config, hosts::KeyPair keys, Duration limit)
    : config_(std::move(config)), keys_(std::move(keys)), limit_(limit) {}

Result<Client> Client::open(const std::string& path, Duration limit) {
  std::string file = path;
  if (file.empty()) file = ::access(operator_path, F_OK) == 0 ? operator_path : agent_path;
  if (path.empty() && ::access(file.c_str(), F_OK) != 0)
    return {ErrorCode::invalid, std::string("neither ") + operator_path + " nor " + agent_path +
                                    " is there; --config names the file, `heir init` writes one"};
  LoadedOperatorConfig loaded = load_operator_config(file);
  if (!loaded.config) {
    std::string all;
    for (const std::string& message : loaded.messages) all += (all.empty() ? "" : "\n") + message;
    return {ErrorCode::invalid, all};
  }
  const Result<std::string> secret = hosts::read_secret(loaded.config->key);
  if (!secret) return Error{ErrorCode::invalid, secret.error().message};
  const Result<std::string> open_key = hosts::public_key_of(*secret);
  if (!open_key)
    return Error{ErrorCode::invalid, loaded.config->key + ": " + open_key.error().message + "; `heir init` makes them"};
  return Client(std::move(*loaded.config), hosts::KeyPair{*open_key, *secret}, limit);
}

hosts::ControlTarget Client::target_of(const HostEntry& host) const {
  return {host.name, host.public_key, address_of(host, config_.ports.control)};
}

Result<std::string> Client::understood(const hosts::ControlTarget& target, const hosts::ControlAnswer& answer) const {
  using Outcome = hosts::ControlAnswer::Outcome;
  const std::string where = target.at.value();
  switch (answer.outcome) {
    case Outcome::answered: return read_reply(answer.payload);
    case Outcome::key_refused:
      return Error{ErrorCode::invalid, "the agent at " + where + " does not accept this key; put public_key = \"" +
                                           keys_.public_key +
                                           "\" under [[operator]] into its agent.toml and reload it"};
    case Outcome::unreachable:
      return Error{ErrorCode::unreachable, "nobody to be reached at " + where + "; does the agent run there?"};
    case Outcome::not_it:
      return Error{ErrorCode::unreachable, "who listens at " + where +
                                               " does not have the key that is public_key of host '" + target.name +
                                               "', or stands still; is the address right?"};
    case Outcome::silent:
      return Error{ErrorCode::unknown_outcome, "no answer from " + where + " in " + to_string(limit_)};
  }
  return Error{ErrorCode::failed, ""};
}

std::vector<HostAnswer> Client::ask_all(const Order& order) const {
  std::vector<hosts::ControlTarget> targets;
  for (const HostEntry& host : config_.hosts)
    if (host.peer) targets.push_back(target_of(host));
  const std::vector<hosts::ControlAnswer> answers =
      hosts::ask_all(config_.cluster, keys_, targets, order_text(order), limit_);
  std::vector<HostAnswer> all;
  for (std::size_t i = 0; i < targets.size(); ++i) all.push_back({targets[i].name, understood(targets[i], answers[i])});
  return all;
}

Result<std::string> Client::ask(const std::string& name, const Order& order) const {
  std::vector<std::string> known;
  for (const HostEntry& host : config_.hosts) {
    known.push_back(host.name);
    if (host.name != name) continue;
    const hosts::ControlTarget target = target_of(host);
    return understood(target, hosts::ask_all(config_.cluster, keys_, {target}, order_text(order), limit_).front());
  }
  return Error{ErrorCode::invalid,
               "there is no host '" + scenarios::printable(name) + "'" + scenarios::suggestion(name, known)};
}

Result<std::string> Client::ask_any(const Order& order) const {
  std::string why;
  Error last{ErrorCode::unreachable, ""};
  for (const HostEntry& host : config_.hosts) {
    Result<std::string> answer = ask(host.name, order);
    if (answer) return answer;
    last = answer.error();
    if (!may_ask_another(last, order)) return answer;
    why += (why.empty() ? "" : "; ") + host.name + ": " + last.message;
  }
  return Error{last.code, why};
}

std::vector<NamedAnswer> Client::look() const {
  Order order;
  order.what = orders::status;
  std::vector<NamedAnswer> all;
  for (HostAnswer& answer : ask_all(order)) {
    Result<HostView> view(ErrorCode::failed, "");
    if (answer.json)
      view = read_host_view(*answer.json);
    else
      view = answer.json.error();
    all.push_back({answer.host, std::move(view)});
  }
  return all;
}

}  // namespace heir::tools
