// Hosts in one program, on virtual time, joined by a network that loses, doubles, delays and reorders datagrams as a
// test says. Only what the store uses is offered: time, chance, messages, and files that are durable once they are
// written.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/host.h"

namespace heir::fake {

class FakeHost;

/// What happens to a datagram beyond the network's general faults.
struct Fate {
  bool lost = false;
  std::optional<Duration> delay;  ///< Instead of a drawn one.
};

class Network {
 public:
  explicit Network(std::uint64_t seed = 1) : random_(seed * 2 + 1) {}

  std::uint32_t loss_permille = 0;
  std::uint32_t duplication_permille = 0;
  Duration shortest = Duration::microseconds(200);
  Duration longest = Duration::microseconds(200);
  std::function<Fate(const Address& from, const Address& to, const Bytes& payload)> fate;

  std::uint64_t sent = 0;    ///< Datagrams.
  std::uint64_t bytes = 0;   ///< In them.
  std::uint64_t events = 0;  ///< Deliveries and timers that fired.

  Duration now() const { return now_; }
  std::uint64_t draw() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ * 0x2545'f491'4f6c'dd1d;
  }
  std::uint64_t draw(std::uint64_t below) { return (draw() >> 11) % below; }

  using Key = std::pair<std::int64_t, std::uint64_t>;
  Key at(Duration when, std::function<void()> action) {
    const Key key{when.ns(), next_++};
    queue_.emplace(key, std::move(action));
    return key;
  }
  void cancel(const Key& key) { queue_.erase(key); }

  void run_until(Duration end);
  void run_for(Duration d) { run_until(now_ + d); }
  /// Until `condition`, at most for `limit`; whether it came about.
  bool run_until(const std::function<bool()>& condition, Duration limit);

 private:
  friend class FakeHost;
  void settle();
  void post(const Address& from, const Address& to, Bytes payload);

  std::uint64_t random_;
  Duration now_;
  std::uint64_t next_ = 0;
  std::map<Key, std::function<void()>> queue_;
  std::map<std::string, FakeHost*> hosts_;
};

class FakeHost final : public Host, private OperationBase::Owner {
 public:
  FakeHost(Network& network, std::string address, Duration clock_offset = {})
      : network_(network), address_(Address(std::move(address))), offset_(clock_offset) {
    network_.hosts_[address_.value()] = this;
  }
  ~FakeHost() { network_.hosts_.erase(address_.value()); }

  const Address& address() const { return address_; }
  /// The process is gone (its tasks are the test's to destroy): what was received and not read is lost.
  void forget_inbox() { inbox_.clear(); }

  std::map<std::string, Bytes> files;
  Duration disk_latency;
  bool disk_broken = false;
  std::uint64_t file_writes = 0;
  std::vector<std::string> logged;

  Executor& executor() override { return executor_; }
  MonotonicTime monotonic_now() override { return MonotonicTime() + offset_ + network_.now(); }
  WallTime wall_now() override { return WallTime::from_ns(1'700'000'000'000'000'000) + network_.now(); }
  void random_bytes(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(network_.draw() >> 40);
  }
  void send(const Address& to, Bytes payload) override { network_.post(address_, to, std::move(payload)); }
  Result<std::unique_ptr<Listener>> listen(const Address&) override { return {ErrorCode::refused, "no streams here"}; }
  void log(LogLevel, std::string_view event, std::span<const Field>) override { logged.emplace_back(event); }

  void deliver(Message message) {
    if (receiving_) {
      std::exchange(receiving_, nullptr)->complete(std::move(message));
    } else {
      inbox_.push_back(std::move(message));
    }
  }

