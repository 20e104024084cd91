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

/// Not private: who is no longer root must read a configuration again. What is secret is so by itself.
Result<> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return hosts::error_of(errno, "making " + path);
  return {};
}

struct NewFile {
  std::string path;
  std::string text;
  bool is_secret = false;
};

/// A configuration that was edited, or a key: none of them comes back.
Result<> check_that_none_is_there(const std::vector<NewFile>& files) {
  for (const NewFile& file : files) {
    struct stat found {};
    if (::lstat(file.path.c_str(), &found) == 0)
      return Error{ErrorCode::already_exists,
                   file.path + ": is there already, and nothing is replaced; name a new folder, or move it away"};
    if (errno != ENOENT) return hosts::error_of(errno, "looking for " + file.path);
  }
  return {};
}

Result<> write_new(const NewFile& file) {
  if (file.is_secret) return hosts::write_secret(file.path, file.text);
  if (const Result<> written = hosts::files::write(file.path, file.text); !written) return written;
  if (::chmod(file.path.c_str(), 0644) != 0) return hosts::error_of(errno, "letting others read " + file.path);
  return {};
}

std::string host_tables(const std::vector<NamedAddress>& all, const std::vector<std::string>& public_keys,
                        bool tells_who_stores) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += "[[host]]\nname = \"" + all[i].name + "\"\naddress = \"" + all[i].address + "\"\npublic_key = \"" +
            public_keys[i] + "\"\n";
    if (tells_who_stores) text += i < 3 ? "#store = true\n" : "#store = false\n";
    text += "\n";
  }
  return text;
}

}  // namespace

std::string config_text(const std::string& cluster, const std::string& self, const std::vector<NamedAddress>& all,
                        const std::vector<std::string>& public_keys, const std::string& operator_key) {
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
  text += line("#log", quoted(defaults.log), "or \"json\"; on standard error");
  text += line("#log_level", quoted(defaults.log_level), "debug, info, warning or error");
  text +=
      "\n# All hosts, in the same order everywhere. The first three run a member of the store, unless `store` says "
      "otherwise.\n";
  text += host_tables(all, public_keys, true);
  if (!operator_key.empty())
    text +=
        "# Who may give orders (`heir status`, `heir switchover`, …) from anywhere; root on a host may, too.\n"
        "[[operator]]\nname = " +
        quoted(operator_folder) + "\npublic_key = " + quoted(operator_key) + "\n\n";
  text += "[ports]  # of every host\n";
  text += line("#agent", std::to_string(ports.agent), "messages between agents and store; encrypted");
  text += line("#store", std::to_string(ports.store), "messages between members of the store, and to them");
  text += line("#control", std::to_string(ports.control), "orders of operators");
  text += line("#requests", std::to_string(ports.requests), "answers to what an agent asks of the store for operators");
  text += line("#gate", std::to_string(ports.gate), "where clients connect: host=… target_session_attrs=read-write");
  text += line("#database", std::to_string(ports.database), "the database itself; for the hosts above only");
  text += line("#read_only", std::to_string(ports.read_only), "where clients read from whichever host; see max_lag");
  text += line("#http", std::to_string(ports.http), "health and metrics, for who only looks; by Patroni's paths");
  text += "\n[http]\n";
  text += line("#listen", quoted(""), "an IP address; \"\": the one above; \"0.0.0.0\": all; \"off\": nowhere");
  text += "\n[gate]\n";
  text += line("#max_lag", quoted(to_string(defaults.gate.max_lag)),
               "a read-only port shows what was acknowledged so long before, or cuts");
  text += line("#silence_limit", quoted(to_string(defaults.gate.silence_limit)),
               "a client or server that the network hides for so long is cut");
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

std::string operator_config_text(const std::string& cluster, const std::vector<NamedAddress>& all,
                                 const std::vector<std::string>& public_keys) {
  return "# For the commands of an operator, as `heir status --config FILE`.\n\n"
         "cluster = \"" +
         cluster + "\"\noperator = \"" + operator_folder +
         "\"   # as under [[operator]] in every agent.toml\n"
         "#key = \"key\"            # the secret key, beside this file; mode 0600\n\n" +
         host_tables(all, public_keys, false) +
         "[ports]  # as in every agent.toml\n#control = " + std::to_string(Ports().control) + "\n";
}

Result<> write_new_cluster(const std::string& cluster, const std::vector<NamedAddress>& all, const std::string& out) {
  std::vector<hosts::KeyPair> keys;
  std::vector<std::string> public_keys;
  for (std::size_t i = 0; i < all.size(); ++i) {
    keys.push_back(hosts::new_key_pair());
    public_keys.push_back(keys.back().public_key);
  }
  const hosts::KeyPair operator_keys = hosts::new_key_pair();
  const std::string password = new_password();
  std::vector<std::string> folders{out};
  std::vector<NewFile> files;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& folder = folders.emplace_back(out + "/" + all[i].name);
    files.push_back({folder + "/key", keys[i].secret_key, true});
    files.push_back({folder + "/database.password", password, true});
    files.push_back(
        {folder + "/agent.toml", config_text(cluster, all[i].name, all, public_keys, operator_keys.public_key)});
    if (i < 3) files.push_back({folder + "/new-store", "The store is being set up.\n"});
  }
  const std::string& folder = folders.emplace_back(out + "/" + operator_folder);
  files.push_back({folder + "/key", operator_keys.secret_key, true});
  files.push_back({folder + "/operator.toml", operator_config_text(cluster, all, public_keys)});
  if (const Result<> free = check_that_none_is_there(files); !free) return free;
  for (const std::string& each : folders)
    if (const Result<> made = make_folder(each); !made) return made;
  for (const NewFile& file : files)
    if (const Result<> written = write_new(file); !written) return written;
  return {};
}

}  // namespace heir::tools
