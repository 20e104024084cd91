#include "tools/testbed/disk.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <filesystem>

#include "tools/testbed/disk_state.h"

namespace heir::testbed {

using sim::SyncAnswer;

namespace {

constexpr const char* fuse_device = "/dev/fuse";
constexpr auto never = Disk::State::Clock::time_point::max();

}  // namespace

Result<> can_make_disks() {
  if (::access(fuse_device, R_OK | W_OK) == 0) return {};
  return Error{ErrorCode::not_found,
               "needs /dev/fuse, which a host's disk is made with: `modprobe fuse`, or give the container that device"};
}

// ---- What becomes of a sync
// ------------------------------------------------------------------------------------------------

Disk::State::State(const std::string& its_folder, const std::string& set_aside, const DiskOptions& given,
                   std::uint64_t seed, const std::string& name)
    : options(given),
      folder(its_folder),
      aside(set_aside),
      volume(folder, aside),
      random(seed, "disk/" + name),
      power_random(seed, "disk/" + name + "/power-loss"),
      fault_random(seed, "disk/" + name + "/faults"),
      io_random(seed, "disk/" + name + "/io") {}

bool Disk::State::is_read_only() const {
  return std::any_of(faults.begin(), faults.end(), [](const LaidOn& on) { return on.fault.read_only; });
}

bool Disk::State::is_full() const {
  return std::any_of(faults.begin(), faults.end(), [](const LaidOn& on) { return on.fault.full; });
}

bool Disk::State::is_stuck() const {
  return std::any_of(faults.begin(), faults.end(), [](const LaidOn& on) { return on.fault.stuck; });
}

/// Of a sync that has something to write, or not.
Duration Disk::State::sync_time(bool has_work) {
  for (const LaidOn& on : faults)
    if (on.fault.slow && fault_random.chance(on.fault.slow->chance))
      return fault_random.between(on.fault.slow->low, on.fault.slow->high);
  if (!has_work) return Duration();
  const sim::DiskParameters& times = options.parameters;
  const bool slow = times.tail_chance > sim::Ratio() && random.chance(times.tail_chance);
  return slow ? random.between(times.tail_low, times.tail_high) : random.between(times.sync_low, times.sync_high);
}

Duration Disk::State::io_time(const Volume::Node& node, Duration low, Duration high) {
  if (high == Duration() || !options.is_timed || !options.is_timed(volume.name_on_host(node))) return Duration();
  return io_random.between(low, high);
}

void Disk::State::sync(Volume::Node& node, Reply reply) {
  has_synced = true;
  const Duration takes = sync_time(!volume.is_durable(node));
  pending.push_back(
      {volume.begin_sync(node), is_stuck() ? never : Clock::now() + nanoseconds(takes), std::move(reply)});
}

int Disk::State::end_sync(const Volume::Sync& sync) {
  if (is_read_only()) return EROFS;
  SyncAnswer answer = SyncAnswer::honest;
  for (const LaidOn& on : faults) {
    if (on.fault.sync == SyncAnswer::honest || !fault_random.chance(on.fault.sync_chance)) continue;
    answer = on.fault.sync;
    break;
  }
  switch (answer) {
    case SyncAnswer::honest:
      make_lies_true();  // A flush of the drive's cache flushes all of it.
      volume.synced(sync);
      return 0;
    case SyncAnswer::error: return EIO;
    case SyncAnswer::error_dropped: {
      // The page cache forgets what could not be written. Names stay: they are the journal's.
      Volume::Node* const node = volume.node(sync.node);
      if (node && node->is_file()) [[maybe_unused]]
        const int failed = volume.drop_unsynced(*node);
      return EIO;
    }
    case SyncAnswer::lie: lied.push_back(sync); return 0;
  }
  return 0;
}

void Disk::State::make_lies_true() {
  for (const Volume::Sync& sync : lied) volume.synced(sync);
  lied.clear();
}

void Disk::State::end_due() {
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < pending.size();) {
    if (pending[i].due > now) {
      ++i;
      continue;
    }
    const Pending due = std::move(pending[i]);
    pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(i));
    due.reply(due.sync ? end_sync(*due.sync) : 0);
  }
}

