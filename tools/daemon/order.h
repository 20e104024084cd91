// Orders: what an operator's command sends to an agent, and what it hears. Text in JSON; how it gets there is
// engine/hosts/control.h's business.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::tools {

/// The orders that there are.
namespace orders {
inline constexpr const char* status = "status";    ///< Answer: status_json.h.
inline constexpr const char* history = "history";  ///< Answer: the last `count` versions, the oldest first.
inline constexpr const char* promote =
    "promote";  ///< Moves `host` one place up; "": the sync. `conflict` if it is `goal` already.
inline constexpr const char* freeze = "freeze";  ///< `mode`, `reason`.
inline constexpr const char* unfreeze = "unfreeze";
inline constexpr const char* reap = "reap";                ///< `host`.
inline constexpr const char* rebuild = "rebuild";          ///< `host`, which hears it.
inline constexpr const char* accept_loss = "accept-loss";  ///< `host`, which hears it; `generation`.
inline constexpr const char* yield_store = "yield-store";  ///< `host` shall not lead the store; done: it was told so.
}  // namespace orders

struct Order {
  std::string what;
  std::string host;    ///< A host's name, or a peer's identity.
  std::string goal;    ///< Of a promotion: "sync", or "primary".
  std::string reason;  ///< Of a freeze.
  std::string mode;    ///< "takeovers" or "all".
  std::uint64_t generation = 0;
  std::uint64_t count = 0;
  Duration valid_for = Duration::seconds(30);  ///< Of a promotion: then it is dropped.
  bool dry_run = false;                        ///< Tells what would be done.
  bool operator==(const Order&) const = default;
};

std::string order_text(const Order& order);
/// `invalid`: it is none.
Result<Order> read_order(const std::string& text);

/// `value` is JSON: what came of an order, or why nothing did.
std::string reply_text(const Result<std::string>& value);
/// What reply_text was given; `invalid` if it is not from there.
Result<std::string> read_reply(const std::string& text);

/// The name of an error's code in JSON, as "timed-out".
std::string code_name(ErrorCode code);
/// {"code":…,"message":…}
std::string error_json(const Error& error);

}  // namespace heir::tools
