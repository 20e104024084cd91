#include "tests/story/datadriven.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace heir::story {
namespace {

constexpr std::string_view separator = "----";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Splits `a b=c d=(e, f)`; the values of a list may hold blanks.
std::vector<Argument> arguments_of(std::string_view text) {
  std::vector<Argument> arguments;
  while (!(text = trimmed(text)).empty()) {
    Argument argument;
    const std::size_t end = text.find_first_of(" \t=");
    argument.key = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
    if (text.starts_with("=(") && text.find(')') != std::string_view::npos) {
      const std::size_t close = text.find(')');
      std::string_view list = text.substr(2, close - 2);
      while (!list.empty()) {
        const std::size_t comma = list.find(',');
        argument.values.emplace_back(trimmed(list.substr(0, comma)));
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
      }
      text = text.substr(close + 1);
    } else if (text.starts_with('=')) {
      const std::size_t stop = text.find_first_of(" \t");
      argument.values.emplace_back(text.substr(1, stop == std::string_view::npos ? stop : stop - 1));
      text = stop == std::string_view::npos ? std::string_view() : text.substr(stop);
    }
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

/// A step and the text around it, so that a rewritten story keeps every comment.
struct Piece {
  std::string before;  ///< Comments and blank lines above the command.
  std::optional<Step> step;
  std::string head;  ///< The command and its input, as written.
};

Result<std::vector<Piece>> pieces_of(const std::string& file, std::string_view text) {
  const std::vector<std::string> lines = lines_of(text);
  std::vector<Piece> pieces(1);
  const auto bad = [&](std::size_t index, const char* what) {
    return Error{ErrorCode::invalid, file + ":" + std::to_string(index + 1) + ": " + what};
  };
  std::size_t i = 0;
  while (i < lines.size()) {
    Piece& piece = pieces.back();
    if (blank(lines[i]) || lines[i].starts_with('#')) {
      piece.before += lines[i++] + "\n";
      continue;
    }
    if (lines[i] == separator) return bad(i, "expected a command above '----'");
    const std::size_t begin = i;
    Step step;
    step.file = file;
    step.line = static_cast<int>(i + 1);
    step.line_text = lines[i];
    step.command = lines[i].substr(0, lines[i].find_first_of(" \t"));
    step.arguments = arguments_of(std::string_view(lines[i]).substr(step.command.size()));
    piece.head = lines[i++] + "\n";
    while (i < lines.size() && lines[i] != separator) {
      step.input += lines[i] + "\n";
      piece.head += lines[i++] + "\n";
    }
    if (i == lines.size()) return bad(begin, "this command has no '----' below it");
    ++i;
    if (i < lines.size() && lines[i] == separator) {
      ++i;
      while (i + 1 < lines.size() && !(lines[i] == separator && lines[i + 1] == separator))
        step.expected += lines[i++] + "\n";
      if (i + 1 >= lines.size())
        return bad(begin, "what this command prints begins with two lines of '----' but does not end so");
      i += 2;
    } else {
      while (i < lines.size() && !blank(lines[i])) step.expected += lines[i++] + "\n";
    }
    piece.step = std::move(step);
    pieces.emplace_back();
  }
  return pieces;
}

void append_expected(std::string& out, const std::string& printed) {
  const std::vector<std::string> lines = lines_of(printed);
  const bool wrap = std::any_of(lines.begin(), lines.end(), [](const std::string& line) { return blank(line); }) ||
                    (!lines.empty() && lines.front() == separator);
  out += wrap ? "----\n----\n" : "----\n";
  out += printed;
  if (wrap) out += "----\n----\n";
}

void print_difference(const Difference& difference) {
  const Step& step = difference.step;
  std::fprintf(stderr, "%s:%d: %s\n", step.file.c_str(), step.line, step.line_text.c_str());
  const std::vector<std::string> expected = lines_of(step.expected);
  const std::vector<std::string> actual = lines_of(difference.actual);
  std::size_t same = 0;
  while (same < expected.size() && same < actual.size() && expected[same] == actual[same]) ++same;
  std::size_t tail = 0;
  while (tail < expected.size() - same && tail < actual.size() - same &&
         expected[expected.size() - 1 - tail] == actual[actual.size() - 1 - tail]) {
    ++tail;
  }
  for (std::size_t i = 0; i < same; ++i) std::fprintf(stderr, "  %s\n", expected[i].c_str());
  for (std::size_t i = same; i < expected.size() - tail; ++i) std::fprintf(stderr, "- %s\n", expected[i].c_str());
  for (std::size_t i = same; i < actual.size() - tail; ++i) std::fprintf(stderr, "+ %s\n", actual[i].c_str());
  for (std::size_t i = expected.size() - tail; i < expected.size(); ++i)
    std::fprintf(stderr, "  %s\n", expected[i].c_str());
}

std::optional<std::string> slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return std::nullopt;
  return text.str();
}

}  // namespace

bool Step::has(std::string_view key) const {
  return std::any_of(arguments.begin(), arguments.end(), [&](const Argument& argument) { return argument.key == key; });
}

std::optional<std::string> Step::get(std::string_view key) const {
  for (const Argument& argument : arguments) {
    if (argument.key == key && !argument.values.empty()) return argument.values.front();
  }
  return std::nullopt;
}

Result<std::vector<Step>> parse_story(const std::string& file, std::string_view text) {
  Result<std::vector<Piece>> pieces = pieces_of(file, text);
  if (!pieces) return pieces.error();
  std::vector<Step> steps;
  for (Piece& piece : *pieces) {
    if (piece.step) steps.push_back(std::move(*piece.step));
  }
  return steps;
}

Result<std::vector<Difference>> replay_story(const std::string& file, std::string_view text, const Handler& handler,
                                             std::string* rewritten) {
  Result<std::vector<Piece>> pieces = pieces_of(file, text);
  if (!pieces) return pieces.error();
  std::vector<Difference> differences;
  std::string out;
  for (const Piece& piece : *pieces) {
    out += piece.before;
    if (!piece.step) continue;
    std::string actual = handler(*piece.step);
    if (!actual.empty() && actual.back() != '\n') actual += '\n';
    out += piece.head;
    append_expected(out, actual);
    if (actual != piece.step->expected) differences.push_back({*piece.step, std::move(actual)});
  }
  if (rewritten) *rewritten = std::move(out);
  return differences;
}

int story_main(int argc, char** argv, const HandlerFactory& make_handler) {
  bool rewrite = false;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--rewrite") {
      rewrite = true;
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "unknown option %s; usage: %s [--rewrite] FILE...\n", argument.c_str(), argv[0]);
      return 2;
    } else {
      files.push_back(argument);
    }
  }
  if (files.empty()) {
    std::fprintf(stderr, "usage: %s [--rewrite] FILE...\n", argv[0]);
    return 2;
  }
  int status = 0;
  for (const std::string& file : files) {
    const std::optional<std::string> text = slurp(file);
    if (!text) {
      std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
      status = 2;
      continue;
    }
    std::string rewritten;
    const Result<std::vector<Difference>> differences = replay_story(file, *text, make_handler(), &rewritten);
    if (!differences) {
      std::fprintf(stderr, "%s\n", differences.error().message.c_str());
      status = 2;
      continue;
    }
    if (rewrite) {
      if (rewritten == *text) continue;
      std::ofstream out(file, std::ios::binary);
      out << rewritten;
      out.close();
      if (!out) {
        std::fprintf(stderr, "%s: cannot be written\n", file.c_str());
        status = 2;
      }
      continue;
    }
    for (const Difference& difference : *differences) print_difference(difference);
    if (!differences->empty() && status == 0) status = 1;
  }
  return status;
}

}  // namespace heir::story
