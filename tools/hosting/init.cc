#include "tools/hosting/init.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "engine/hosts/clocks.h"
#include "engine/hosts/files.h"
#include "engine/hosts/keys.h"
#include "tools/hosting/config.h"

namespace heir::tools {

namespace {

std::string new_password() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static_assert(letters.size() == 64);
  std::array<unsigned char, 32> random{};
  hosts::fill_random(std::as_writable_bytes(std::span(random)));
  std::string text;
  for (const unsigned char byte : random) text += letters[byte % 64];
  return text;
}

Result<> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return hosts::error_of(errno, "making " + path);
  return {};
}

}  // namespace

std::string config_text(const std::string& cluster, const std::string& self, const std::vector<NamedAddress>& all,
                        const std::vector<std::string>& public_keys) {
  const HostingConfig defaults;
  const TimingSection& timing = defaults.timing;
  const Ports& ports = defaults.ports;
  const auto line = [](const std::string& key, const std::string& value, const std::string& why) {
    std::string text = key + " = " + value;
    if (text.size() < 36) text.resize(36, ' ');
    return text + "  # " + why + "\n";
  };
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  std::string text = "# The heir agent of host " + self +
                     ". `heir agent --config FILE --check-config` tells what is wrong with it.\n"
                     "# What stands behind a '#' at the beginning of a line is the default.\n\n";
  text += line("cluster", quoted(cluster), "the same on all its hosts");
  text += line("name", quoted(self), "which of the hosts below this is");
  text +=
      line("#user", quoted(defaults.user), "whom agent and database run as; the agent begins as root or as this one");
  text += line("#data", quoted(defaults.data), "the database, the store, and what is kept beside them");
  text += line("#key", quoted(defaults.key), "this host's secret key, beside this file; mode 0600");
  text += line("#password", quoted(defaults.password),
               "of the databases' superuser 'heir'; the same on all hosts; mode 0600");
  text += line("#new_store", quoted(defaults.new_store),
               "a file whose presence says that the store is being set up; taken away");
  text += line("#hand_over", "true", "on SIGTERM a primary hands over to its sync before it ends");
  text += line("#fenced_reads", "false", "every answer waits until the sync has what the primary showed");
  text +=
      "\n# All hosts, in the same order everywhere. The first three run a member of the store, unless `store` says "
      "otherwise.\n";
  for (std::size_t i = 0; i < all.size(); ++i)
    text += "[[host]]\nname = " + quoted(all[i].name) + "\naddress = " + quoted(all[i].address) +
            "\npublic_key = " + quoted(public_keys[i]) + "\n" + (i < 3 ? "#store = true\n" : "#store = false\n") + "\n";
  text += "[ports]  # of every host\n";
  text += line("#agent", std::to_string(ports.agent), "messages between agents and store; encrypted");
  text += line("#store", std::to_string(ports.store), "messages between members of the store, and to them");
  text += line("#control", std::to_string(ports.control), "messages of operators");
  text += line("#gate", std::to_string(ports.gate), "where clients connect: host=… target_session_attrs=read-write");
  text += line("#database", std::to_string(ports.database), "the database itself; for the hosts above only");
  text += line("#read_only", std::to_string(ports.read_only), "where clients read from whichever host; see max_lag");
  text += line("#http", std::to_string(ports.http), "health and metrics, for who only looks; by Patroni's paths");
  text += "\n[gate]\n";
  text += line("#max_lag", quoted(to_string(defaults.gate.max_lag)),
               "a read-only port shows what was acknowledged so long before, or cuts");
  text += line("#silence_limit", quoted(to_string(defaults.gate.silence_limit)),
               "a client or server that the network hides for so long is cut");
  text += "\n[http]\n";
  text += line("#listen", quoted(""), "an IP address; \"\": the one above; \"0.0.0.0\": all; \"off\": nowhere");
  text += "\n[postgresql]\n";
  text += line("#binaries", quoted(defaults.postgresql.binaries), "the folder of pg_ctl and the others");
  text += line("#client_authentication", quoted(defaults.postgresql.client_authentication), "as in pg_hba.conf");
  text += line("#settings", "[]", "more lines of postgresql.conf, as \"work_mem = '64MB'\"");
  text += line("#adopt", "false", "the data found here is the cluster's: say so on one host, once");
  text += "\n[timing]\n";
  text +=
      line("#session_ttl", quoted(to_string(timing.session_ttl)), "a primary that is silent for so long is replaced");
  text += line("#renewal", quoted(to_string(timing.renewal)), "at most half of it");
  text += line("#request_timeout", quoted(to_string(timing.request_timeout)), "of a request to the store");
  text +=
      line("#sync_stall", quoted(to_string(timing.sync_stall)), "a sync that gains nothing for so long is replaced");
  text += line("#resign_hold", quoted(to_string(timing.resign_hold)), "a primary that resigned stays away for so long");
  text += line("#switchover_drain", quoted(to_string(timing.switchover_drain)), "transactions get so long to end");
  text += line("#heartbeat", quoted(to_string(timing.heartbeat)), "of the store's leader");
  text += line("#election", quoted(to_string(timing.election)), "at least twice the heartbeat");
  return text;
}

Result<> write_new_cluster(const std::string& cluster, const std::vector<NamedAddress>& all, const std::string& out) {
  std::vector<hosts::KeyPair> keys;
  std::vector<std::string> public_keys;
  for (std::size_t i = 0; i < all.size(); ++i) {
    keys.push_back(hosts::new_key_pair());
    public_keys.push_back(keys.back().public_key);
  }
  const std::string password = new_password();
  if (const Result<> made = make_folder(out); !made) return made;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string folder = out + "/" + all[i].name;
    if (const Result<> made = make_folder(folder); !made) return made;
    const Result<> kept = hosts::write_secret(folder + "/key", keys[i].secret_key);
    if (!kept) return kept;
    if (const Result<> written = hosts::write_secret(folder + "/database.password", password); !written) return written;
    const Result<> config =
        hosts::files::write(folder + "/agent.toml", config_text(cluster, all[i].name, all, public_keys));
    if (!config) return config;
    if (i < 3)
      if (const Result<> word = hosts::files::write(folder + "/new-store", "The store is being set up.\n"); !word)
        return word;
  }
  return {};
}

}  // namespace heir::tools