Disk::State::Clock::time_point Disk::State::next_due() const {
  Clock::time_point next = never;
  for (const Pending& each : pending) next = std::min(next, each.due);
  return next;
}

// ---- What a loss of power leaves
// ---------------------------------------------------------------------------------------------------

void Disk::State::settle() {
  if (!fate) return;
  const Result<Volume::Lost> left =
      volume.lose_power({*fate, options.parameters, options.may_be_garbage}, power_random);
  if (!left)
    settled = left.error();
  else if (*fate != sim::UnsyncedFate::keep)
    lost = *left;
  fate.reset();
}

std::unique_lock<std::mutex> Disk::State::lock_settled() {
  std::unique_lock lock(mutex);
  settle();
  return lock;
}

// ---- What is read
// --------------------------------------------------------------------------------------------------------------

ino_t Disk::State::file_of(const Volume::Node& node) const {
  struct stat status {};
  return ::lstat(volume.path(node).c_str(), &status) == 0 ? status.st_ino : 0;
}

void Disk::State::damage(const Volume::Node& node, std::uint64_t at, char* content, std::size_t length) {
  if (damaged.empty()) return;
  const ino_t file = file_of(node);
  for (const Damaged& part : damaged) {
    if (part.file != file) continue;
    const std::uint64_t begin = std::max(at, part.at);
    const std::uint64_t end = std::min(at + length, part.end());
    if (begin < end) std::copy_n(part.reads_as.data() + (begin - part.at), end - begin, content + (begin - at));
  }
}

void Disk::State::repair(const Volume::Node& node, std::uint64_t at, std::size_t length) {
  if (damaged.empty()) return;
  const ino_t file = file_of(node);
  std::erase_if(damaged,
                [&](const Damaged& part) { return part.file == file && part.at < at + length && at < part.end(); });
}

/// One page is that of another file beside.
void Disk::State::stray(Volume::Node& node, std::uint64_t at, char* content, std::size_t length) {
  constexpr std::uint64_t page_size = Unsynced::page_size;
  const std::uint64_t first = (at + page_size - 1) / page_size;
  const std::uint64_t end = (at + length) / page_size;
  if (first >= end || node.places.empty()) return;
  for (const LaidOn& on : faults) {
    if (on.fault.stray_reads == sim::Ratio::never()) continue;
    if (options.may_be_astray && !options.may_be_astray(volume.name_on_host(node))) continue;
    if (!fault_random.chance(on.fault.stray_reads)) continue;
    const Volume::Entries& beside = volume.list(*node.places.front().folder);
    auto other = beside.begin();
    std::advance(other, static_cast<std::ptrdiff_t>(fault_random.below(beside.size())));
    if (!other->second->is_file()) continue;
    char* const page = content + ((first + fault_random.below(end - first)) * page_size - at);
    std::size_t done = 0;
    [[maybe_unused]] const int failed = volume.read(*other->second, 0, page, page_size, done);
    std::fill(page + done, page + page_size, '\0');
    return;
  }
}

// ---- The thread
// ------------------------------------------------------------------------------------------------------------

void Disk::State::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(waker.get(), &one, sizeof one);
}

