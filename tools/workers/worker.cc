#include "tools/workers/worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>

#include "tools/workers/socket.h"

namespace heir::tools {

namespace {

using Clock = std::chrono::steady_clock;

volatile sig_atomic_t signal_ = 0;
void note_signal(int number) {
  signal_ = number;
}

[[noreturn]] void out_of_memory() {
  ::_exit(status_out_of_memory);
}

std::uint64_t memory_bytes() {
  unsigned long long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*u %llu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

template <class Value>
std::string bytes_of(const Value& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

int noted_signal() {
  return signal_;
}

void prepare_signals() {
  signal_ = 0;
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // What is being printed is printed whole; waiting for messages ends all the same.
  action.sa_handler = note_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  for (const int number : {SIGHUP, SIGPIPE}) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
  }
}

void be_worker(const std::string& address, const std::string& name, int parent, Task first, const Work& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it was too late for that
  Result<Socket> socket = Socket::connect(address, name);
  if (!socket) {
    std::fprintf(stderr, "%s\n", socket.error().message.c_str());
    ::_exit(status_not_begun);
  }
  std::set_new_handler(out_of_memory);
  Clock::time_point told;
  const TellProgress tell = [&](TaskProgress progress) {
    if (Clock::now() - told > std::chrono::milliseconds(100)) {
      told = Clock::now();
      socket->send(message_progress + bytes_of(progress));
    }
    return signal_ == 0;
  };
  Task task = first;
  for (;;) {
    told = Clock::now();
    const std::string answer = work(task, tell);
    socket->send((signal_ == 0 ? message_answer : message_interrupted) + bytes_of(memory_bytes()) + answer);
    std::string message;
    while (!socket->receive(message)) {  // the pool decides what a signal means
    }
    if (message[0] != message_task) ::_exit(0);
    std::memcpy(&task, message.data() + 1, sizeof task);
  }
}

}  // namespace heir::tools
