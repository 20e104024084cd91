#include "tools/testbed/device.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace heir::testbed {

namespace {

constexpr const char* kDevice = "eth0";

ifreq request_of(const char* device) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

sockaddr address_of(std::uint32_t ipv4) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(ipv4);
  sockaddr same{};
  static_assert(sizeof same == sizeof address);
  std::memcpy(&same, &address, sizeof same);
  return same;
}

void set_mac(sockaddr& address, const MacAddress& mac) {
  address.sa_family = ARPHRD_ETHER;
  std::memcpy(address.sa_data, mac.data(), mac.size());
}

/// Of this network, in /proc/sys/net. A kernel without IPv6 lacks some.
Result<> set_switch(const std::string& name, const char* value) {
  const std::string path = "/proc/sys/net/" + name;
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return {};
  if (!file || ::write(file.get(), value, std::strlen(value)) < 0) return system_error(path);
  return {};
}

Result<> bring_up(int control, const char* device) {
  ifreq request = request_of(device);
  if (::ioctl(control, SIOCGIFFLAGS, &request) != 0) return system_error(std::string("flags of ") + device);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (::ioctl(control, SIOCSIFFLAGS, &request) != 0) return system_error(std::string("bringing up ") + device);
  return {};
}

/// ARP would be lost and late as any frame is; here latency is what the world's links say, from the first frame on.
Result<> know(int control, NodeId other) {
  arpreq entry{};
  entry.arp_pa = address_of(ipv4_of(other));
  set_mac(entry.arp_ha, mac_of(other));
  entry.arp_flags = ATF_PERM | ATF_COM;
  std::strncpy(entry.arp_dev, kDevice, sizeof entry.arp_dev - 1);
  return ::ioctl(control, SIOCSARP, &entry) == 0 ? Result<>() : system_error("the address of " + address_text(other));
}

Result<> configure(int tap, NodeId number, std::size_t hosts, int mtu) {
  ifreq request = request_of(kDevice);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(tap, TUNSETIFF, &request) != 0) return system_error("making a TAP device");
  Descriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!control) return system_error("socket");
  for (const auto& [name, value] : {std::pair{"ipv4/ip_forward", "0"},
                                    {"ipv6/conf/all/forwarding", "0"},
                                    // Its chatter at the start would only be noise in a capture.
                                    {"ipv6/conf/eth0/disable_ipv6", "1"}}) {
    if (const Result<> set = set_switch(name, value); !set) return set;
  }
  if (const Result<> up = bring_up(control.get(), "lo"); !up) return up;
  request = request_of(kDevice);
  set_mac(request.ifr_hwaddr, mac_of(number));
  if (::ioctl(control.get(), SIOCSIFHWADDR, &request) != 0) return system_error("MAC address");
  request = request_of(kDevice);
  request.ifr_mtu = mtu;
  if (::ioctl(control.get(), SIOCSIFMTU, &request) != 0) return system_error("MTU " + std::to_string(mtu));
  request = request_of(kDevice);
  request.ifr_addr = address_of(ipv4_of(number));
  if (::ioctl(control.get(), SIOCSIFADDR, &request) != 0) return system_error("address");
  request = request_of(kDevice);
  request.ifr_netmask = address_of(~0U << (32 - prefix_bits));
  if (::ioctl(control.get(), SIOCSIFNETMASK, &request) != 0) return system_error("netmask");
  if (const Result<> up = bring_up(control.get(), kDevice); !up) return up;
  for (std::size_t other = 0; other < hosts; ++other) {
    const NodeId node(static_cast<std::uint16_t>(other));
    if (node == number) continue;
    if (const Result<> known = know(control.get(), node); !known) return known;
  }
  return {};
}

}  // namespace

Result<Descriptor> make_device(const Container& host, NodeId number, std::size_t hosts, int mtu) {
  Descriptor tap;
  const Result<> done = host.in_network([&]() -> Result<> {
    tap = Descriptor(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    return tap ? configure(tap.get(), number, hosts, mtu) : Result<>(system_error("/dev/net/tun"));
  });
  if (!done) return Error{done.error().code, host.name() + ": " + done.error().message};
  return tap;
}

}  // namespace heir::testbed
