#include "tools/daemon/config.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/databases/postgresql/settings.h"
#include "engine/hosts/keys.h"
#include "tools/daemon/init.h"
#include "tools/daemon/setup.h"

using namespace heir;
using namespace heir::tools;

namespace {

const std::vector<NamedAddress> three{{"a", "10.0.0.1"}, {"b", "10.0.0.2"}, {"c", "10.0.0.3"}};

std::string text_of_three() {
  return config_text("main", "b", three, std::vector<std::string>(3, std::string(40, 'k')));
}

/// The first message about a text, without the lines that show the place.
std::string first_message(const std::string& text) {
  const LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", text);
  REQUIRE_FALSE(loaded.config);
  REQUIRE_FALSE(loaded.messages.empty());
  return loaded.messages.front().substr(0, loaded.messages.front().find('\n'));
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = text_of_three();
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// As long as it lives no file takes more than a key's length, as on a disk that is full.
class FullDisk {
 public:
  FullDisk() {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = signal(SIGXFSZ, SIG_IGN);
};

}  // namespace

TEST_CASE("What heir init writes is a configuration with the defaults") {
  const LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", text_of_three());
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded.config);
  const HostingConfig& config = *loaded.config;
  CHECK(config.self().address == "10.0.0.2");
  CHECK(config.key == "/etc/heir/key");
  CHECK(config.ports == Ports());
  CHECK(config.gate == GateSection());
  CHECK(config.postgresql == PostgresqlSection());
  CHECK(config.timing == TimingSection());
  CHECK(config.store_hosts().size() == 3);

  const agent::Config agent = agent_config(config);
  CHECK(agent.gate == Address("10.0.0.2:6432"));
  CHECK(agent.store.size() == 3);
  CHECK(agent.database.listen == Address("10.0.0.2:6433"));
  REQUIRE(agent.read_only);
  CHECK(agent.read_only->listen == Address("10.0.0.2:6434"));
  CHECK(agent.read_only->max_lag == Duration::seconds(10));
  CHECK(agent.others == std::vector<Address>{Address("10.0.0.1:7400"), Address("10.0.0.3:7400")});
  // The Unix socket that the server makes is the one that the gate goes to, and the superuser needs a password there.
  CHECK(agent.database.socket_folder == "@heir-main-b");
  CHECK(agent.plain_database == Address("@heir-main-b/.s.PGSQL.6433"));
  CHECK(agent.database.access.front() == "local all heir scram-sha-256");
  // Nobody but the hosts reaches the superuser, and clients come from the gate alone.
  CHECK(agent.database.access.back() == "host all all 10.0.0.2/32 scram-sha-256");
  // What the agent adds to the settings could stand in a file, too.
  for (const std::string& line : agent.database.settings) CHECK(postgresql::check_extra_line(line));
  const store::MemberOptions member = member_options(config, true);
  CHECK(member.protocol.self == raft::MemberId(2));
  CHECK(member.founders.size() == 3);
}

TEST_CASE("The defaults that heir init shows are those that count") {
  std::string text = text_of_three();
  // Every commented line that sets something, uncommented.
  for (std::size_t at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1))
    if (text[at + 2] != ' ') text.erase(at + 1, 1);
  const LoadedConfig shown = load_config_text("agent.toml", "/etc/heir", text);
  for (const std::string& message : shown.messages) FAIL_CHECK(message);
  REQUIRE(shown.config);
  const LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", text_of_three());
  CHECK(shown.config->ports == loaded.config->ports);
  CHECK(shown.config->timing == loaded.config->timing);
  CHECK(shown.config->http == loaded.config->http);
  CHECK(shown.config->gate == loaded.config->gate);
  CHECK(shown.config->postgresql == loaded.config->postgresql);
  CHECK(shown.config->hosts == loaded.config->hosts);
  CHECK(shown.config->user == loaded.config->user);
  CHECK(shown.config->data == loaded.config->data);
}

TEST_CASE("Health is told at the host's own address, or another, or nowhere") {
  const auto told_at = [](const std::string& line) {
    const LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", with("#listen = \"\"", line));
    REQUIRE(loaded.config);
    return loaded.config->http_address();
  };
  CHECK(told_at("") == Address("10.0.0.2:8008"));
  CHECK(told_at("listen = \"0.0.0.0\"") == Address("0.0.0.0:8008"));
  CHECK(told_at("listen = \"::1\"") == Address("[::1]:8008"));
  CHECK(told_at("listen = \"off\"") == std::nullopt);
}

