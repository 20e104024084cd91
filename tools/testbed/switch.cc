#include "tools/testbed/switch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tools/testbed/capture.h"
#include "tools/testbed/deliveries.h"

namespace heir::testbed {

namespace {

/// Frames read from one host before the others have their turn.
constexpr int kBatch = 32;
/// Connections of a link that keep their order apart from each other; more share.
constexpr std::size_t kLanes = 64;
constexpr std::uint64_t kWake = UINT64_MAX;
constexpr Duration kFlushEvery = Duration::seconds(1);

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

LinkParameters plain_link() {
  LinkParameters plain;
  plain.latency = {};
  plain.tail_chance = {};
  return plain;
}

// What its thread alone touches, but for the queue of calls.
class Switch::Loop {
 public:
  explicit Loop(const SwitchOptions& options)
      : links_(options.seed, options.link), ports_(options.hosts), begun_ns_(clock_ns(CLOCK_MONOTONIC)) {
    for (std::size_t i = 0; i < options.hosts; ++i) links_.add_node();
    lanes_.resize(options.hosts * options.hosts);
  }

  Result<> begin(const SwitchOptions& options) {
    if (!options.capture.empty()) {
      for (auto [capture, name] : {std::pair{&carried_, "/carried.pcap"}, {&dropped_, "/dropped.pcap"}}) {
        Result<Capture> made = Capture::make(options.capture + name);
        if (!made) return made.error();
        *capture = std::move(*made);
      }
    }
    epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_ || !wake_) return system_error("epoll");
    if (const Result<> watched = watch(wake_.get(), kWake); !watched) return watched;
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // Signals are for the harness's own threads.
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return {};
  }

  ~Loop() {
    if (!thread_.joinable()) return;
    call([this] { ends_ = true; });
    thread_.join();
  }

  /// Between two rounds of the thread; returns when it is done.
  void call(const std::function<void()>& work) {
    Call made{&work};
    std::unique_lock lock(mutex_);
    calls_.push_back(&made);
    const std::uint64_t one = 1;
    ASSERT(::write(wake_.get(), &one, sizeof one) == sizeof one, "an eventfd takes it");
    called_.wait(lock, [&made] { return made.done; });
  }

  Result<> plug(NodeId host, Descriptor device) {
    unplug(host);
    ports_[host.value()] = std::move(device);
    return watch(ports_[host.value()].get(), host.value());
  }
  void unplug(NodeId host) {
    Descriptor& device = ports_[host.value()];
    // Closing alone does not suffice if a process was forked that holds it too.
    if (device) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, device.get(), nullptr);
    device.close();
  }
  sim::Links& links() { return links_; }
  void lift(LinkFaultId fault) {
    for (const sim::ReleasedPacket& each : links_.lift(fault).released) {
      const Deliveries::Frame& frame = deliveries_.frame(each.packet);
      deliveries_.schedule(in_order(frame.bytes, each.link.from, each.link.to, now() + each.after), each.packet);
    }
  }
  void forget(NodeId from, NodeId to) { forgetful_[{from, to}].clear(); }
  void remember(NodeId from, NodeId to) { forgetful_.erase({from, to}); }
  const SwitchCounts& counts() const { return counts_; }
  Result<> flush() {
    for (std::optional<Capture>* each : {&carried_, &dropped_}) {
      if (!*each) continue;
      if (const Result<> flushed = (*each)->flush(); !flushed) return flushed;
    }
    return {};
  }

 private:
  struct Call {
    const std::function<void()>* work;
    bool done = false;
  };

  VirtualTime now() const { return VirtualTime::from_ns(clock_ns(CLOCK_MONOTONIC) - begun_ns_); }

