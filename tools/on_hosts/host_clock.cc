#include "tools/on_hosts/host_clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <new>
#include <string_view>

#include "engine/base/assert.h"
#include "sim/clock/clock_rate.h"
#include "tools/testbed/descriptor.h"

// host_clock/library.cc, linked: every host gets a copy, wherever this program came from.
__asm__(
    ".pushsection .rodata\n"
    "heir_host_clock_begin:\n"
    ".incbin \"" HEIR_HOST_CLOCK_LIBRARY
    "\"\n"
    "heir_host_clock_end:\n"
    ".popsection\n");
// Hidden, so that their addresses are known when the program is linked.
extern "C" __attribute__((visibility("hidden"))) const char heir_host_clock_begin[], heir_host_clock_end[];

namespace heir::on_hosts {

namespace {

constexpr const char* library_name = "/heir-host-clock.so";
constexpr const char* file_name = "/heir-host-clock";

/// Anew, for everybody to read.
Result<testbed::Descriptor> write_file(const std::string& path, std::string_view content, mode_t mode) {
  testbed::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!file || ::fchmod(file.get(), mode) != 0 ||
      ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    return testbed::system_error(path);
  return file;
}

std::int64_t machine_time(clockid_t clock = CLOCK_MONOTONIC) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * ns_per_second + now.tv_nsec;
}

/// The one without the other's time, as nearly as they can be read at the same moment.
std::int64_t ahead_of_monotonic(clockid_t clock) {
  constexpr int attempts = 20;
  std::int64_t ahead = 0;
  std::int64_t best = INT64_MAX;
  for (int i = 0; i < attempts; ++i) {
    const std::int64_t before = machine_time();
    const std::int64_t read = machine_time(clock);
    const std::int64_t after = machine_time();
    if (after - before >= best) continue;
    best = after - before;
    ahead = read - before - best / 2;
  }
  return ahead;
}

}  // namespace

Result<> can_have_clocks() {
#ifdef __SANITIZE_ADDRESS__
  return Error{ErrorCode::refused,
               "hosts of a build with AddressSanitizer, which must be loaded before anything else, cannot have clocks "
               "of their own: use one without HEIR_SANITIZE"};
#else
  return {};
#endif
}

Result<HostClock> HostClock::make(const std::string& folder, const std::string& on_host) {
  const std::string_view library(heir_host_clock_begin,
                                 static_cast<std::size_t>(heir_host_clock_end - heir_host_clock_begin));
  const Result<testbed::Descriptor> installed = write_file(folder + library_name, library, 0755);
  if (!installed) return installed.error();
  const std::string nothing(sizeof(ClockPage), '\0');
  const Result<testbed::Descriptor> file = write_file(folder + file_name, nothing, 0644);
  if (!file) return file.error();
  void* const mapped = ::mmap(nullptr, sizeof(ClockPage), PROT_READ | PROT_WRITE, MAP_SHARED, file->get(), 0);
  if (mapped == MAP_FAILED) return testbed::system_error(folder + file_name);
  HostClock made;
  made.page_.reset(new (mapped) ClockPage);
  made.on_host_ = on_host;
  made.page_->write([](ClockState& state) {
    state.since = machine_time();
    state.boot_ahead = ahead_of_monotonic(CLOCK_BOOTTIME);
    state.wall_ahead = ahead_of_monotonic(CLOCK_REALTIME);
  });
  return made;
}

void HostClock::Unmap::operator()(ClockPage* page) const {
  ::munmap(page, sizeof(ClockPage));
}

/// Makes now the moment from which the state counts.
void HostClock::settle(ClockState& state) const {
  const std::int64_t now = machine_time();
  state.gained = host_time(state, now) - now;
  state.since = now;
  state.rate = freezes_ > 0 ? -ns_per_second : sim::bounded_clock_rate(rate_);
}

void HostClock::change_rate(std::int64_t by_ppb) {
  rate_ += by_ppb;
  page_->write([this](ClockState& state) { settle(state); });
}

void HostClock::step_wall(Duration by) {
  page_->write([by](ClockState& state) { state.wall_ahead += by.ns(); });
}

void HostClock::freeze() {
  page_->write([this](ClockState& state) {
    ++freezes_;
    settle(state);
    if (freezes_ == 1) frozen_since_ = state.since;
  });
}

void HostClock::thaw(scenarios::AfterFreeze after) {
  ASSERT(freezes_ > 0, "thaw without freeze");
  using scenarios::AfterFreeze;
  page_->write([this, after](ClockState& state) {
    --freezes_;
    settle(state);
    if (freezes_ > 0) return;
    // What a clock that had not stood still would have gone on by.
    const ClockState running{frozen_since_, -frozen_since_, state.rate, 0, 0};
    const std::int64_t missed = host_time(running, state.since);
    if (after == AfterFreeze::wall_catches_up) state.wall_ahead += missed;
    if (after == AfterFreeze::both_catch_up) state.gained += missed;
  });
}

std::vector<std::string> HostClock::environment() const {
  return {"LD_PRELOAD=" + on_host_ + library_name, "HEIR_HOST_CLOCK=" + on_host_ + file_name};
}

}  // namespace heir::on_hosts
