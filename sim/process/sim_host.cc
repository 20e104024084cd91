#include "sim/process/sim_host.h"

#include <algorithm>

#include "sim/network/digest.h"
#include "sim/process/sim_sql.h"
#include "sim/process/sim_stream.h"

namespace heir::sim {

namespace {
/// Messages that wait unread; more are dropped, as a socket does.
constexpr std::size_t kInbox = 4096;
constexpr std::uint64_t kReceiver = UINT64_MAX;

Error too_many_open_files(ErrorCode code) {
  return {code, "too many open files"};
}
}  // namespace

// --- The process
// --------------------------------------------------------------------------------------------------------

namespace {

class HostBody final : public Body, private EventTarget {
 public:
  HostBody(Process& process, AddressId inbox, HostMain main)
      : EventTarget(process.kernel(), process.machine().name() + "/" + process.name()),
        process_(process),
        main_(std::move(main)),
        host_(process, inbox) {
    process.run_after_events(&host_.executor());
    EventTarget::kernel().schedule(EventTarget::kernel().now(), *this, 0);
  }
  ~HostBody() override { scope_.cancel(); }
  SimHost& host() { return host_; }

 private:
  void on_event(std::uint32_t kind, std::uint64_t argument) override {
    if (!process_.admit(*this, kind, argument)) return;
    const Gate::Entry entry(&process_);
    if (const auto bound = host_.open_inbox(); !bound) {
      host_.log(LogLevel::error, "inbox-taken", {{"error", to_string(bound.error())}});
      return process_.exit({1, to_string(bound.error())});
    }
    scope_.spawn(run(*this));
  }
  std::string describe(std::uint32_t, std::uint64_t) const override { return "main"; }
  static Task<void> run(HostBody& body) {
    co_await body.main_(body.host_);
    body.process_.exit();
  }

