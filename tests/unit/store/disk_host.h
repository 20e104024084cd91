// A host that has a disk and nothing else. What was not synced may be lost, kept, torn or turned to garbage by a crash,
// page by page; names apart from contents. Operations end at once, or fail from a chosen one on.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/base/files.h"
#include "engine/base/host.h"

namespace heir::fake {

class DiskHost final : public Host {
 public:
  explicit DiskHost(std::uint64_t seed = 1) : random_(seed * 2 + 1) { durable_names_["/"] = {}; }

  /// Every operation from the Nth on fails, and does nothing: the power has gone.
  std::uint64_t dies_at = UINT64_MAX;
  std::uint64_t operations = 0;
  std::uint64_t syncs = 0;
  std::vector<std::string> logged;

  Bytes* content(const std::string& path) {
    const auto found = names_.find(path);
    return found == names_.end() ? nullptr : &files_[found->second].cached;
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const auto& [path, file] : names_) all.push_back(path);
    return all;
  }
  /// Damage that comes to a disk at rest.
  void set(const std::string& path, Bytes bytes) { files_[names_.at(path)] = File{bytes, bytes, true}; }
  void forget(const std::string& path) {
    names_.erase(path);
    durable_names_.erase(path);
  }

  /// The power goes. Names that were not synced, each file's content that was not: drawn.
  void crash() {
    dies_at = UINT64_MAX;
    std::map<std::string, int> names;
    for (const auto& [path, file] : durable_names_)
      if (names_.contains(path) ? names_[path] == file || draw(2) == 0 : draw(2) == 0) names[path] = file;
    for (const auto& [path, file] : names_)
      if (!names.contains(path) && draw(2) == 0) names[path] = file;
    // A rename is atomic: the old name and the new one are not both lost, nor both there.
    for (const auto& [from, to] : renames_) {
      const bool happened = draw(2) == 0;
      names.erase(from);
      if (happened)
        names[to] = renamed_[from];
      else if (durable_names_.contains(to))
        names[to] = durable_names_[to];
      else
        names.erase(to);
    }
    renames_.clear();
    names_ = durable_names_ = names;
    for (auto& [id, file] : files_) {
      if (!file.synced) file.cached = file.durable = survives(file);
      file.synced = true;
    }
  }

  Executor& executor() override { return executor_; }
  MonotonicTime monotonic_now() override { return {}; }
  WallTime wall_now() override { return {}; }
  void random_bytes(std::span<std::byte>) override {}
  void send(const Address&, Bytes) override {}
  Result<std::unique_ptr<Listener>> listen(const Address&) override { return {ErrorCode::refused, "a disk only"}; }
  using Host::log;
  void log(LogLevel, std::string_view event, std::span<const Field>) override { logged.emplace_back(event); }

  std::uint64_t draw(std::uint64_t below) {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return (random_ * 0x2545'f491'4f6c'dd1d >> 20) % below;
  }

 protected:
  void start_sleep(MonotonicTime, Operation<Unit>& op) override { op.complete({}); }
  void start_receive(Operation<Message>&) override {}
  void start_connect(const Address&, Operation<Result<std::unique_ptr<Stream>>>& op) override {
    op.complete({ErrorCode::unreachable, "a disk only"});
  }
  void start_read_file(const std::string& path, Operation<Result<Bytes>>& op) override {
    const Bytes* found = content(path);
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    if (!found) return op.complete({ErrorCode::not_found, path});
    op.complete(*found);
  }
  void start_write_file(const std::string& path, Bytes bytes, Operation<Result<>>& op) override {
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    if (!names_.contains(path)) names_[path] = ++last_file_;
    File& file = files_[names_[path]];
    file.cached = std::move(bytes);
    file.synced = false;
    op.complete({});
  }
  void start_sync_file(const std::string& path, Operation<Result<>>& op) override {
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    ++syncs;
    if (!names_.contains(path)) return op.complete({ErrorCode::not_found, path});
    File& file = files_[names_[path]];
    file.durable = file.cached;
    file.synced = true;
    op.complete({});
  }
  void start_sync_directory(const std::string&, Operation<Result<>>& op) override {
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    ++syncs;
    durable_names_ = names_;
    renames_.clear();
    op.complete({});
  }
  void start_make_directory(const std::string& path, Operation<Result<>>& op) override {
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    if (!folders_.insert({path, true}).second) return op.complete({ErrorCode::already_exists, path});
    op.complete({});
  }
  void start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) override {
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    renames_[from] = to;
    renamed_[from] = names_.at(from);
    names_[to] = names_.at(from);
    names_.erase(from);
    op.complete({});
  }
  void start_remove(const std::string& path, Operation<Result<>>& op) override {
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    names_.erase(path);
    op.complete({});
  }
  void start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) override {
    if (!works()) return op.complete({ErrorCode::io_error, "no power"});
    if (!folders_.contains(path)) return op.complete({ErrorCode::not_found, path});
    std::vector<std::string> inside;
    for (const auto& [name, file] : names_)
      if (folder_of(name) == path) inside.push_back(name.substr(path.size() + 1));
    op.complete(std::move(inside));
  }
  void start_run(Program, Operation<Result<ProgramExit>>& op) override { op.complete({ErrorCode::not_found, ""}); }
  void start_open_session(const SqlEndpoint&, Operation<Result<std::unique_ptr<SqlSession>>>& op) override {
    op.complete({ErrorCode::unreachable, "a disk only"});
  }

 private:
  struct File {
    Bytes cached;
    Bytes durable;
    bool synced = false;
  };
  struct Driven final : Executor {};

  bool works() { return ++operations < dies_at; }

  /// Each page as it was, as it was to be, zero or garbage; the length old or new.
  Bytes survives(const File& file) {
    constexpr std::size_t page = 4096;
    const std::uint64_t fate = draw(4);
    if (fate == 0) return file.durable;
    if (fate == 1) return file.cached;
    Bytes mixed = fate == 2 ? file.cached.substr(0, draw(file.cached.size() + 1)) : file.cached;
    for (std::size_t at = 0; at < mixed.size(); at += page) {
      const std::size_t size = std::min(page, mixed.size() - at);
      const std::uint64_t kind = draw(4);
      for (std::size_t i = at; i < at + size && kind != 0; ++i) {
        if (kind == 1) mixed[i] = i < file.durable.size() ? file.durable[i] : '\0';
        if (kind == 2) mixed[i] = '\0';
        if (kind == 3) mixed[i] = static_cast<char>(draw(256));
      }
    }
    return mixed;
  }

  std::uint64_t random_;
  Driven executor_;
  int last_file_ = 0;
  std::map<int, File> files_;
  std::map<std::string, int> names_;
  std::map<std::string, int> durable_names_;
  std::map<std::string, std::string> renames_;  ///< From, to: since the last sync of the folder.
  std::map<std::string, int> renamed_;
  std::map<std::string, bool> folders_{{"/", true}};
};

}  // namespace heir::fake