TEST_CASE("Mistakes have a place and a cure") {
  CHECK(first_message("") == "agent.toml:1:1: agent.toml needs the key 'cluster'");
  CHECK(first_message(with("#user = \"postgres\"", "usr = \"postgres\"")).find("did you mean 'user'?") !=
        std::string::npos);
  CHECK(first_message(with("#user = \"postgres\"", "user = \"root\"")).find("must not be root") != std::string::npos);
  CHECK(first_message(with("name = \"b\"", "name = \"d\"")).find("is none of the [[host]]s") != std::string::npos);
  CHECK(first_message(with("\"10.0.0.3\"", "\"c.example\"")).find("expected an IP address") != std::string::npos);
  CHECK(first_message(with("\"10.0.0.3\"", "\"10.0.0.1\"")).find("is another host's") != std::string::npos);
  CHECK(first_message(with("#renewal = \"400ms\"", "renewal = \"1500ms\"")).find("at most half of session_ttl") !=
        std::string::npos);
  CHECK(first_message(with("#gate = 6432", "gate = 7400")).find("is taken by another") != std::string::npos);
  CHECK(first_message(with("#gate = 6432", "gate = 6434")).find("'read_only' is taken by another") !=
        std::string::npos);
  CHECK(first_message(with("#max_lag = \"10s\"", "max_lag = \"10ms\""))
            .find("'max_lag' in [gate]: expected at least \"1s\"") != std::string::npos);
  CHECK(first_message(with("#gate = 6432", "gate = 65536")).find("'gate' in [ports]: expected at most 65535") !=
        std::string::npos);
  CHECK(first_message(with("#http = 8008", "http = 6432")).find("is taken by another") != std::string::npos);
  CHECK(first_message(with("#listen = \"\"", "listen = \"a.example\"")).find("is an IP address") != std::string::npos);
  CHECK(first_message(with("store = true", "store = false")).find("3 or 5 members") != std::string::npos);
  CHECK(first_message(with("#data = \"/var/lib/heir\"", "data = \"heir\"")).find("absolute path") != std::string::npos);
  CHECK(first_message("cluster = ").starts_with("agent.toml:1:"));
}

TEST_CASE("A host's address is one that the others reach it by") {
  const auto refusal = [](const std::string& address) { return first_message(with("10.0.0.3", address)); };
  for (const char* none : {"0.0.0.0", "::", "0.1.2.3", "::ffff:0.0.0.0"})
    CHECK(refusal(none).find("is no address by which others reach a host") != std::string::npos);
  for (const char* many : {"224.0.0.1", "239.1.2.3", "255.255.255.255", "ff02::1", "::ffff:224.0.0.1"})
    CHECK(refusal(many).find("is an address of many hosts at once") != std::string::npos);
  for (const char* one : {"192.168.1.255", "127.0.0.3", "fd00::1", "::1"}) CHECK_FALSE(wrong_with_address(one));
}

TEST_CASE("A name has a letter at least, a cluster's, too") {
  CHECK(first_message(with("cluster = \"main\"", "cluster = \"\"")).find("'cluster': expected 1 to 40 letters") !=
        std::string::npos);
  CHECK(first_message(with("cluster = \"main\"", "cluster = \"a b\"")).find("found \"a b\"") != std::string::npos);
  CHECK(wrong_with_name(".."));
  CHECK_FALSE(wrong_with_name("a.b-c_1"));
}

TEST_CASE("The folder of the data is no whole file system") {
  for (const char* root : {"/", "//", "/./", "/etc/.."})
    CHECK(first_message(with("#data = \"/var/lib/heir\"", "data = \"" + std::string(root) + "\""))
              .find("holds the whole file system") != std::string::npos);
}

TEST_CASE("All mistakes are told at once, each where it stands") {
  std::string text = with("cluster = \"main\"", "cluster = \"\"");
  for (const auto& [from, to] :
       {std::pair{"#data = \"/var/lib/heir\"", "data = \"heir\""}, std::pair{"#gate = 6432", "gate = 0"},
        std::pair{"10.0.0.3", "0.0.0.0"}, std::pair{"#restart_attempts = 4", "restart_attempts = 101"},
        std::pair{"#session_ttl = \"2s\"", "session_ttl = \"1h\""}})
    text.replace(text.find(from), std::string(from).size(), to);
  const LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", text);
  CHECK(loaded.messages.size() == 6);
}

