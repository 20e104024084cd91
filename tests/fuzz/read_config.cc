// Whatever the text: an agent's configuration, of which all that the engine is given can be made, or messages that each
// say where it is wrong.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/require.h"
#include "tools/daemon/config.h"

using namespace heir;

namespace {
/// What follows when there are more mistakes than are told: "agent.toml: and 3 more".
bool is_count_of_the_rest(std::string_view message) {
  return message.starts_with("agent.toml: and ") && message.ends_with(" more");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const tools::LoadedConfig loaded = tools::load_config_text("agent.toml", "/etc/heir", text);
  require(loaded.config.has_value() == loaded.messages.empty(), "neither good nor bad");
  for (const std::string& message : loaded.messages)
    require(is_place(message) || is_count_of_the_rest(message), "no place: " + message);
  if (!loaded.config) return 0;
  require(!agent_config(*loaded.config).store.empty(), "no store");
  if (loaded.config->self().store) require(!member_options(*loaded.config, true).founders.empty(), "no founders");
  (void)loaded.config->http_address();
  return 0;
}
