// Whatever the text: an agent's configuration, of which all that the engine is given can be made, or messages that each
// say where it is wrong.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/require.h"
#include "tools/hosting/config.h"

using namespace heir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const tools::LoadedConfig loaded = tools::load_config_text("agent.toml", "/etc/heir", text);
  require(loaded.config.has_value() == loaded.messages.empty(), "neither good nor bad");
  for (const std::string& message : loaded.messages)
    require(is_place(message) || message.starts_with("…"), "no place: " + message);
  if (!loaded.config) return 0;
  require(!agent_config(*loaded.config).store.empty(), "no store");
  if (loaded.config->self().store) require(!member_options(*loaded.config, true).founders.empty(), "no founders");
  (void)loaded.config->http_address();
  return 0;
}
