// Frame: a message as it goes over the wire. What is not exactly one of this version and this cluster is refused.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "engine/base/host.h"

namespace heir::hosts {

/// Of frames. One of another version is refused: members of a cluster are changed one at a time, and speak the older
/// one until all know the newer.
inline constexpr unsigned char frame_version = 1;
/// A longer one is neither sent nor taken in.
inline constexpr std::size_t largest_frame = std::size_t{64} << 20;

enum class Refusal {
  garbage,   ///< Not a frame at all.
  version,   ///< Of another version.
  cluster,   ///< Of another cluster.
  stranger,  ///< Its sender is not who its key says.
};
const char* to_string(Refusal refusal);

/// REQUIRES at most 255 bytes of cluster and of sender.
std::string encode_frame(std::string_view cluster, const Message& message);
std::variant<Message, Refusal> decode_frame(std::string_view cluster, std::string_view frame);

}  // namespace heir::hosts
