#include "tools/hunt/shard.h"

#include <catch2/catch.hpp>
#include <map>

namespace heir::tools {

namespace {

Result<Shard> shard_in(const std::map<std::string, std::string>& variables) {
  return parse_shard("auto", [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

Result<Shard> shard_of(const std::string& text) {
  return parse_shard(text, [](const char*) { return std::string(); });
}

}  // namespace

TEST_CASE("A shard on the command line") {
  CHECK(*shard_of("2/8") == Shard{2, 8});
  CHECK(*shard_of("1/1") == Shard{1, 1});
  for (const char* wrong : {"", "0/8", "9/8", "2", "2/", "/8", "2/8/1", "-1/8", "2/0", "a/b"}) {
    INFO(wrong);
    CHECK_FALSE(shard_of(wrong));
  }
}

TEST_CASE("Schedulers tell the shard") {
  CHECK(*shard_in({{"SLURM_ARRAY_TASK_ID", "0"}, {"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_MIN", "0"}}) ==
        Shard{1, 4});
  // sbatch --array=3-9:2
  CHECK(*shard_in({{"SLURM_ARRAY_TASK_ID", "9"},
                   {"SLURM_ARRAY_TASK_COUNT", "4"},
                   {"SLURM_ARRAY_TASK_MIN", "3"},
                   {"SLURM_ARRAY_TASK_STEP", "2"}}) == Shard{4, 4});
  CHECK(*shard_in({{"JOB_COMPLETION_INDEX", "0"}, {"HEIR_SHARDS", "3"}}) == Shard{1, 3});
  CHECK(*shard_in({{"JOB_COMPLETION_INDEX", "2"}, {"HEIR_SHARDS", "3"}}) == Shard{3, 3});
  CHECK(*shard_in({{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "3"}}) == Shard{1, 3});
  CHECK(*shard_in({{"CIRCLE_NODE_INDEX", "2"}, {"CIRCLE_NODE_TOTAL", "3"}}) == Shard{3, 3});
  CHECK(*shard_in({{"BUILDKITE_PARALLEL_JOB", "1"}, {"BUILDKITE_PARALLEL_JOB_COUNT", "2"}}) == Shard{2, 2});
}

TEST_CASE("A scheduler that tells half of it is an error that says which half") {
  CHECK(shard_in({{"JOB_COMPLETION_INDEX", "2"}}).error().message.find("HEIR_SHARDS is not set") != std::string::npos);
  CHECK(shard_in({{"JOB_COMPLETION_INDEX", "3"}, {"HEIR_SHARDS", "3"}}).error().message.find("from 0 to 2") !=
        std::string::npos);
  CHECK(shard_in({{"CI_NODE_INDEX", "0"}, {"CI_NODE_TOTAL", "3"}}).error().message.find("from 1 to 3") !=
        std::string::npos);
  CHECK(shard_in({}).error().message.find("SLURM_ARRAY_TASK_ID") != std::string::npos);
}

}  // namespace heir::tools
