// A run at a glance, for a terminal: who was what when, the faults, and what the clients got, over one time axis.
#pragma once

#include <cstddef>
#include <string>

#include "reports/history/history.h"
#include "reports/timeline/timeline.h"
#include "tools/command/text.h"

namespace heir::tools {

/// Lines no wider than `width` columns, unless that is too narrow for anything:
///
///             0s        5s        10s       15s
///   host1     PPPPPPPPPPPPPPPPPP......dAAAAAAAA
///   host2     SSSSSSSSSSSSSSSSSSpPPPPPPPPPPPPPP
///   faults                      111111
///   writes    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▁▄▇▇▇▇▇▇▇▇▇▇▇▇▇  0 … 50/s
///   p99       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█▇▁▁▁▁▁▁▁▁▁▁▁▁▁  9ms … 3.2s
///
/// and below what the letters mean. Every column is as much time; of a host it has what it was for the longest part of
/// it. "" of a run without peers or without time.
std::string run_chart(const reports::Timeline& timeline, const reports::History& history, reports::HistoryTime end,
                      std::size_t width, const Style& style);

}  // namespace heir::tools
