// What the commands of operators have in common: options, the connection to the cluster, and what their exit status
// says.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "tools/command/commands.h"

namespace heir::tools {

struct Order;

struct OperatorOptions {
  std::string config;  ///< "": where it usually is.
  bool json = false;
  Duration limit = Duration::seconds(3);
};

/// `limit_help`: what --timeout bounds; "": the answer of a host, by default 3 s.
void add_operator_options(CLI::App& command, OperatorOptions& options, const std::string& limit_help = "");

/// How long one host may take to answer, when the whole may take `options.limit`.
Duration answer_limit(const OperatorOptions& options);

/// Gives an order that one answer ends: to the host that it names, or to any. `done`: what is said then.
enum class Hearer { named_host, any_host };
Exit give_order(const OperatorOptions& options, const std::string& command, const Order& order, Hearer hearer,
                const std::string& done);

/// Says what is wrong: as {"error":…} on standard output with --json, else on standard error. `command`: "heir freeze".
Exit fail(const OperatorOptions& options, const std::string& command, const Error& error);
/// 2: the key, the file or the name is wrong; 3: nobody answered, or it is not known what became of it; 1: the cluster
/// refused.
Exit exit_of(const Error& error);

/// The last lines of every operator's command's help.
extern const char* const operator_exit_help;

}  // namespace heir::tools