TEST_CASE("A configuration that is written reads back") {
  LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", text_of_three());
  REQUIRE(loaded.config);
  HostingConfig& config = *loaded.config;
  config.postgresql.settings = {"work_mem = '64MB'"};
  config.timing.clock_bound = scenarios::Ratio::per_million(1234);
  config.http.listen = "off";
  config.operators = {{"alice", std::string(40, 'k')}};
  config.policy = failover::sirenia_policy();
  const LoadedConfig again = load_config_text("agent.toml", "/etc/heir", write_config(config));
  for (const std::string& message : again.messages) FAIL_CHECK(message);
  REQUIRE(again.config);
  CHECK(again.config->policy == config.policy);
  CHECK(again.config->timing == config.timing);
  CHECK(again.config->postgresql == config.postgresql);
  CHECK(again.config->http == config.http);
  CHECK(again.config->hosts == config.hosts);
  CHECK(again.config->operators == config.operators);
}

TEST_CASE("The reference has every key that heir init shows") {
  const std::string reference = config_reference();
  const std::string text = text_of_three();
  int count = 0;
  for (std::size_t at = text.find("\n"); at != std::string::npos; at = text.find("\n", at + 1)) {
    std::string line = text.substr(at + 1, text.find("\n", at + 1) - at - 1);
    if (line.starts_with("#")) line.erase(0, 1);
    if (line.empty() || line.front() < 'a' || line.front() > 'z') continue;
    CAPTURE(line);
    CHECK(reference.find("| `" + line.substr(0, line.find(' ')) + "` |") != std::string::npos);
    ++count;
  }
  CHECK(count > 50);
  for (const char* each : {"| `experiment` |", "from 1 to 100 | `4` |", "### `[[operator]]`", "## operator.toml"})
    CHECK(reference.find(each) != std::string::npos);
}

TEST_CASE("A setting that would have no effect, or that breaks a promise, is refused where it stands") {
  const auto refusal = [](const std::string& lines) {
    return first_message(with("#settings = []", "settings = [\n  \"work_mem = '64MB'\",\n  " + lines + "]"));
  };
  const std::string own = refusal("\"fsync = off\"");
  CHECK(own.find(":3: 'settings': 'fsync' is set by heir itself, so that this would have no effect; leave it out") !=
        std::string::npos);
  CHECK(refusal("\"data_sync_retry = on\"").find("'data_sync_retry' would take for safe") != std::string::npos);
  CHECK(refusal("\"work_mem\"").find("expected a line of postgresql.conf") != std::string::npos);
}

TEST_CASE("A host can have a member of the store and no peer") {
  std::string text = with("store = true", "store = true\npeer = false");
  const LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", text);
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded.config);
  CHECK_FALSE(loaded.config->hosts[0].peer);
  CHECK(loaded.config->store_hosts().size() == 3);
  for (const std::string& line : agent_config(*loaded.config).database.access)
    CHECK(line.find("10.0.0.1") == std::string::npos);
}

TEST_CASE("[policy] sets other rules, for experiments that say so") {
  const auto with_policy = [](const std::string& lines) { return text_of_three() + "\n[policy]\n" + lines; };
  const LoadedConfig loaded = load_config_text(
      "agent.toml", "/etc/heir",
      with_policy("acknowledge = \"nothing\"\nlease = false\nrules = \"manatee\"\nexperiment = true\n"));
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded.config);
  failover::Policy expected = failover::manatee_policy();
  REQUIRE(failover::set_switch(expected, "acknowledge", "nothing"));
  REQUIRE(failover::set_switch(expected, "lease", "false"));
  CHECK(agent_config(*loaded.config).policy == expected);
  REQUIRE(warnings_about(*loaded.config).size() == 1);
  CHECK(warnings_about(*loaded.config).front().find("acknowledge = nothing") != std::string::npos);
  CHECK(first_message(with_policy("leese = false\n")).find("did you mean 'lease'?") != std::string::npos);
  CHECK(first_message(with_policy("experiment = true\nacknowledge = \"maybe\"\n")).find("'acknowledge'") !=
        std::string::npos);
}

TEST_CASE("[policy] without its word is refused wherever it weakens a rule") {
  const auto refusal = [](const std::string& lines) { return first_message(text_of_three() + "\n[policy]\n" + lines); };
  for (const char* lines :
       {"rules = \"manatee\"", "fsync = false", "acknowledge = \"nothing\"", "experiment = false\nlease = false"}) {
    CAPTURE(lines);
    CHECK(refusal(lines).find("[policy] weakens the rules (") != std::string::npos);
    CHECK(refusal(lines).find("`experiment = true`") != std::string::npos);
  }
  CHECK(refusal("fsync = false").find("(fsync = false)") != std::string::npos);
  // What heir does anyway needs no word, and is no news.
  const LoadedConfig loaded = load_config_text("agent.toml", "/", text_of_three() + "\n[policy]\nfsync = true\n");
  REQUIRE(loaded.config);
  CHECK(warnings_about(*loaded.config).empty());
}

