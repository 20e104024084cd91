#include "tools/daemon/setup.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/hosts/files.h"

namespace heir::tools {

namespace {

struct User {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

Result<User> find_user(const std::string& name) {
  const passwd* const entry = getpwnam(name.c_str());
  if (!entry)
    return {ErrorCode::not_found,
            "there is no user '" + name + "' on this host; 'user' in the configuration names one"};
  if (entry->pw_uid == 0) return {ErrorCode::refused, "the user '" + name + "' is root, as which no database runs"};
  return User{name, entry->pw_uid, entry->pw_gid};
}

Error cannot_make(const std::string& path, const User& user, int number) {
  return {ErrorCode::io_error, "making " + path + ": " + std::strerror(number) + "; make it by `install -d -o " +
                                   user.name + " -m 700 " + path + "`"};
}

Result<> check_own_folder(const std::string& path, const User& user) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return hosts::error_of(errno, "looking at " + path);
  if (!S_ISDIR(status.st_mode)) return Error{ErrorCode::invalid, path + " is not a folder"};
  if (status.st_uid != user.user)
    return Error{ErrorCode::refused, path + " belongs to another user than '" + user.name + "' (" +
                                         std::to_string(status.st_uid) +
                                         "); if its data is this cluster's, `chown -R " + user.name + " " + path + "`"};
  return {};
}

/// Makes a folder for the user, or finds that it is theirs.
Result<> own_folder(const std::string& path, const User& user) {
  const bool is_made = ::mkdir(path.c_str(), 0700) == 0;
  if (!is_made && errno != EEXIST) return cannot_make(path, user, errno);
  if (is_made && geteuid() == 0 && ::chown(path.c_str(), user.user, user.group) != 0)
    return hosts::error_of(errno, "giving " + path + " to " + user.name);
  return check_own_folder(path, user);
}

Result<> become(const User& user) {
  if (geteuid() == user.user && getuid() == user.user) return {};
  if (geteuid() != 0)
    return Error{ErrorCode::refused, "only root can become '" + user.name + "'; start it as root or as that user"};
  if (initgroups(user.name.c_str(), user.group) != 0 || setgid(user.group) != 0 || setuid(user.user) != 0)
    return hosts::error_of(errno, "becoming '" + user.name + "'");
  if (setuid(0) == 0) return Error{ErrorCode::failed, "could become root again"};
  return {};
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

Result<> keep_private(const std::string& path, const std::string& content) {
  const Result<> removed = hosts::files::remove(path);
  if (!removed) return removed;
  return hosts::files::write(path, content);  // made with mode 0600
}

/// The store begins with nothing once only: a member whose disk was lost must not forget what it promised. The word
/// that it is being set up lies beside the configuration; it moves onto the disk where the member's files will be, so
/// that it is lost with them.
Result<bool> take_word_of_new_store(const HostingConfig& config, const User& user) {
  const std::string mark = config.store_folder() + "/new";
  const bool has_member = exists(config.store_folder() + "/member");
  if (exists(config.new_store)) {
    if (!has_member) {
      const Result<> written = hosts::files::write(mark, "The store is being set up.\n");
      if (!written) return written.error();
      if (geteuid() == 0 && ::chown(mark.c_str(), user.user, user.group) != 0)
        return hosts::error_of(errno, "giving " + mark + " to " + user.name);
      if (const Result<> synced = hosts::files::sync_file(mark); !synced) return synced.error();
      if (const Result<> synced = hosts::files::sync_directory(config.store_folder()); !synced) return synced.error();
    }
    if (const Result<> removed = hosts::files::remove(config.new_store); !removed) return removed.error();
  }
  if (has_member && exists(mark))
    if (const Result<> removed = hosts::files::remove(mark); !removed) return removed.error();
  return exists(mark);
}

}  // namespace

Result<> become_user(const std::string& name) {
  const Result<User> user = find_user(name);
  if (!user) return user.error();
  return become(*user);
}

namespace {

Result<hosts::KeyPair> read_own_keys(const HostingConfig& config) {
  const Result<std::string> secret = hosts::read_secret(config.key);
  if (!secret) return secret.error();
  const Result<std::string> open = hosts::public_key_of(*secret);
  if (!open) return Error{ErrorCode::invalid, config.key + ": " + open.error().message + "; `heir init` makes them"};
  if (*open != config.self().public_key)
    return Error{ErrorCode::invalid, config.key + " is not the key of host '" + config.name +
                                         "': its public_key would be \"" + *open + "\""};
  return hosts::KeyPair{*open, *secret};
}

/// Whether own_folder could be had, as far as can be told without making one.
Result<> check_folders(const HostingConfig& config, const User& user) {
  const auto is_there = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  if (!is_there(config.data) && !is_there(std::filesystem::path(config.data).parent_path()))
    return cannot_make(config.data, user, ENOENT);
  for (const std::string& folder : {config.data, config.database_root(), config.store_folder()})
    if (is_there(folder))
      if (const Result<> own = check_own_folder(folder, user); !own) return own;
  return {};
}

/// "" leaves them to the search path.
Result<> check_binaries(const std::string& folder) {
  if (folder.empty()) return {};
  std::string lacking;
  for (const char* const program :
       {"postgres", "initdb", "pg_ctl", "pg_controldata", "pg_basebackup", "pg_rewind", "pg_waldump"})
    if (::access((folder + "/" + program).c_str(), X_OK) != 0)
      lacking += (lacking.empty() ? "" : ", ") + std::string(program);
  if (lacking.empty()) return {};
  const std::string cure = "; 'binaries' in [postgresql] names the folder of PostgreSQL 15's programs";
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return Error{ErrorCode::not_found, "there is no folder " + folder + " on this host" + cure};
  return Error{ErrorCode::not_found, folder + " lacks " + lacking + cure};
}

}  // namespace

Result<hosts::KeyPair> read_keys(const HostingConfig& config) {
  Result<hosts::KeyPair> keys = read_own_keys(config);
  if (!keys) return keys;
  const Result<std::string> password = hosts::read_secret(config.password);
  if (!password) return password.error();
  return keys;
}

std::vector<std::string> wrong_on_host(const HostingConfig& config) {
  std::vector<std::string> wrong;
  const auto note = [&wrong](const auto& result) {
    if (!result) wrong.push_back(result.error().message);
  };
  note(read_own_keys(config));
  note(hosts::read_secret(config.password));
  const Result<User> user = find_user(config.user);
  note(user);
  if (user) note(check_folders(config, *user));
  if (config.self().peer) note(check_binaries(config.postgresql.binaries));
  return wrong;
}

Result<Prepared> prepare_host(const HostingConfig& config) {
  const Result<hosts::KeyPair> keys = read_keys(config);
  if (!keys) return keys.error();
  const Result<std::string> password = hosts::read_secret(config.password);
  if (!password) return password.error();
  const Result<User> user = find_user(config.user);
  if (!user) return user.error();
  umask(077);
  for (const std::string& folder : {config.data, config.database_root(), config.store_folder()})
    if (const Result<> owned = own_folder(folder, *user); !owned) return owned.error();
  const Result<bool> is_new = take_word_of_new_store(config, *user);
  if (!is_new) return is_new.error();
  if (const Result<> became = become(*user); !became) return became.error();
  if (::chdir("/") != 0) return hosts::error_of(errno, "leaving for /");

  std::string escaped;
  for (const char c : *password) {
    if (c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  const std::string superuser = postgresql::Config().superuser;
  if (const Result<> kept = keep_private(config.password_line_file(), *password + "\n"); !kept) return kept.error();
  if (const Result<> kept = keep_private(config.password_file(), "*:*:*:" + superuser + ":" + escaped + "\n"); !kept)
    return kept.error();
  return Prepared{*keys, *is_new};
}

}  // namespace heir::tools