 protected:
  void start_sleep(MonotonicTime until, Operation<Unit>& op) override {
    const Duration when = std::max((until - offset_) - MonotonicTime(), network_.now());
    wait(when, op, [&op] { op.complete({}); });
  }
  void start_receive(Operation<Message>& op) override {
    if (!inbox_.empty()) {
      Message message = std::move(inbox_.front());
      inbox_.pop_front();
      op.complete(std::move(message));
      return;
    }
    ASSERT(!receiving_, "two receivers on one host");
    receiving_ = &op;
    op.owned_by(this);
  }
  void start_read_file(const std::string& path, Operation<Result<Bytes>>& op) override {
    const auto file = files.find(path);
    if (disk_broken) return op.complete({ErrorCode::io_error, "broken disk"});
    if (file == files.end()) return op.complete({ErrorCode::not_found, path});
    op.complete(file->second);
  }
  void start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) override {
    if (!disk_broken) files[path] = std::move(content);
    ++file_writes;
    later(op);
  }
  void start_sync_file(const std::string&, Operation<Result<>>& op) override { later(op); }
  void start_sync_directory(const std::string&, Operation<Result<>>& op) override { later(op); }
  void start_make_directory(const std::string&, Operation<Result<>>& op) override { later(op); }
  void start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) override {
    if (!disk_broken) {
      files[to] = std::move(files[from]);
      files.erase(from);
    }
    later(op);
  }
  void start_remove(const std::string& path, Operation<Result<>>& op) override {
    files.erase(path);
    later(op);
  }
  void start_connect(const Address&, Operation<Result<std::unique_ptr<Stream>>>& op) override {
    op.complete({ErrorCode::unreachable, "no streams here"});
  }
  void start_list_directory(const std::string&, Operation<Result<std::vector<std::string>>>& op) override {
    op.complete({ErrorCode::not_found, "no folders here"});
  }
  void start_run(Program, Operation<Result<ProgramExit>>& op) override {
    op.complete({ErrorCode::not_found, "no programs here"});
  }
  void start_open_session(const SqlEndpoint&, Operation<Result<std::unique_ptr<SqlSession>>>& op) override {
    op.complete({ErrorCode::unreachable, "no database here"});
  }

 private:
  struct Driven final : Executor {};
  friend class Network;

  void wait(Duration when, OperationBase& op, std::function<void()> action) {
    const std::uint64_t token = ++tokens_;
    op.owned_by(this, token);
    pending_[token] = network_.at(when, [this, token, action = std::move(action)] {
      pending_.erase(token);
      action();
    });
  }
  void later(Operation<Result<>>& op) {
    if (disk_broken) return op.complete({ErrorCode::io_error, "broken disk"});
    if (disk_latency == Duration::zero()) return op.complete({});
    wait(network_.now() + disk_latency, op, [&op] { op.complete({}); });
  }
  void abandoned(OperationBase& op) override {
    if (static_cast<OperationBase*>(receiving_) == &op) {
      receiving_ = nullptr;
      return;
    }
    const auto found = pending_.find(op.token());
    if (found == pending_.end()) return;
    network_.cancel(found->second);
    pending_.erase(found);
  }

  Network& network_;
  const Address address_;
  const Duration offset_;
  Driven executor_;
  std::deque<Message> inbox_;
  Operation<Message>* receiving_ = nullptr;
  std::uint64_t tokens_ = 0;
  std::map<std::uint64_t, Network::Key> pending_;
};

inline void Network::settle() {
  for (bool busy = true; busy;) {
    busy = false;
    for (auto& [name, host] : hosts_) {
      if (host->executor_.idle()) continue;
      host->executor_.run();
      busy = true;
    }
  }
}

inline void Network::run_until(Duration end) {
  settle();
  while (!queue_.empty() && queue_.begin()->first.first <= end.ns()) {
    auto node = queue_.extract(queue_.begin());
    now_ = Duration::nanoseconds(node.key().first);
    ++events;
    node.mapped()();
    settle();
  }
  now_ = end;
}

inline bool Network::run_until(const std::function<bool()>& condition, Duration limit) {
  const Duration end = now_ + limit;
  settle();
  while (!condition()) {
    if (queue_.empty() || queue_.begin()->first.first > end.ns()) {
      now_ = end;
      return condition();
    }
    run_until(Duration::nanoseconds(queue_.begin()->first.first));
  }
  return true;
}

inline void Network::post(const Address& from, const Address& to, Bytes payload) {
  ++sent;
  bytes += payload.size();
  const Fate special = fate ? fate(from, to, payload) : Fate{};
  if (special.lost || draw(1000) < loss_permille) return;
  const int copies = draw(1000) < duplication_permille ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto spread = static_cast<std::uint64_t>((longest - shortest).ns()) + 1;
    const Duration delay =
        special.delay ? *special.delay : shortest + Duration::nanoseconds(static_cast<std::int64_t>(draw(spread)));
    at(now_ + delay, [this, from, to, payload] {
      const auto host = hosts_.find(to.value());
      if (host != hosts_.end()) host->second->deliver({from, payload});
    });
  }
}

}  // namespace heir::fake
