// The network inside a host: loopback, and one TAP device "eth0" whose other end is a descriptor. There is no other
// device, no route but to the other hosts, and no forwarding: nothing can leave.
#pragma once

#include <cstddef>

#include "tools/testbed/container.h"
#include "tools/testbed/descriptor.h"
#include "tools/testbed/frame.h"

namespace heir::testbed {

/// Sets up the network of a host as that one of `hosts`, whose addresses it knows for good. The descriptor gives and
/// takes one Ethernet frame at a time and does not block; the device is gone when it is closed.
Result<Descriptor> make_device(const Container& host, NodeId number, std::size_t hosts, int mtu);

}  // namespace heir::testbed
