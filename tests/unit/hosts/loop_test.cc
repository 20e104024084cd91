#include <sys/socket.h>
#include <sys/un.h>

#include "engine/hosts/service.h"
#include "tests/unit/hosts/bench.h"

using namespace heir;
using namespace heir::hosts;

TEST_CASE("Timers come in the order of their times, and not once they are cancelled") {
  Bench bench;
  std::string order;
  const MonotonicTime now = boot_time();
  bench.loop.set_timer(now + Duration::milliseconds(20), [&] { order += "b"; });
  bench.loop.set_timer(now + Duration::milliseconds(10), [&] { order += "a"; });
  const auto cancelled = bench.loop.set_timer(now + Duration::milliseconds(15), [&] { order += "x"; });
  bench.loop.cancel_timer(cancelled);
  bench.pass(Duration::milliseconds(40));
  CHECK(order == "ab");
}

TEST_CASE("A loop that does not turn counts it") {
  Bench bench;
  bench.pass(Duration::milliseconds(1));
  (void)bench.loop.take_stalls();
  bench.loop.post([] { usleep(30'000); });
  bench.pass(Duration::milliseconds(5));
  const Stalls stalls = bench.loop.take_stalls();
  CHECK(stalls.count >= 1);
  CHECK(stalls.longest >= Duration::milliseconds(30));
  CHECK(bench.loop.take_stalls().count == 0);
}

TEST_CASE("A service manager is told, if there is one") {
  unsetenv("NOTIFY_SOCKET");
  CHECK_FALSE(notify_service_manager("READY=1"));
  const Folder folder;
  const std::string path = folder / "notify";
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  CHECK(notify_service_manager("READY=1"));
  char heard[32];
  CHECK(std::string(heard, static_cast<std::size_t>(recv(socket, heard, sizeof heard, 0))) == "READY=1");
  unsetenv("NOTIFY_SOCKET");
  close(socket);
}
