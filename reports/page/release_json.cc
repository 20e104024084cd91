#include "reports/page/json.h"
#include "reports/page/release.h"

namespace heir::reports {

namespace {

void write_count(Json& json, std::string_view key, std::uint64_t count) {
  json.key(key).number(static_cast<std::int64_t>(count));
}

void write_strings(Json& json, std::string_view key, const std::vector<std::string>& strings) {
  json.key(key).array(strings, [&](const std::string& each) { json.string(each); });
}

/// An object for each element.
template <class Element, class Body>
void write_list(Json& json, std::string_view key, const std::vector<Element>& list, const Body& body) {
  json.key(key).array(list, [&](const Element& each) { json.object([&] { body(each); }); });
}

/// Inside an object.
void write_runs(Json& json, const ReleaseRuns& runs) {
  write_count(json, "runs", runs.runs());
  write_count(json, "passed", runs.passed);
  write_count(json, "failed", runs.failed);
  write_count(json, "unknown", runs.unknown);
  json.key("virtual_ns").number(runs.virtual_ns);
  json.key("wall_ns").number(runs.wall_ns);
  write_count(json, "events", runs.events);
  write_count(json, "failovers", runs.failovers);
  json.key("bound");
  runs.bound ? json.real(*runs.bound) : json.null();
}

void write_campaigns(Json& json, const std::vector<ReleaseCampaign>& campaigns) {
  write_list(json, "campaigns", campaigns, [&](const ReleaseCampaign& each) {
    json.key("database").string(each.database);
    json.key("campaign").number(each.campaign);
    json.key("heir").string(each.heir);
    json.key("began").number(each.began);
    json.key("seconds").real(each.seconds);
    json.key("first_seed").string(std::to_string(each.first_seed));
    json.key("last_seed");
    each.last_seed ? json.string(std::to_string(*each.last_seed)) : json.null();
    write_count(json, "shard", each.shard);
    write_count(json, "shards", each.shards);
    json.key("guided").boolean(each.guided);
    write_strings(json, "overrides", each.overrides);
    json.key("canary").string(each.canary);
    json.key("ended");
    each.ended ? json.string(*each.ended) : json.null();
    write_count(json, "runs", each.runs);
    json.key("runs_per_second").real(each.seconds > 0 ? static_cast<double>(each.runs) / each.seconds : 0);
  });
}

void write_families(Json& json, const std::vector<ReleaseFamily>& families) {
  write_list(json, "families", families, [&](const ReleaseFamily& family) {
    json.key("name").string(family.name);
    write_list(json, "scenarios", family.scenarios, [&](const ReleaseScenario& each) {
      json.key("path").string(each.path);
      json.key("title").string(each.title);
      json.key("claim").string(each.claim);
      json.key("verdict").string(to_string(each.verdict));
      write_runs(json, each.runs);
      json.key("longest_outage_ns").number(each.longest_outage_ns);
    });
  });
}

void write_findings(Json& json, const Release& release) {
  write_list(json, "findings", release.findings, [&](const ReleaseFinding& each) {
    json.key("kind").string(each.kind);
    json.key("scenario").string(each.scenario);
    json.key("title").string(each.title);
    write_count(json, "runs", each.runs);
    write_count(json, "of", each.of);
    json.key("seed").string(std::to_string(each.seed));
    json.key("message").string(each.message);
    json.key("at_ns").number(each.at_ns);
    json.key("replay").string(each.replay);
    json.key("page");
    each.page.empty() ? json.null() : json.string(each.page);
  });
  write_list(json, "undecided", release.undecided, [&](const ReleaseUndecided& each) {
    json.key("scenario").string(each.scenario);
    write_count(json, "runs", each.runs);
    json.key("reason").string(each.reason);
    json.key("replay").string(each.replay);
  });
}

void write_coverage(Json& json, const Release& release) {
  write_list(json, "probes", release.probes, [&](const ReleaseProbe& each) {
    json.key("name").string(each.name);
    json.key("rare").boolean(each.rare);
    write_count(json, "runs", each.runs);
    write_count(json, "hits", each.hits);
  });
  json.key("coverage").object([&] {
    write_strings(json, "families", release.coverage.families);
    write_strings(json, "phases", release.coverage.phases);
    json.key("hits").array(release.coverage.hits, [&](const std::vector<std::uint64_t>& row) {
      json.array(row, [&](std::uint64_t hits) { json.number(static_cast<std::int64_t>(hits)); });
    });
  });
}

void write_phases(Json& json, const Release& release) {
  write_list(json, "phases", release.phases, [&](const ReleasePhase& each) {
    json.key("name").string(each.name);
    json.key("what").string(each.what);
    write_count(json, "count", each.count);
    json.key("p50_ns").number(each.p50_ns);
    json.key("p95_ns").number(each.p95_ns);
    json.key("p99_ns").number(each.p99_ns);
    json.key("max_ns").number(each.max_ns);
    json.key("buckets").array(each.buckets, [&](const auto& bucket) {
      json.array([&] {
        json.number(std::get<0>(bucket));
        json.number(std::get<1>(bucket));
        json.number(static_cast<std::int64_t>(std::get<2>(bucket)));
      });
    });
  });
  write_list(json, "margins", release.margins, [&](const ReleaseMargin& each) {
    json.key("what").string(each.what);
    json.key("value").string(each.value);
    write_count(json, "runs", each.runs);
  });
}

void write_mutants(Json& json, const std::optional<ReleaseMutants>& mutants) {
  json.key("mutants");
  if (!mutants) return json.null();
  json.object([&] {
    write_strings(json, "strategies", mutants->strategies);
    write_list(json, "list", mutants->list, [&](const ReleaseMutants::Mutant& mutant) {
      json.key("name").string(mutant.name);
      json.key("tried").array(mutant.tried, [&](const std::optional<ReleaseMutants::Tried>& tried) {
        if (!tried) return json.null();
        json.object([&] {
          write_count(json, "found", tried->found);
          write_count(json, "trials", tried->trials);
          write_count(json, "seeds", tried->seeds);
          json.key("kind").string(tried->kind);
        });
      });
    });
  });
}

void write_comparison(Json& json, const std::optional<ReleaseComparison>& comparison) {
  json.key("comparison");
  if (!comparison) return json.null();
  json.object([&] {
    json.key("earlier").string(comparison->earlier);
    write_list(json, "rows", comparison->rows, [&](const ReleaseComparison::Row& row) {
      json.key("what").string(row.what);
      json.key("kind").string(row.kind);
      json.key("before").string(row.before);
      json.key("now").string(row.now);
      json.key("change").string(row.change);
    });
  });
}

void write_policies(Json& json, const std::optional<ReleasePolicies>& policies) {
  json.key("policies");
  if (!policies) return json.null();
  json.object([&] {
    write_strings(json, "policies", policies->policies);
    write_list(json, "rows", policies->rows, [&](const ReleasePolicies::Row& row) {
      json.key("scenario").string(row.scenario);
      json.key("results").array(row.results, [&](const std::optional<ReleasePolicies::Result>& result) {
        if (!result) return json.null();
        json.object([&] {
          write_count(json, "runs", result->runs);
          write_count(json, "failed", result->failed);
          write_count(json, "unknown", result->unknown);
          write_list(json, "kinds", result->kinds, [&](const auto& kind) {
            json.key("kind").string(kind.first);
            write_count(json, "runs", kind.second);
          });
        });
      });
    });
  });
}

void write_systems(Json& json, const std::optional<ReleaseSystems>& systems) {
  json.key("systems");
  if (!systems) return json.null();
  const auto time = [&](std::string_view key, const std::optional<std::int64_t>& ns) {
    json.key(key);
    ns ? json.number(*ns) : json.null();
  };
  const auto count = [&](std::string_view key, const ReleaseSystems::Count& of) {
    json.key(key).object([&] {
      write_count(json, "sum", of.sum);
      write_count(json, "runs", of.runs);
    });
  };
  json.object([&] {
    json.key("method").string(systems->method);
    write_list(json, "scenarios", systems->scenarios, [&](const ReleaseSystems::Scenario& scenario) {
      json.key("path").string(scenario.path);
      json.key("title").string(scenario.title);
      write_list(json, "rows", scenario.rows, [&](const ReleaseSystems::Row& row) {
        json.key("system").string(row.system);
        json.key("tuned").boolean(row.tuned);
        json.key("simulated").boolean(row.simulated);
        json.key("verdict").string(to_string(row.verdict));
        write_count(json, "asked", row.asked);
        write_count(json, "runs", row.runs);
        time("median_ns", row.median_ns);
        time("max_ns", row.max_ns);
        count("acknowledged", row.acknowledged);
        count("lost", row.lost);
        count("stale_reads", row.stale_reads);
        count("split_brains", row.split_brains);
        count("undecided", row.undecided);
        count("not_back", row.not_back);
        write_strings(json, "problems", row.problems);
      });
    });
  });
}

}  // namespace

std::string release_json(const Release& release) {
  std::string text;
  Json json(text);
  json.object([&] {
    json.key("format").string("heir release");
    json.key("version").number(1);
    json.key("heir").string(release.heir);
    json.key("title").string(release.title);
    json.key("live").boolean(release.live);
    json.key("verdict").string(to_string(release.verdict));
    json.key("summary").string(release.summary);
    json.key("totals").object([&] {
      write_count(json, "scenarios", release.scenarios);
      write_runs(json, release.totals);
    });
    write_campaigns(json, release.campaigns);
    write_strings(json, "design", release.design);
    write_strings(json, "method", release.method);
    write_families(json, release.families);
    write_findings(json, release);
    write_coverage(json, release);
    write_phases(json, release);
    write_mutants(json, release.mutants);
    write_comparison(json, release.comparison);
    write_policies(json, release.policies);
    write_systems(json, release.systems);
    write_strings(json, "discussion", release.discussion);
    write_strings(json, "limits", release.limits);
    write_list(json, "reproduce", release.reproduce, [&](const auto& each) {
      json.key("what").string(each.first);
      json.key("command").string(each.second);
    });
    write_list(json, "files", release.files, [&](const ReportedFile& file) {
      json.key("name").string(file.name);
      json.key("what").string(file.what);
    });
  });
  text += '\n';
  return text;
}

}  // namespace heir::reports