  Result<> watch(int descriptor, std::uint64_t name) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = name;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0 ? Result<>() : system_error("epoll");
  }

  void run() {
    ::pthread_setname_np(::pthread_self(), "heir-switch");
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // Otherwise every wait may be 50 us longer.
    // Frames must not wait for what else the machine does: beside a busy machine, the p99 of a round trip over links of
    // 1 ms is under load 2 to 4 ms so, and 13 to 27 ms at nice -15. Where a container does not allow it, frames are
    // late as all else is.
    sched_param real_time{};
    real_time.sched_priority = 1;
    ::pthread_setschedparam(::pthread_self(), SCHED_RR, &real_time);
    std::array<epoll_event, 64> events{};
    while (!ends_) {
      const int count =
          ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), until_next(), nullptr);
      ASSERT(count >= 0 || errno == EINTR, "epoll_pwait2: " + std::string(std::strerror(errno)));
      deliver(now());
      for (int i = 0; i < count; ++i) {
        const std::uint64_t name = events[static_cast<std::size_t>(i)].data.u64;
        if (name == kWake) continue;
        read_from(NodeId(static_cast<std::uint16_t>(name)));
      }
      // Last, so that a device that was closed is not named by an event of this round.
      do_calls();
      // An error stays known, and is told by flush_captures().
      if (count == 0 && unflushed_) [[maybe_unused]]
        const Result<> flushed = flush();
      if (count == 0) unflushed_ = false;
    }
  }

  /// Time to wait, into `wait_`; null: for ever.
  const timespec* until_next() {
    Duration wait = Duration::max();
    if (const std::optional<VirtualTime> next = deliveries_.next()) wait = std::max(*next - now(), Duration::zero());
    if (unflushed_) wait = std::min(wait, kFlushEvery);
    if (wait == Duration::max()) return nullptr;
    wait_ = {wait.ns() / 1'000'000'000, wait.ns() % 1'000'000'000};
    return &wait_;
  }

  void do_calls() {
    std::uint64_t ignored = 0;
    if (::read(wake_.get(), &ignored, sizeof ignored) < 0) return;
    for (;;) {
      Call* next = nullptr;
      {
        const std::lock_guard lock(mutex_);
        if (calls_.empty()) return;
        next = calls_.front();
        calls_.pop_front();
      }
      (*next->work)();
      const std::lock_guard lock(mutex_);
      next->done = true;
      called_.notify_all();
    }
  }

  void read_from(NodeId host) {
    for (int i = 0; i < kBatch; ++i) {
      const int device = ports_[host.value()].get();
      const ssize_t length = ::read(device, buffer_.data(), buffer_.size());
      if (length < 0) {
        if (errno != EAGAIN && errno != EINTR) unplug(host);  // The device is gone, with its host's network.
        return;
      }
      const FrameBytes frame(buffer_.data(), static_cast<std::size_t>(length));
      const VirtualTime read_at = now();
      // What a connection's earlier frames wait for must not be overtaken.
      deliver(read_at);
      const Destination destination = destination_of(frame);
      if (destination.kind == Destination::Kind::arp) {
        for (std::uint16_t to = 0; to < ports_.size(); ++to) {
          if (NodeId(to) != host) forward(frame, host, NodeId(to), read_at);
        }
      } else if (destination.kind == Destination::Kind::host && destination.host.value() < ports_.size() &&
                 destination.host != host) {
        forward(frame, host, destination.host, read_at);
      } else {
        ++counts_.strays;
      }
    }
  }

  void forward(FrameBytes frame, NodeId from, NodeId to, VirtualTime at) {
    ++counts_.received;
    if (!forgetful_.empty() && is_forgotten(frame, from, to)) return drop(frame);
    sim::LinkState& link = links_.at(from, to);
    const sim::PacketFate fate = link.fate_of(frame.size(), at);
    switch (fate.kind) {
      case sim::PacketFate::Kind::lost: return drop(frame);
      case sim::PacketFate::Kind::jammed: return link.jam(deliveries_.keep(frame, from, to));
      case sim::PacketFate::Kind::carried: break;
    }
    if (fate.copy_after) {
      ++counts_.copies;
      deliveries_.schedule(at + *fate.copy_after, deliveries_.keep(frame, from, to));
    }
    const VirtualTime arrives = fate.held_back ? at + fate.after : in_order(frame, from, to, at + fate.after);
    if (arrives <= at) return arrive(frame, from, to);
    deliveries_.schedule(arrives, deliveries_.keep(frame, from, to));
  }

  bool is_forgotten(FrameBytes frame, NodeId from, NodeId to) {
    const auto link = forgetful_.find({from, to});
    const std::optional<std::uint32_t> flow = flow_of(frame);
    if (link == forgetful_.end() || !flow) return false;
    if (opens_connection(frame)) link->second.insert(*flow);
    return !link->second.contains(*flow);
  }

  /// When a frame that would arrive then does, so that those of one connection keep their order.
  VirtualTime in_order(FrameBytes frame, NodeId from, NodeId to, VirtualTime arrives) {
    const std::optional<std::uint32_t> flow = flow_of(frame);
    if (!flow) return arrives;
    VirtualTime& last = lanes_[std::size_t{from.value()} * ports_.size() + to.value()][*flow % kLanes];
    return last = std::max(last, arrives);
  }

  void deliver(VirtualTime until) {
    while (const std::optional<std::uint32_t> number = deliveries_.take(until)) {
      const Deliveries::Frame& frame = deliveries_.frame(*number);
      arrive(frame.bytes, frame.from, frame.to);
      deliveries_.drop(*number);
    }
  }

  void arrive(FrameBytes frame, NodeId from, NodeId to) {
    // As in the simulator: what is under way when the link is cut is lost too.
    if (links_.at(from, to).blocks > 0) return drop(frame);
    if (!ports_[to.value()] || ::write(ports_[to.value()].get(), frame.data(), frame.size()) < 0) {
      ++counts_.unplugged;
      return capture(dropped_, frame);
    }
    ++counts_.carried;
    counts_.bytes += frame.size();
    capture(carried_, frame);
  }

  void drop(FrameBytes frame) {
    ++counts_.dropped;
    capture(dropped_, frame);
  }

  void capture(std::optional<Capture>& into, FrameBytes frame) {
    if (!into) return;
    into->add(WallTime::from_ns(clock_ns(CLOCK_REALTIME)), frame);
    unflushed_ = true;
  }

  sim::Links links_;
  std::vector<Descriptor> ports_;                       ///< By host; none where it is unplugged.
  std::vector<std::array<VirtualTime, kLanes>> lanes_;  ///< Last arrivals: from * hosts + to, then by connection.
  std::int64_t begun_ns_;
  /// Links that have forgotten their connections, with those that were opened since.
  std::map<sim::DirectedLink, std::set<std::uint32_t>> forgetful_;
  Deliveries deliveries_;
  SwitchCounts counts_;
  std::optional<Capture> carried_;
  std::optional<Capture> dropped_;
  bool unflushed_ = false;
  bool ends_ = false;
  timespec wait_{};
  std::array<std::uint8_t, most_frame_bytes> buffer_{};
  Descriptor epoll_;
  Descriptor wake_;
  std::mutex mutex_;  ///< Of the next two.
  std::deque<Call*> calls_;
  std::condition_variable called_;
  std::thread thread_;
};

