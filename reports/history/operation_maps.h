// The texts that hold operation maps (jepsen.h): EDN or JSON, as single maps one after the other, or as the elements of
// a vector, list or array around them. Read map by map, whatever their number.
#pragma once

#include "engine/base/result.h"
#include "reports/history/jepsen.h"
#include "reports/history/source.h"

namespace heir::reports {

/// `invalid` with "FILE:LINE:COLUMN: what was expected", or what keeps the source from being read.
Result<> read_edn_operations(Source& source, JepsenReader& operations);
Result<> read_json_operations(Source& source, JepsenReader& operations);

}  // namespace heir::reports
