#include "tools/daemon/init.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <span>

#include "engine/hosts/clocks.h"
#include "engine/hosts/files.h"
#include "engine/hosts/keys.h"
#include "tools/daemon/config_sections.h"

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

struct NewFile {
  std::string path;  ///< Below the folder that is written.
  std::string text;
  bool is_secret = false;
};

/// Not private: who is no longer root must read a configuration again. What is secret is so by itself.
Result<> let_others_read(const std::string& path, mode_t mode) {
  if (::chmod(path.c_str(), mode) != 0) return hosts::error_of(errno, "letting others read " + path);
  return {};
}

Result<> write_new(const std::string& path, const NewFile& file) {
  if (file.is_secret) return hosts::write_secret(path, file.text);
  if (const Result<> written = hosts::files::write(path, file.text); !written) return written;
  if (const Result<> readable = let_others_read(path, 0644); !readable) return readable;
  return hosts::files::sync_file(path);
}

/// Files with their folders, which hold nothing else: synced, all of them.
Result<> write_all(const std::string& folder, const std::vector<NewFile>& files) {
  std::set<std::string> folders{folder};
  for (const NewFile& file : files) {
    const std::string below = folder + "/" + file.path.substr(0, file.path.find('/'));
    if (folders.insert(below).second && ::mkdir(below.c_str(), 0755) != 0)
      return hosts::error_of(errno, "making " + below);
    if (const Result<> written = write_new(folder + "/" + file.path, file); !written) return written;
  }
  for (const std::string& each : folders)
    if (const Result<> synced = hosts::files::sync_directory(each); !synced) return synced;
  return let_others_read(folder, 0755);
}

/// All of it or nothing: it is written beside, and gets its name when it is there.
Result<> write_folder(const std::string& folder, const std::vector<NewFile>& files) {
  std::string beside = folder + ".part-XXXXXX";
  if (::mkdtemp(beside.data()) == nullptr) return hosts::error_of(errno, "making " + folder);
  Result<> written = write_all(beside, files);
  if (written && ::rename(beside.c_str(), folder.c_str()) != 0) written = hosts::error_of(errno, "making " + folder);
  if (written) return hosts::files::sync_directory(std::filesystem::path(folder).parent_path().string());
  std::error_code unknown;
  std::filesystem::remove_all(beside, unknown);
  return written;
}

/// The keys of a table as they are shown to who has to fill it in: what is given, the others' defaults behind a '#',
/// and what each means.
template <class Owner>
std::string shown_keys(const scenarios::Section<Owner>& section, const Owner& given) {
  std::string text;
  for (const scenarios::Key<Owner>& key : section.keys) {
    std::string line = (key.required ? "" : "#") + key.name + " = " + key.write_always(given);
    if (line.size() < 36) line.resize(36, ' ');
    text += line + "  # " + key.meaning + "\n";
  }
  return text;
}

template <class Owner>
std::string shown_table(const scenarios::Section<Owner>& section) {
  return "# " + section.meaning + "\n" + section.heading + "\n" + shown_keys(section, Owner()) + "\n";
}

std::string host_tables(const std::vector<NamedAddress>& all, const std::vector<std::string>& public_keys,
                        bool tells_who_stores) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += "[[host]]\nname = \"" + all[i].name + "\"\naddress = \"" + all[i].address + "\"\npublic_key = \"" +
            public_keys[i] + "\"\n";
    if (tells_who_stores) text += i < 3 ? "store = true\n" : "#store = false\n";
    text += "\n";
  }
  return text;
}

}  // namespace

std::string config_text(const std::string& cluster, const std::string& self, const std::vector<NamedAddress>& all,
                        const std::vector<std::string>& public_keys, const std::string& operator_key) {
  std::string text = "# The heir agent of host " + self +
                     ". `heir agent --config FILE --check-config` tells what is wrong with it,\n"
                     "# `heir agent --reference` what there is to say. What stands behind a '#' at the beginning of a "
                     "line is the default.\n\n";
  HostingConfig given;
  given.cluster = cluster;
  given.name = self;
  text += shown_keys(hosting_section(), given);
  text +=
      "\n# All hosts, in the same order everywhere. Those with `store` run a member of the store: three of them, or "
      "five.\n";
  text += host_tables(all, public_keys, true);
  if (!operator_key.empty())
    text +=
        "# Who may give orders (`heir status`, `heir switchover`, …) from anywhere; root on a host may, too.\n"
        "[[operator]]\nname = " +
        scenarios::in_quotes(operator_folder) + "\npublic_key = " + scenarios::in_quotes(operator_key) + "\n\n";
  return text + shown_table(ports_section()) + shown_table(http_section()) + shown_table(gate_section()) +
         shown_table(postgresql_section()) + shown_table(timing_section());
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
  std::vector<NewFile> files;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string folder = all[i].name + "/";
    files.push_back({folder + "key", keys[i].secret_key, true});
    files.push_back({folder + "database.password", password, true});
    files.push_back(
        {folder + "agent.toml", config_text(cluster, all[i].name, all, public_keys, operator_keys.public_key)});
    if (i < 3) files.push_back({folder + "new-store", "The store is being set up.\n"});
  }
  const std::string folder = std::string(operator_folder) + "/";
  files.push_back({folder + "key", operator_keys.secret_key, true});
  files.push_back({folder + "operator.toml", operator_config_text(cluster, all, public_keys)});
  // Neither "new-cluster/" nor "." has anything beside it.
  std::error_code unknown;
  std::filesystem::path path = std::filesystem::absolute(out, unknown).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  // A configuration that was edited, or a key: none comes back. And whoever stands in an empty folder would stand in
  // none, once another has its place.
  if (std::filesystem::exists(std::filesystem::symlink_status(path, unknown)))
    return Error{ErrorCode::already_exists, out + ": is there already, and nothing is replaced; name a new folder"};
  return write_folder(path.string(), files);
}

}  // namespace heir::tools