  Process& process_;
  HostMain main_;
  SimHost host_;
  Scope scope_;
};

}  // namespace

void run_main(Process& process, AddressId inbox, HostMain main) {
  process.set_body(std::make_unique<HostBody>(process, inbox, std::move(main)));
}

Host* host_of(Process& process) {
  auto* body = process.body_as<HostBody>();
  return body ? &body->host() : nullptr;
}

void SimHost::ProcessExecutor::woken() {
  // Within an event of the process, the end of the event runs us.
  if (process_.is_inside() || !process_.is_alive()) return;
  if (woken_at_ == process_.kernel().events()) return;
  woken_at_ = process_.kernel().events();
  process_.wake();
}

SimHost::SimHost(Process& process, AddressId inbox)
    : EventTarget(process.kernel(), process.machine().name() + "/" + process.name()),
      process_(process),
      inbox_(inbox),
      executor_(process),
      self_(std::make_shared<SimHost*>(this)) {}

SimHost::~SimHost() = default;

Result<> SimHost::open_inbox() {
  return process_.network().bind(inbox_, *this, &process_);
}

// --- Chance and words
// ---------------------------------------------------------------------------------------------------

void SimHost::random_bytes(std::span<std::byte> out) {
  if (!random_) {
    random_ = process_.kernel().stream("process/" + process_.machine().name() + "/" + process_.name(),
                                       process_.pid().value());
  }
  random_->fill(out);
}

void SimHost::log(LogLevel level, std::string_view event, std::span<const Field> fields) {
  std::uint64_t hash = digest(event) + static_cast<std::uint64_t>(level);
  for (const Field& field : fields) hash = hash * 31 + digest(field.key) * 7 + digest(field.value);
  process_.kernel().mix(hash);
  const LogSink& sink = process_.machine().log_sink();
  if (sink) sink({process_.kernel().now(), process_.machine(), process_, level, event, fields});
}

// --- Operations that wait
// -----------------------------------------------------------------------------------------------

std::uint64_t SimHost::wait(Waiting::Kind kind, OperationBase& operation) {
  if (free_waiting_ == UINT32_MAX) {
    free_waiting_ = static_cast<std::uint32_t>(waiting_.size());
    waiting_.emplace_back();
  }
  const std::uint32_t slot = free_waiting_;
  Waiting& waiting = waiting_[slot];
  free_waiting_ = waiting.next_free;
  waiting.kind = kind;
  waiting.operation = &operation;
  const std::uint64_t token = (std::uint64_t{waiting.generation} << 32) | slot;
  operation.owned_by(this, token);
  return token;
}

OperationBase* SimHost::take(std::uint64_t token, std::unique_ptr<ProgramExit>* exit) {
  const auto slot = static_cast<std::uint32_t>(token);
  if (slot >= waiting_.size() || waiting_[slot].generation != token >> 32 || !waiting_[slot].operation) return nullptr;
  Waiting& waiting = waiting_[slot];
  OperationBase* operation = waiting.operation;
  if (exit) *exit = std::move(waiting.exit);
  waiting.exit.reset();
  waiting.io = nullptr;
  waiting.operation = nullptr;
  waiting.kind = Waiting::Kind::none;
  waiting.timer = TimerId();
  ++waiting.generation;
  waiting.next_free = free_waiting_;
  free_waiting_ = slot;
  return operation;
}

void SimHost::abandoned(OperationBase& operation) {
  const std::uint64_t token = operation.token();
  if (token == kReceiver) {
    std::erase(receivers_, static_cast<Operation<Message>*>(&operation));
    return;
  }
  const auto slot = static_cast<std::uint32_t>(token);
  if (waiting_[slot].kind == Waiting::Kind::sleep || waiting_[slot].kind == Waiting::Kind::io)
    process_.clock().cancel_timer(waiting_[slot].timer);
  const RunId run = waiting_[slot].run;
  take(token);
  if (run != RunId() && process_.is_alive()) process_.machine().kill(run);
}

void SimHost::wait_until(MonotonicTime at, std::uint64_t token) {
  waiting_[static_cast<std::uint32_t>(token)].timer = process_.clock().set_timer(at, &process_, *this, token);
}

void SimHost::start_sleep(MonotonicTime at, Operation<Unit>& op) {
  wait_until(at, wait(Waiting::Kind::sleep, op));
}

void SimHost::on_timer(std::uint64_t cookie) {
  const auto slot = static_cast<std::uint32_t>(cookie);
  std::function<void()> io;
  if (slot < waiting_.size() && waiting_[slot].generation == cookie >> 32) io = std::move(waiting_[slot].io);
  OperationBase* const operation = take(cookie);
  if (!operation) return;
  if (io) return io();
  static_cast<Operation<Unit>*>(operation)->complete({});
}

template <class T, class Act>
void SimHost::after(Duration time, Operation<T>& op, Act act) {
  if (time == Duration::zero()) return op.complete(act());
  const std::uint64_t token = wait(Waiting::Kind::io, op);
  waiting_[static_cast<std::uint32_t>(token)].io = [&op, act = std::move(act)]() mutable { op.complete(act()); };
  wait_until(monotonic_now() + time, token);
}

void SimHost::start_sync_file(const std::string& path, Operation<Result<>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::io_error));
  process_.disk().sync_file(path, &process_, *this, wait(Waiting::Kind::sync, op));
}

void SimHost::start_sync_directory(const std::string& path, Operation<Result<>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::io_error));
  process_.disk().sync_directory(path, &process_, *this, wait(Waiting::Kind::sync, op));
}

void SimHost::on_disk_done(std::uint64_t cookie, Result<> result) {
  if (OperationBase* operation = take(cookie))
    static_cast<Operation<Result<>>*>(operation)->complete(std::move(result));
}

void SimHost::start_run(Program program, Operation<Result<ProgramExit>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::failed));
  const std::uint64_t token = wait(Waiting::Kind::program, op);
  const auto begun =
      process_.machine().run(std::move(program), [self = std::weak_ptr(self_), token](const ProcessEnd& end) {
        if (const auto host = self.lock()) (*host)->program_ended(token, end.exit);
      });
  if (begun) {
    waiting_[static_cast<std::uint32_t>(token)].run = *begun;
  } else {
    take(token);
    op.complete(begun.error());
  }
}

