#include "tools/command/outputs.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "scenarios/mistakes.h"
#include "tools/command/report_folder.h"

namespace heir::tools {

namespace {

namespace fs = std::filesystem;

fs::path normal(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const fs::path canonical = fs::weakly_canonical(absolute, error);
  return error ? absolute.lexically_normal() : canonical;
}

bool are_same(const std::string& a, const std::string& b) {
  std::error_code error;
  if (fs::exists(a, error) && fs::exists(b, error)) return fs::is_regular_file(a, error) && fs::equivalent(a, b, error);
  return normal(a) == normal(b);
}

bool lies_in(const std::string& path, const std::string& folder) {
  std::error_code error;
  return fs::equivalent(fs::absolute(path, error).parent_path(), folder, error);
}

/// Why a file cannot be written; "" if it can.
std::string file_problem(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return "is a folder";
  const fs::path parent = fs::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  if (!fs::is_directory(folder, error)) return "there is no such folder";
  // It is made anew beside what is there; what is no file is written to.
  const bool is_new = !fs::exists(path, error) || fs::is_regular_file(path, error);
  const bool can = ::access(is_new ? folder.c_str() : path.c_str(), is_new ? W_OK | X_OK : W_OK) == 0;
  return can ? "" : std::string("cannot be written: ") + std::strerror(errno);
}

std::string problem_of(const Output& output, const std::vector<std::string>& inputs) {
  const bool is_report = output.kind == Output::Kind::report;
  for (const std::string& input : inputs) {
    const std::string read = input == "-" ? "/dev/stdin" : input;
    const std::string shown = input == "-" ? "standard input" : scenarios::printable(input);
    if (are_same(output.path, read)) return "would be written over " + shown + ", which is read; name another";
    std::error_code error;
    if (is_report && fs::exists(read, error) && lies_in(read, output.path))
      return shown + " lies in it, where the report would take its place; name another folder";
  }
  if (output.kind == Output::Kind::file) return file_problem(output.path);
  if (is_report)
    if (const Result<> good = ReportFolder::check(output.path); !good)
      return good.error().message.substr(scenarios::printable(output.path).size() + 2);  // Behind the path.
  return "";
}

}  // namespace

std::vector<std::string> output_problems(const std::vector<Output>& outputs, const std::vector<std::string>& inputs) {
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Output& output = outputs[i];
    if (output.path.empty()) continue;
    std::string problem = problem_of(output, inputs);
    for (std::size_t other = 0; problem.empty() && other < outputs.size(); ++other) {
      const Output& with = outputs[other];
      if (other == i || with.path.empty()) continue;
      if (other < i && are_same(with.path, output.path))
        problem = "is what " + with.option + " writes, too; name another";
      else if (output.kind == Output::Kind::file && with.kind == Output::Kind::report &&
               lies_in(output.path, with.path))
        problem = "lies in what " + with.option + " makes anew; name another place";
    }
    if (!problem.empty()) problems.push_back(output.option + " " + scenarios::printable(output.path) + ": " + problem);
  }
  return problems;
}

}  // namespace heir::tools