TEST_CASE("A new cluster's secrets are its owner's alone, and nothing is replaced") {
  std::string folder = "/tmp/heir-unit-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  REQUIRE(write_new_cluster("main", three, folder + "/out"));
  CHECK(write_new_cluster("main", three, folder + "/out").error().code == ErrorCode::already_exists);
  // Nor if secrets were moved to where they are kept: the rest is another cluster's, which runs.
  const auto text_of = [](const std::string& path) {
    std::ifstream file(path);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  for (const char* const moved : {"key", "database.password", "new-store"})
    std::filesystem::rename(folder + "/out/a/" + moved, folder + "/" + moved);
  std::ofstream(folder + "/out/a/agent.toml", std::ios::app) << "# mine\n";
  const std::string edited = text_of(folder + "/out/a/agent.toml");
  const Result<> again = write_new_cluster("main", three, folder + "/out");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::already_exists);
  CHECK(again.error().message.find("/out: is there already") != std::string::npos);
  CHECK(text_of(folder + "/out/a/agent.toml") == edited);
  CHECK_FALSE(std::filesystem::exists(folder + "/out/a/new-store"));
  // The others' are as good.
  std::filesystem::remove_all(folder + "/out/a");
  CHECK(write_new_cluster("main", three, folder + "/out").error().code == ErrorCode::already_exists);
  CHECK_FALSE(std::filesystem::exists(folder + "/out/a"));
  std::filesystem::remove_all(folder + "/out");
  REQUIRE(write_new_cluster("main", three, folder + "/out"));
  const LoadedConfig loaded = load_config(folder + "/out/a/agent.toml");
  REQUIRE(loaded.config);
  CHECK(read_keys(*loaded.config));
  CHECK(std::filesystem::exists(folder + "/out/a/new-store"));
  std::filesystem::permissions(folder + "/out/a/key", std::filesystem::perms(0644));
  const auto open_to_all = read_keys(*loaded.config);
  REQUIRE_FALSE(open_to_all);
  CHECK(open_to_all.error().message.find("chmod 600") != std::string::npos);
  std::filesystem::permissions(folder + "/out/a/key", std::filesystem::perms(0600));
  std::filesystem::copy_file(folder + "/out/b/key", folder + "/out/a/key",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(read_keys(*loaded.config).error().message.find("is not the key of host 'a'") != std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE("A new cluster is written as a whole, or not at all") {
  std::string folder = "/tmp/heir-unit-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const auto is_empty = [&] { return std::filesystem::is_empty(folder); };
  {
    const FullDisk full;
    const Result<> written = write_new_cluster("main", three, folder + "/out");
    REQUIRE_FALSE(written);
    CHECK(written.error().message.find("/a/agent.toml") != std::string::npos);
  }
  CHECK(is_empty());
  // What is there already stays as it is, empty or not, and a link to it, too.
  std::filesystem::create_directories(folder + "/mine");
  std::filesystem::create_directory_symlink(folder + "/mine", folder + "/link");
  for (const char* there : {"/mine", "/link", "/mine/."}) {
    const Result<> over = write_new_cluster("main", three, folder + there);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == ErrorCode::already_exists);
  }
  CHECK(std::filesystem::is_empty(folder + "/mine"));
  std::filesystem::remove(folder + "/link");
  std::filesystem::remove(folder + "/mine");
  // How it is written is no matter.
  CHECK(write_new_cluster("main", three, folder + "/./out/"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  CHECK(std::distance(std::filesystem::directory_iterator(folder + "/out"), {}) == 4);
  std::filesystem::remove_all(folder);
}

TEST_CASE("All that is wrong on a host is told at once") {
  std::string folder = "/tmp/heir-unit-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  REQUIRE(write_new_cluster("main", three, folder + "/out"));
  LoadedConfig loaded = load_config(folder + "/out/a/agent.toml");
  REQUIRE(loaded.config);
  HostingConfig& config = *loaded.config;
  config.user = "nobody";
  config.data = folder + "/data";
  config.postgresql.binaries = folder;
  const std::vector<std::string> no_programs = wrong_on_host(config);
  REQUIRE(no_programs.size() == 1);
  CHECK(no_programs.front().find(folder + " lacks postgres, initdb, pg_ctl, ") == 0);
  config.hosts.front().peer = false;  // then it needs none
  CHECK(wrong_on_host(config).empty());
  config.data = folder + "/none/data";
  REQUIRE(wrong_on_host(config).size() == 1);
  CHECK(wrong_on_host(config).front().find("install -d -o nobody") != std::string::npos);
  config.data = folder + "/out/a/key";
  REQUIRE(wrong_on_host(config).size() == 1);
  CHECK(wrong_on_host(config).front().find("/out/a/key is not a folder") != std::string::npos);
  config.hosts.front().peer = true;
  config.postgresql.binaries = folder + "/none";
  config.user = "no-such-user";
  std::filesystem::remove(folder + "/out/a/key");
  std::filesystem::permissions(folder + "/out/a/database.password", std::filesystem::perms(0644));
  const std::vector<std::string> all = wrong_on_host(config);
  REQUIRE(all.size() == 4);
  CHECK(all[0].find("/out/a/key") != std::string::npos);
  CHECK(all[1].find("chmod 600") != std::string::npos);
  CHECK(all[2].find("there is no user 'no-such-user'") != std::string::npos);
  CHECK(all[3].find("there is no folder " + folder + "/none") != std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE("An operator's configuration is read, and an agent's serves as well") {
  std::string folder = "/tmp/heir-unit-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  REQUIRE(write_new_cluster("main", three, folder + "/out"));
  const LoadedOperatorConfig loaded = load_operator_config(folder + "/out/operator/operator.toml");
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded.config);
  CHECK(loaded.config->cluster == "main");
  CHECK(loaded.config->name == "operator");
  CHECK(loaded.config->hosts.size() == 3);
  CHECK(loaded.config->ports.control == Ports().control);
  // Its key is the one that the agents know.
  const auto secret = hosts::read_secret(loaded.config->key);
  REQUIRE(secret);
  const LoadedConfig agent = load_config(folder + "/out/b/agent.toml");
  REQUIRE(agent.config);
  REQUIRE(agent.config->operators.size() == 1);
  CHECK(agent.config->operators.front().public_key == *hosts::public_key_of(*secret));
  // Who is no longer root reads a changed configuration, and no secret.
  const auto mode = [&](const std::string& path) {
    return static_cast<unsigned>(std::filesystem::status(folder + path).permissions());
  };
  CHECK(mode("/out/b") == 0755);
  CHECK(mode("/out/b/agent.toml") == 0644);
  CHECK(mode("/out/b/key") == 0600);
  CHECK(mode("/out/operator/key") == 0600);

  const LoadedOperatorConfig of_host = load_operator_config(folder + "/out/b/agent.toml");
  REQUIRE(of_host.config);
  CHECK(of_host.config->name == "b");
  CHECK(of_host.config->key == folder + "/out/b/key");
  std::filesystem::remove_all(folder);
}

TEST_CASE("What is wrong with an operator's configuration is told with its place") {
  const auto message_about = [](const std::string& text) {
    const LoadedOperatorConfig loaded = load_operator_config_text("operator.toml", "/", text);
    REQUIRE_FALSE(loaded.config);
    std::string all;
    for (const std::string& message : loaded.messages) all += message + "\n";
    return all;
  };
  CHECK(message_about("operator = \"me\"\n").find("operator.toml needs the key 'cluster'") != std::string::npos);
  CHECK(message_about("operator = \"me\"\ncluster = \"x\"\nnmae = 1\n").find("unknown key 'nmae' in operator.toml") !=
        std::string::npos);
  CHECK(message_about("operator = \"me\"\ncluster = \"x\"\n").find("no [[host]] is named") != std::string::npos);
  CHECK(message_about("operator = \"me\"\ncluster = \"x\"\n[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\n"
                      "public_key = \"too short\"\n")
            .find("40 characters") != std::string::npos);
}

TEST_CASE("Operators have names and keys of their own") {
  const std::string entry = "[[operator]]\nname = \"alice\"\npublic_key = \"" + std::string(40, 'k') + "\"\n";
  const LoadedConfig loaded = load_config_text("agent.toml", "/etc/heir", with("[ports]", entry + "[ports]"));
  REQUIRE(loaded.config);
  CHECK(loaded.config->operators == std::vector<OperatorEntry>{{"alice", std::string(40, 'k')}});
  CHECK(first_message(with("[ports]", entry + entry + "[ports]")).find("another operator's") != std::string::npos);
  CHECK(first_message(with("[ports]", "[[operator]]\nname = \"x y\"\npublic_key = \"k\"\n[ports]"))
            .find("'name': expected 1 to 40 letters") != std::string::npos);
  CHECK(first_message(with("#log_level = \"info\"", "log_level = \"loud\"")).find("'log_level'") != std::string::npos);
}