void Disk::State::run() {
  fuse_buf request{};
  Clock::time_point next = never;
  for (;;) {
    pollfd waits[2] = {{fuse_session_fd(session), POLLIN, 0}, {waker.get(), POLLIN, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(std::max(
        next == never ? Clock::duration(std::chrono::hours(1)) : next - Clock::now(), Clock::duration::zero()));
    const timespec limit{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    ::ppoll(waits, 2, &limit, nullptr);
    const int length = waits[0].revents != 0 ? fuse_session_receive_buf(session, &request) : -EAGAIN;
    const std::lock_guard lock(mutex);
    std::uint64_t ignored = 0;
    if (waits[1].revents != 0) [[maybe_unused]]
      const ssize_t count = ::read(waker.get(), &ignored, sizeof ignored);
    // 0: it is mounted nowhere any more.
    if (stops || length == 0) break;
    if (length > 0) fuse_session_process_buf(session, &request);
    end_due();
    next = next_due();
  }
  std::free(request.mem);
}

// ---- Disk
// ------------------------------------------------------------------------------------------------------------------

Disk::Disk(const std::string& folder, const std::string& aside, const DiskOptions& options, std::uint64_t seed,
           const std::string& name)
    : state_(std::make_unique<State>(folder, aside, options, seed, name)) {}

Disk::~Disk() {
  cut();
}

Result<Disk::Device> Disk::open() {
  ASSERT(!state_->session, "it is served");
  state_->settle();
  if (const Result<> settled = std::exchange(state_->settled, {}); !settled) return settled.error();
  // Not blocking: a request that poll told of may be taken back.
  Device device{Descriptor(::open(fuse_device, O_RDWR | O_CLOEXEC | O_NONBLOCK)), ""};
  if (!device.file) return system_error(fuse_device);
  device.options = "fd=" + std::to_string(device.file.get()) +
                   ",rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions";
  return device;
}

Result<> Disk::serve(Device device) {
  State& state = *state_;
  state.waker = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state.waker) return system_error("eventfd");
  char name[] = "heir-disk";
  char* arguments[] = {name, nullptr};
  fuse_args args = FUSE_ARGS_INIT(1, arguments);
  state.session = fuse_session_new(&args, &disk_calls(), sizeof(fuse_lowlevel_ops), &state);
  fuse_opt_free_args(&args);
  if (!state.session) return Error{ErrorCode::failed, "libfuse makes no session"};
  // The session closes it.
  const int file = ::fcntl(device.file.get(), F_DUPFD_CLOEXEC, 3);
  if (file < 0 || fuse_session_mount(state.session, ("/dev/fd/" + std::to_string(file)).c_str()) != 0) {
    const int number = errno;
    if (file >= 0) ::close(file);  // It is not the session's yet.
    fuse_session_destroy(std::exchange(state.session, nullptr));
    return system_error("a session of libfuse", number);
  }
  state.stops = false;
  state.thread = std::thread([&state] { state.run(); });
  return {};
}

void Disk::cut() {
  State& state = *state_;
  if (!state.session) return;
  {
    const std::lock_guard lock(state.mutex);
    state.stops = true;
  }
  state.wake();
  state.thread.join();
  for (const State::Pending& each : std::exchange(state.pending, {})) each.reply(EIO);
  state.listings.clear();  // Nobody closes them any more.
  // With its last descriptor the kernel gives the file system up: whoever waits for something is told of an error.
  fuse_session_destroy(std::exchange(state.session, nullptr));
}

void Disk::lose_power(sim::UnsyncedFate fate) {
  State& state = *state_;
  ASSERT(!state.session, "it is served");
  state.settle();
  state.lied.clear();
  state.fate = fate;
}

std::optional<Volume::Lost> Disk::take_lost() {
  const auto lock = state_->lock_settled();
  return std::exchange(state_->lost, std::nullopt);
}

sim::DiskFaultId Disk::lay_on(const sim::DiskFault& fault) {
  const std::lock_guard lock(state_->mutex);
  state_->faults.push_back({sim::DiskFaultId(++state_->last_fault), fault});
  return state_->faults.back().id;
}

void Disk::lift(sim::DiskFaultId fault) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  const bool was_stuck = state.is_stuck();
  std::erase_if(state.faults, [fault](const State::LaidOn& on) { return on.id == fault; });
  std::erase_if(state.damaged, [fault](const State::Damaged& part) { return part.id == fault; });
  if (std::none_of(state.faults.begin(), state.faults.end(),
                   [](const State::LaidOn& on) { return on.fault.sync == SyncAnswer::lie; }))
    state.make_lies_true();
  if (!was_stuck || state.is_stuck()) return;
  for (State::Pending& each : state.pending)
    if (each.due == never) each.due = State::Clock::now() + State::nanoseconds(state.sync_time(true));
  if (state.session) state.wake();
}

sim::DiskFaultId Disk::new_fault() {
  const std::lock_guard lock(state_->mutex);
  return sim::DiskFaultId(++state_->last_fault);
}

void Disk::reads_as(const std::string& name, std::uint64_t at, const Bytes& content, sim::DiskFaultId fault) {
  const auto lock = state_->lock_settled();
  const Volume::Node* const node = state_->volume.at(name);
  if (!node) return;
  Descriptor opened(::open(state_->volume.path(*node).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (opened) state_->damaged.push_back({fault, std::move(opened), state_->file_of(*node), at, content});
}

bool Disk::is_damaged() const {
  const std::lock_guard lock(state_->mutex);
  std::erase_if(state_->damaged, [](const State::Damaged& part) {
    struct stat status {};
    return ::fstat(part.opened.get(), &status) == 0 && status.st_nlink == 0;
  });
  return !state_->damaged.empty() ||
         std::any_of(state_->faults.begin(), state_->faults.end(),
                     [](const State::LaidOn& on) { return on.fault.stray_reads != sim::Ratio::never(); });
}

Bytes Disk::stored(const std::string& name, std::uint64_t at, std::size_t length) const {
  const auto lock = state_->lock_settled();
  Volume::Node* const node = state_->volume.at(name);
  Bytes content(length, '\0');
  std::size_t done = 0;
  if (!node || !node->is_file() || state_->volume.read(*node, at, content.data(), length, done) != 0) return {};
  content.resize(done);
  return content;
}

std::uint64_t Disk::size(const std::string& name) const {
  const auto lock = state_->lock_settled();
  Volume::Node* const node = state_->volume.at(name);
  std::uint64_t size = 0;
  return node && node->is_file() && state_->volume.size(*node, size) == 0 ? size : 0;
}

std::vector<std::string> Disk::list(const std::string& folder) const {
  const auto lock = state_->lock_settled();
  std::vector<std::string> names;
  Volume::Node* const node = state_->volume.at(folder);
  if (!node || !node->is_folder()) return names;
  for (const auto& [name, entry] : state_->volume.list(*node)) names.push_back(name);
  return names;
}

Result<> Disk::copy_durable(const std::string& name, const std::string& to) const {
  const auto lock = state_->lock_settled();
  Volume::Node* const node = state_->volume.at(name);
  int failed = 0;
  if (node && !node->durable_places.empty())
    failed = state_->volume.copy_durable(*node, to);
  else if (::mkdir(to.c_str(), 0755) != 0)
    failed = errno;
  return failed == 0 ? Result<>() : Result<>(system_error(to, failed));
}

Result<> Disk::replace(const std::string& name, const std::string& by) {
  ASSERT(!state_->session, "it is served");
  const auto lock = state_->lock_settled();
  std::error_code error;
  std::filesystem::remove_all(state_->folder + name, error);
  if (error) return system_error(state_->folder + name, error.value());
  // The new one is another disk: what has befallen the old one is no more.
  state_->damaged.clear();
  Volume source(by, state_->aside + "/source");
  const int failed = source.copy_durable(source.root(), state_->folder + name);
  std::filesystem::remove_all(state_->aside + "/source", error);
  // And nobody has looked into it yet.
  state_->fate = sim::UnsyncedFate::keep;
  return failed == 0 ? Result<>() : Result<>(system_error(state_->folder + name, failed));
}

bool Disk::has_lied() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->lied.empty();
}

void Disk::make_lies_true() {
  const std::lock_guard lock(state_->mutex);
  state_->make_lies_true();
}

void Disk::make_durable() {
  const auto lock = state_->lock_settled();
  state_->volume.make_durable();
}

bool Disk::take_synced() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->has_synced, false);
}

}  // namespace heir::testbed
