// Byte streams of a real host: TCP.
#pragma once

#include <memory>

#include "engine/base/host.h"
#include "engine/hosts/loop.h"

namespace heir::hosts {

/// Unsent bytes up to which drained() has nothing to wait for.
inline constexpr std::size_t send_bound = std::size_t{256} << 10;
/// Unsent bytes at which a connection counts as broken: nobody there reads, and nobody here waits.
inline constexpr std::size_t most_unsent = std::size_t{256} << 20;
/// How long a connection may take to come about.
inline constexpr Duration connect_limit = Duration::seconds(10);

/// How long the other side may give no sign of life, before the connection counts as broken.
inline constexpr Duration usual_silence_limit = Duration::seconds(25);

/// As Host::connect says; `unreachable`.
void connect_stream(Loop& loop, Duration silence_limit, const Address& to,
                    Operation<Result<std::unique_ptr<Stream>>>& operation);

/// As Host::listen says. `taken`: told the address, with the port that was free if `at` has 0.
Result<std::unique_ptr<Listener>> listen_for_streams(Loop& loop, Duration silence_limit, const Address& at,
                                                     Address* taken = nullptr);

}  // namespace heir::hosts
