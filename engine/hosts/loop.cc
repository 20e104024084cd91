#include "engine/hosts/loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

#include "engine/base/assert.h"
#include "engine/hosts/clocks.h"

namespace heir::hosts {

namespace asio = boost::asio;

namespace {

/// Between two looks at whether the loop comes when it wants to.
constexpr Duration tick_interval = Duration::milliseconds(100);

}  // namespace

struct Loop::Parts {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  int timer = -1;
  std::unique_ptr<Watch> timer_watch;
};

Loop::Loop() : parts_(std::make_unique<Parts>()) {
  parts_->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  ASSERT(parts_->timer >= 0, "the kernel has timers");
  parts_->timer_watch = std::make_unique<Watch>(*this, parts_->timer);
  await_timers();
  tick();
}

Loop::~Loop() {
  timers_.clear();  // what they hold may have to do with descriptors
  parts_->timer_watch.reset();
  close(parts_->timer);
}

void Loop::run() {
  parts_->context.restart();
  parts_->context.run();
}

bool Loop::run_to_end(Task<void> task, Duration limit) {
  struct Follower {
    static Task<void> follow(Task<void> task, Loop& loop, bool& has_ended) {
      co_await std::move(task);
      has_ended = true;
      loop.stop();
    }
  };
  bool has_ended = false;
  Scope scope;
  scope.spawn(Follower::follow(std::move(task), *this, has_ended));
  const std::uint64_t timer = set_timer(boot_time() + limit, [this] { stop(); });
  if (!has_ended) run();
  cancel_timer(timer);
  return has_ended;
}

void Loop::stop() {
  parts_->context.stop();
}

void Loop::post(std::function<void()> work) {
  asio::post(parts_->context, [this, work = std::move(work)] { turn(work); });
}

void Loop::LoopExecutor::woken() {
  // Within a turn, its end runs us.
  if (loop_.is_turning_ || is_posted_) return;
  is_posted_ = true;
  loop_.post([this] { is_posted_ = false; });
}

void Loop::turn(const std::function<void()>& work) {
  const MonotonicTime began = boot_time();
  is_turning_ = true;
  work();
  if (!executor_.idle()) executor_.run();
  is_turning_ = false;
  lost(boot_time() - began);
}

void Loop::lost(Duration time) {
  if (time <= stall_bound) return;
  ++stalls_.count;
  stalls_.longest = std::max(stalls_.longest, time);
}

std::uint64_t Loop::set_timer(MonotonicTime at, std::function<void()> due) {
  const std::uint64_t timer = next_timer_++;
  timers_.emplace(std::pair(at, timer), std::move(due));
  times_.emplace(timer, at);
  if (at < armed_) arm();
  return timer;
}

void Loop::cancel_timer(std::uint64_t timer) {
  const auto found = times_.find(timer);
  if (found == times_.end()) return;
  timers_.erase({found->second, timer});
  times_.erase(found);
}

void Loop::arm() {
  armed_ = timers_.empty() ? MonotonicTime::max() : timers_.begin()->first.first;
  itimerspec when{};
  if (armed_ != MonotonicTime::max()) {
    const std::int64_t ns = std::max<std::int64_t>(1, armed_.ns());  // 0 would disarm it
    when.it_value.tv_sec = ns / 1'000'000'000;
    when.it_value.tv_nsec = ns % 1'000'000'000;
  }
  ASSERT(timerfd_settime(parts_->timer, TFD_TIMER_ABSTIME, &when, nullptr) == 0, "the time is in range");
}

void Loop::await_timers() {
  parts_->timer_watch->when_readable([this] {
    std::uint64_t times = 0;
    // Nothing there is as good: whatever is due is looked up.
    [[maybe_unused]] const ssize_t got = read(parts_->timer, &times, sizeof times);
    run_due();
    await_timers();
  });
}

void Loop::run_due() {
  const MonotonicTime now = boot_time();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const auto first = timers_.begin();
    const std::function<void()> due = std::move(first->second);
    times_.erase(first->first.second);
    timers_.erase(first);
    due();
  }
  arm();
}

void Loop::tick() {
  const MonotonicTime wanted = boot_time() + tick_interval;
  set_timer(wanted, [this, wanted] {
    lost(boot_time() - wanted);
    tick();
  });
}

struct Watch::State {
  explicit State(Loop& of, asio::io_context& context) : loop(of), descriptor(context) {}
  Loop& loop;
  asio::posix::stream_descriptor descriptor;
  bool is_over = false;
};

Watch::Watch(Loop& loop, int descriptor) : state_(std::make_shared<State>(loop, loop.parts_->context)) {
  boost::system::error_code error;
  state_->descriptor.assign(descriptor, error);
  ASSERT(!error, error.message());
}

Watch::~Watch() {
  state_->is_over = true;
  state_->descriptor.release();  // whoever has it closes it
}

void Watch::when_readable(std::function<void()> call) {
  wait(true, std::move(call));
}

void Watch::when_writable(std::function<void()> call) {
  wait(false, std::move(call));
}

void Watch::wait(bool for_reading, std::function<void()> call) {
  using Base = asio::posix::descriptor_base;
  state_->descriptor.async_wait(for_reading ? Base::wait_read : Base::wait_write,
                                [state = state_, call = std::move(call)](const boost::system::error_code& error) {
                                  if (!error && !state->is_over) state->loop.turn(call);
                                });
}

}  // namespace heir::hosts
