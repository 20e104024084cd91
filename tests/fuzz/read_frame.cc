// Whatever the bytes: a message, whose frame they are, or a refusal.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/hosts/frame.h"
#include "tests/fuzz/require.h"

using namespace heir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const auto decoded = hosts::decode_frame("main", frame);
  if (const auto* message = std::get_if<Message>(&decoded)) {
    require(hosts::encode_frame("main", *message) == frame, "a message with two frames");
    require(std::holds_alternative<hosts::Refusal>(hosts::decode_frame("other", frame)), "of two clusters");
  }
  return 0;
}
