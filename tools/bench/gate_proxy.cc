// gate-proxy: a gate without an agent, for tools/bench/gate. Its guard looks at a lease for every answer, as an agent's
// does; a renewal each 400 ms prolongs it.
//
//   gate-proxy LISTEN DATABASE      IP:PORT each, DATABASE also @SOCKET; ends on SIGTERM
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "engine/gate/gate.h"
#include "engine/hosts/linux_host.h"
#include "engine/hosts/service.h"

namespace {

using namespace heir;

class LeaseGuard final : public gate::Guard {
 public:
  explicit LeaseGuard(Host& host) : host_(host) {}
  gate::Mode mode() override { return host_.monotonic_now() < lease_end_ ? gate::Mode::open : gate::Mode::held; }
  std::string reason() override { return "never"; }
  Task<bool> waits_for_sync(gate::CancelKey) override { co_return false; }
  Task<bool> fence() override { co_return true; }

  Task<void> renew() {
    while (true) {
      lease_end_ = host_.monotonic_now() + Duration::seconds(2);
      co_await host_.sleep(Duration::milliseconds(400));
    }
  }

 private:
  Host& host_;
  MonotonicTime lease_end_;
};

Task<void> serve(gate::Gate& gate, hosts::Loop& loop, int& status) {
  const Result<> ended = co_await gate.run();
  fmt::print(stderr, "gate-proxy: {}\n", to_string(ended.error()));
  status = 1;
  loop.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: gate-proxy LISTEN DATABASE   (both IP:PORT)\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  int status = 0;
  hosts::Loop loop;
  hosts::Signals signals(loop, {SIGTERM, SIGINT}, [&](int) { loop.stop(); });
  hosts::Log log(STDERR_FILENO, hosts::LogFormat::text, LogLevel::info);
  hosts::Workers workers(1);
  hosts::LinuxHost host(loop, workers, log, nullptr, {"gate-proxy", "", {}});
  LeaseGuard guard(host);
  gate::Gate gate(host, {.listen = Address(argv[1]), .database = Address(argv[2])}, guard);
  Scope scope;
  scope.spawn(guard.renew());
  scope.spawn(serve(gate, loop, status));
  loop.run();
  return status;
}