void SimHost::program_ended(std::uint64_t token, const ProgramExit& exit) {
  const auto slot = static_cast<std::uint32_t>(token);
  if (waiting_[slot].generation != token >> 32 || !waiting_[slot].operation) return;
  waiting_[slot].exit = std::make_unique<ProgramExit>(exit);
  if (process_.is_alive() && process_.admit(*this, 0, token)) on_event(0, token);
}

void SimHost::on_event(std::uint32_t, std::uint64_t argument) {
  const Gate::Entry entry(&process_);
  std::unique_ptr<ProgramExit> exit;
  if (OperationBase* operation = take(argument, &exit)) {
    static_cast<Operation<Result<ProgramExit>>*>(operation)->complete(std::move(*exit));
  }
}

// --- Datagrams
// ----------------------------------------------------------------------------------------------------------

Result<AddressId> SimHost::resolve(const Address& address) {
  for (const auto& [id, text] : addresses_) {
    if (text == address) return id;
  }
  auto id = process_.network().resolve(address);
  if (id) addresses_.emplace_back(*id, address);
  return id;
}

const Address& SimHost::address_text(AddressId id) {
  for (const auto& [known, text] : addresses_) {
    if (known == id) return text;
  }
  return addresses_.emplace_back(id, process_.network().address(id)).second;
}

void SimHost::send(const Address& to, Bytes payload) {
  if (!process_.is_alive()) return;
  if (const auto id = resolve(to)) process_.network().send(inbox_, *id, std::move(payload));
}

void SimHost::on_datagram(AddressId from, AddressId, Bytes payload) {
  if (!receivers_.empty()) {
    Operation<Message>* receiver = receivers_.front();
    receivers_.erase(receivers_.begin());
    return receiver->complete({address_text(from), std::move(payload)});
  }
  if (messages_.size() < kInbox) messages_.push_back({address_text(from), std::move(payload)});
}

void SimHost::start_receive(Operation<Message>& op) {
  if (!messages_.empty()) {
    Message message = std::move(messages_.front());
    messages_.pop_front();
    return op.complete(std::move(message));
  }
  op.owned_by(this, kReceiver);
  receivers_.push_back(&op);
}

// --- Files: the page cache answers, at once if the scenario gives it no time
// -------------------------------------------------

void SimHost::start_read_file(const std::string& path, Operation<Result<Bytes>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::io_error));
  Disk& disk = process_.disk();
  after(disk.read_time(), op, [&disk, path] { return disk.read_by_program(path); });
}

void SimHost::start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::io_error));
  Disk& disk = process_.disk();
  after(disk.write_time(), op,
        [&disk, path, content = std::move(content)]() mutable { return disk.write(path, std::move(content)); });
}

void SimHost::start_make_directory(const std::string& path, Operation<Result<>>& op) {
  Disk& disk = process_.disk();
  after(disk.write_time(), op, [&disk, path] { return disk.make_directory(path); });
}

void SimHost::start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) {
  Disk& disk = process_.disk();
  after(disk.write_time(), op, [&disk, from, to] { return disk.rename(from, to); });
}

void SimHost::start_remove(const std::string& path, Operation<Result<>>& op) {
  Disk& disk = process_.disk();
  after(disk.write_time(), op, [&disk, path] { return disk.remove(path); });
}

void SimHost::start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::io_error));
  Disk& disk = process_.disk();
  after(disk.read_time(), op, [&disk, path] { return disk.list(path); });
}

// --- Streams and sessions
// -----------------------------------------------------------------------------------------------

void SimHost::start_connect(const Address& to, Operation<Result<std::unique_ptr<Stream>>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::unreachable));
  SimStream::connect(*this, to, op);
}

Result<std::unique_ptr<Listener>> SimHost::listen(const Address& at) {
  if (process_.has_used_up_files()) return too_many_open_files(ErrorCode::failed);
  return SimListener::open(*this, at);
}

void SimHost::start_open_session(const SqlEndpoint& endpoint, Operation<Result<std::unique_ptr<SqlSession>>>& op) {
  if (process_.has_used_up_files()) return op.complete(too_many_open_files(ErrorCode::unreachable));
  SimSession::open(*this, endpoint, op);
}

}  // namespace heir::sim