Switch::Switch(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Switch::~Switch() = default;

Result<std::unique_ptr<Switch>> Switch::start(const SwitchOptions& options) {
  auto loop = std::make_unique<Loop>(options);
  if (const Result<> begun = loop->begin(options); !begun) return begun.error();
  return std::unique_ptr<Switch>(new Switch(std::move(loop)));
}

Result<> Switch::plug(NodeId host, Descriptor device) {
  Result<> plugged;
  loop_->call([&] { plugged = loop_->plug(host, std::move(device)); });
  return plugged;
}

void Switch::unplug(NodeId host) {
  loop_->call([&] { loop_->unplug(host); });
}

void Switch::set_link(NodeId from, NodeId to, const LinkParameters& parameters) {
  loop_->call([&] { loop_->links().at(from, to).parameters = parameters; });
}

void Switch::set_all_links(const LinkParameters& parameters) {
  loop_->call([&] { loop_->links().set_all(parameters); });
}

LinkFaultId Switch::apply(LinkFault fault) {
  LinkFaultId id;
  loop_->call([&] { id = loop_->links().apply(std::move(fault)); });
  return id;
}

LinkFaultId Switch::cut(const sim::Partition& partition) {
  LinkFault fault;
  fault.links = partition.links();
  fault.blocked = true;
  return apply(std::move(fault));
}

void Switch::lift(LinkFaultId fault) {
  loop_->call([&] { loop_->lift(fault); });
}

void Switch::forget(NodeId from, NodeId to) {
  loop_->call([&] { loop_->forget(from, to); });
}

void Switch::remember(NodeId from, NodeId to) {
  loop_->call([&] { loop_->remember(from, to); });
}

SwitchCounts Switch::counts() {
  SwitchCounts counts;
  loop_->call([&] { counts = loop_->counts(); });
  return counts;
}

Result<> Switch::flush_captures() {
  Result<> flushed;
  loop_->call([&] { flushed = loop_->flush(); });
  return flushed;
}

}  // namespace heir::testbed
