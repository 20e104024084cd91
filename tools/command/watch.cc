#include "tools/command/watch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "tools/command/commands.h"
#include "tools/command/output_file.h"

namespace heir::tools {

namespace {

// Two texts by turns, so that a signal handler always finds a whole one.
using Text = std::array<char, 512>;
std::array<Text, 2> texts;
std::atomic<const Text*> current = &texts[0];

std::atomic<bool> shown = false;  ///< Is there a line of progress on the terminal?
constexpr char clear_line[] = "\r\x1b[K";

/// These call only what a signal handler may.
void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) ::_exit(static_cast<int>(Exit::bad_usage));
}
void show_progress(int) {
  const int before = errno;
  shown = true;
  say(clear_line);
  say(current.load()->data());
  errno = before;
}
[[noreturn]] void end(const char* why, int status) {
  remove_unfinished_outputs();
  if (shown) say(clear_line);
  say("heir: ");
  say(why);
  say(current.load()->data());
  say("\n");
  ::_exit(status);
}

void interrupted(int signal) {
  end("interrupted while ", 128 + signal);
}
void aborted(int) {
  end("an internal error of heir while ", static_cast<int>(Exit::internal));
}
void no_memory() {
  end("out of memory while ", static_cast<int>(Exit::no_verdict));
}

}  // namespace

void watch_over_process(bool progress) {
  const auto handle = [](int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
  };
  handle(SIGINT, interrupted);
  handle(SIGTERM, interrupted);
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) handle(SIGHUP, interrupted);  // nohup has it ignored.
  handle(SIGABRT, aborted);
  std::set_new_handler(no_memory);
  if (!progress) return;
  handle(SIGALRM, show_progress);
  itimerval every_second{};
  every_second.it_interval.tv_sec = every_second.it_value.tv_sec = 1;
  ::setitimer(ITIMER_REAL, &every_second, nullptr);
}

Undisturbed::Undisturbed() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &ends, &before_);
}

Undisturbed::~Undisturbed() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void now_doing(const std::string& what) {
  Text& free = current.load() == &texts[0] ? texts[1] : texts[0];
  const std::size_t length = std::min(what.size(), free.size() - 1);
  std::copy_n(what.begin(), length, free.begin());
  free[length] = '\0';
  current.store(&free);
  if (shown.exchange(false)) say(clear_line);
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::uint64_t kib = static_cast<std::uint64_t>(usage.ru_maxrss);
  if (std::FILE* status = std::fopen("/proc/self/status", "r")) {
    char line[256];
    unsigned long long high_water = 0;
    while (std::fgets(line, sizeof line, status)) {
      if (std::sscanf(line, "VmHWM: %llu kB", &high_water) == 1) kib = high_water;
    }
    std::fclose(status);
  }
  return kib * 1024;
}

void reset_peak_memory() {
  if (std::FILE* refs = std::fopen("/proc/self/clear_refs", "w")) {
    std::fputs("5", refs);
    std::fclose(refs);
  }
}

}  // namespace heir::tools
