#include "engine/hosts/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/hosts/clocks.h"

namespace heir::hosts {

namespace {

/// Between two looks at whether the loop comes when it wants to.
constexpr Duration tick_interval = Duration::milliseconds(100);
/// Taken from the kernel at once.
constexpr std::size_t most_events = 64;
/// How a descriptor is watched: the kernel tells what is new, once, and is asked again only by when_readable().
constexpr std::uint32_t watched = EPOLLIN | EPOLLRDHUP | EPOLLET;

}  // namespace

struct Watch::State {
  /// Tells what is waited for anew: whatever is there already counts as new.
  void arm() {
    epoll_event event{};
    event.events = watched | (when_writable ? EPOLLOUT : 0U);
    event.data.ptr = this;
    ASSERT(epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) == 0, "the descriptor outlives its watch");
  }

  Loop& loop;
  int epoll;
  int descriptor;
  std::function<void()> when_readable = {};
  std::function<void()> when_writable = {};
  bool has_more = false;   ///< Something came while nobody waited.
  bool has_ended = false;  ///< Nothing new will be told any more: there is always something to find out.
  bool is_over = false;
};

struct Loop::Descriptors {
  int epoll = -1;
  int timer = -1;
  int wake = -1;
  std::unique_ptr<Watch> timer_watch;
  std::unique_ptr<Watch> wake_watch;
  std::set<Watch::State*> watches;
  /// Of watches that are no more: what the kernel has just told may still name them.
  std::vector<std::unique_ptr<Watch::State>> former;
};

/// What other threads may touch.
struct Loop::Posted {
  std::mutex mutex;
  std::vector<std::function<void()>> work;
  std::atomic<bool> is_stopped = false;
};

Loop::Loop() : posted_(std::make_unique<Posted>()), descriptors_(std::make_unique<Descriptors>()) {
  Descriptors& all = *descriptors_;
  all.epoll = epoll_create1(EPOLL_CLOEXEC);
  all.timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  all.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  ASSERT(all.epoll >= 0 && all.timer >= 0 && all.wake >= 0, "the kernel has descriptors for a loop");
  all.timer_watch = std::make_unique<Watch>(*this, all.timer);
  all.wake_watch = std::make_unique<Watch>(*this, all.wake);
  await_timers();
  tick();
}

Loop::~Loop() {
  timers_.clear();  // what they hold may have to do with descriptors
  posted_->work.clear();
  // Whoever waits is held by what is to be called, and may hold its watch in turn.
  std::vector<std::function<void()>> calls;
  for (Watch::State* state : descriptors_->watches) {
    calls.push_back(std::exchange(state->when_readable, nullptr));
    calls.push_back(std::exchange(state->when_writable, nullptr));
  }
  calls.clear();
  descriptors_->timer_watch.reset();
  descriptors_->wake_watch.reset();
  for (const int descriptor : {descriptors_->timer, descriptors_->wake, descriptors_->epoll}) close(descriptor);
}

void Loop::run() {
  posted_->is_stopped = false;
  while (!posted_->is_stopped) {
    take_posted();
    if (!posted_->is_stopped) take_events();
  }
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
  posted_->is_stopped = true;
  eventfd_write(descriptors_->wake, 1);
}

void Loop::post(std::function<void()> work) {
  bool was_empty = false;
  {
    const std::lock_guard lock(posted_->mutex);
    was_empty = posted_->work.empty();
    posted_->work.push_back(std::move(work));
  }
  if (was_empty) eventfd_write(descriptors_->wake, 1);
}

/// The counter of `wake` is never read: each addition to it is news.
void Loop::take_posted() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(posted_->mutex);
    work.swap(posted_->work);
  }
  for (const std::function<void()>& one : work) turn(one);
}

void Loop::take_events() {
  std::array<epoll_event, most_events> events;
  const int count = epoll_wait(descriptors_->epoll, events.data(), events.size(), -1);
  ASSERT(count >= 0 || errno == EINTR, "the loop's own descriptor is good");
  for (int i = 0; i < count; ++i) {
    Watch::State& state = *static_cast<Watch::State*>(events[static_cast<std::size_t>(i)].data.ptr);
    const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
    const bool has_ended = (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (has_ended) state.has_ended = true;
    if (!state.is_over && (what & EPOLLIN || has_ended)) {
      if (const auto call = std::exchange(state.when_readable, nullptr))
        turn(call);
      else
        state.has_more = true;
    }
    // That the other side sends no more says nothing of whether it takes more.
    if (!state.is_over && (what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
      if (const auto call = std::exchange(state.when_writable, nullptr)) {
        turn(call);
        // Every space that is made would be news, else.
        if (!state.is_over && !state.when_writable) state.arm();
      }
  }
  descriptors_->former.clear();
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
  ASSERT(timerfd_settime(descriptors_->timer, TFD_TIMER_ABSTIME, &when, nullptr) == 0, "the time is in range");
}

void Loop::await_timers() {
  descriptors_->timer_watch->when_more_comes([this] {
    std::uint64_t times = 0;
    // Nothing there is as good: whatever is due is looked up.
    [[maybe_unused]] const ssize_t got = read(descriptors_->timer, &times, sizeof times);
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

Watch::Watch(Loop& loop, int descriptor) : state_(new State{loop, loop.descriptors_->epoll, descriptor}) {
  epoll_event event{};
  event.events = watched;
  event.data.ptr = state_.get();
  ASSERT(epoll_ctl(state_->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0, "a descriptor has one watch at a time");
  loop.descriptors_->watches.insert(state_.get());
}

Watch::~Watch() {
  epoll_ctl(state_->epoll, EPOLL_CTL_DEL, state_->descriptor, nullptr);
  state_->is_over = true;
  state_->when_readable = nullptr;
  state_->when_writable = nullptr;
  Loop& loop = state_->loop;
  loop.descriptors_->watches.erase(state_.get());
  loop.descriptors_->former.push_back(std::move(state_));
}

void Watch::when_readable(std::function<void()> call) {
  state_->when_readable = std::move(call);
  state_->has_more = false;
  state_->arm();
}

void Watch::when_more_comes(std::function<void()> call) {
  if (state_->has_more || state_->has_ended) return when_readable(std::move(call));
  state_->when_readable = std::move(call);
}

void Watch::when_writable(std::function<void()> call) {
  state_->when_writable = std::move(call);
  state_->arm();
}

}  // namespace heir::hosts
