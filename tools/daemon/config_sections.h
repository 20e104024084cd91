// agent.toml and operator.toml, declared: every table and key with its meaning, default and bounds. From the one
// declaration come reading, with every message, what `heir init` writes, and the reference.
#pragma once

#include <optional>
#include <string>

#include "scenarios/section.h"
#include "tools/daemon/config.h"

namespace heir::tools {

scenarios::Section<HostingConfig> hosting_section();
scenarios::Section<OperatorConfig> operator_section();
scenarios::Section<Ports> ports_section();
scenarios::Section<HttpSection> http_section();
scenarios::Section<GateSection> gate_section();
scenarios::Section<PostgresqlSection> postgresql_section();
scenarios::Section<TimingSection> timing_section();

/// What the tables of an agent.toml must fulfil together; and who keeps the store where no [[host]] says it.
void finish_hosting(const scenarios::Value& root, HostingConfig& config, scenarios::Reading& reading);
/// The same of an operator.toml.
void check_operator(const scenarios::Value& root, const OperatorConfig& config, scenarios::Reading& reading);

}  // namespace heir::tools
