#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tools/shrink/tale.h"

namespace heir::tools {

namespace {

using Mark = TaleLine::Mark;

/// One row of the diagram: a mark on some lanes, or an arrow between two.
struct Row {
  const TaleLine* line = nullptr;
  Duration at;
  std::vector<std::size_t> lanes;
  std::optional<std::size_t> to;  ///< Of an arrow.
  std::string label;
};

std::vector<Row> rows_of(const std::vector<TaleLine>& tale, const std::vector<std::string>& lanes) {
  const auto lane = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(lanes.begin(), lanes.end(), name) - lanes.begin());
  };
  std::vector<Row> rows;
  for (const TaleLine& line : tale) {
    Row row{&line, line.at, {}, {}, line.what};
    for (const std::string& name : line.who) row.lanes.push_back(lane(name));
    if (line.mark != Mark::operation || line.answerer.empty()) {
      rows.push_back(std::move(row));
      continue;
    }
    const std::size_t client = row.lanes.front(), peer = lane(line.answerer);
    rows.push_back({&line, *line.began, {client}, peer, line.asked});
    rows.push_back({&line, line.at, {peer}, client, line.answer});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.at < b.at; });
  return rows;
}

/// Who does nothing at the moment.
class Resting {
 public:
  void note(const Row& row) {
    for (const std::size_t lane : row.lanes) {
      if (row.line->stops) lanes_.insert(lane);
      if (row.line->goes_on) lanes_.erase(lane);
    }
  }
  bool operator()(std::size_t lane) const { return lanes_.contains(lane); }

 private:
  std::set<std::size_t> lanes_;
};

const char* symbol(Mark mark) {
  switch (mark) {
    case Mark::death: return "✗";
    case Mark::pause: return "‖";
    case Mark::hindrance: return "↯";
    case Mark::heal: return "✓";
    case Mark::state: return "◆";
    case Mark::gate: return "○";
    case Mark::operation: return "●";
    case Mark::failure: return "!";
  }
  return "?";
}

const char* colour_of(Mark mark) {
  switch (mark) {
    case Mark::death: return "#c50f1f";
    case Mark::pause:
    case Mark::hindrance: return "#b05a00";
    case Mark::heal: return "#13a10e";
    case Mark::state: return "#000";
    case Mark::gate:
    case Mark::operation:
    case Mark::failure: return "#0063b1";
  }
  return "#000";
}

std::string clock(Duration at) {
  return fmt::format("{}.{:03}", at.ns() / 1'000'000'000, at.ns() / 1'000'000 % 1000);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::vector<std::string> lanes_of(const std::vector<TaleLine>& tale) {
  std::vector<std::string> lanes;
  const auto order = [](const std::string& name) {
    return std::tuple(name.starts_with("client") ? 0 : name.starts_with("host") ? 1 : 2, name.size(), name);
  };
  for (const TaleLine& line : tale) {
    lanes.insert(lanes.end(), line.who.begin(), line.who.end());
    if (!line.answerer.empty()) lanes.push_back(line.answerer);
  }
  std::sort(lanes.begin(), lanes.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
  return lanes;
}

std::string diagram_text(const std::vector<TaleLine>& tale) {
  constexpr std::size_t width = 10;
  constexpr std::size_t longest_label = 60;
  const std::vector<std::string> lanes = lanes_of(tale);
  std::string text(11, ' ');
  for (const std::string& lane : lanes) text += fmt::format("{:^10}", lane);
  text += "\n";
  Resting resting;
  for (const Row& row : rows_of(tale, lanes)) {
    std::vector<std::string> cells(lanes.size() * width, " ");
    const auto centre = [](std::size_t lane) { return lane * width + width / 2 - 1; };
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) cells[centre(lane)] = resting(lane) ? "·" : "│";
    if (row.to) {
      const std::size_t from = centre(row.lanes.front()), to = centre(*row.to);
      for (std::size_t i = std::min(from, to) + 1; i < std::max(from, to); ++i) cells[i] = "─";
      cells[from] = from < to ? "├" : "┤";
      cells[from < to ? to - 1 : to + 1] = from < to ? "▶" : "◀";
    } else {
      for (const std::size_t lane : row.lanes) cells[centre(lane)] = symbol(row.line->mark);
    }
    std::string label = row.label;
    if (label.size() > longest_label) {
      std::size_t end = longest_label;
      while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xc0) == 0x80) --end;  // not within a character
      label = label.substr(0, end) + "…";
    }
    text += fmt::format("{:>9}  ", clock(row.at));
    for (const std::string& cell : cells) text += cell;
    text += label + "\n";
    resting.note(row);
  }
  return text;
}

std::string diagram_svg(const std::vector<TaleLine>& tale, const std::string& title) {
  constexpr int left = 90, lane_width = 110, top = 70, row_height = 30, label_width = 620;
  const std::vector<std::string> lanes = lanes_of(tale);
  const std::vector<Row> rows = rows_of(tale, lanes);
  const auto x = [&](std::size_t lane) { return left + static_cast<int>(lane) * lane_width + lane_width / 2; };
  const auto y = [&](std::size_t row) { return top + static_cast<int>(row) * row_height + row_height / 2; };
  const int width = left + static_cast<int>(lanes.size()) * lane_width + label_width;
  const int height = top + static_cast<int>(rows.size()) * row_height + 20;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n"
      "<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<defs><marker id=\"head\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\">"
      "<path d=\"M0,0 L9,4 L0,8 z\" fill=\"#0063b1\"/></marker></defs>\n"
      "<text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{2}</text>\n",
      width, height, escaped(title));
  for (std::size_t lane = 0; lane < lanes.size(); ++lane)
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\n", x(lane),
                       top - 14, escaped(lanes[lane]));
  Resting resting;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t lane = 0; lane < lanes.size(); ++lane)
      svg +=
          fmt::format("<line x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\" stroke=\"#888\"{3}/>\n", x(lane),
                      y(i) - row_height / 2, y(i) + row_height / 2, resting(lane) ? " stroke-dasharray=\"2 5\"" : "");
    resting.note(rows[i]);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#555\">{}s</text>\n", left - 14, y(i) + 4,
                       clock(row.at));
    if (row.to) {
      svg += fmt::format(
          "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"#0063b1\" stroke-width=\"1.5\" "
          "marker-end=\"url(#head)\"/>\n",
          x(row.lanes.front()), y(i), x(*row.to), y(i));
    } else {
      const char* const colour = colour_of(row.line->mark);
      for (const std::size_t lane : row.lanes)
        svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"17\" fill=\"{}\">{}</text>\n",
                           x(lane), y(i) + 6, colour, symbol(row.line->mark));
    }
    svg += fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", left + static_cast<int>(lanes.size()) * lane_width + 12,
                       y(i) + 4, row.line->mark == Mark::failure ? " font-weight=\"bold\" fill=\"#c50f1f\"" : "",
                       escaped(row.label));
  }
  return svg + "</svg>\n";
}

}  // namespace heir::tools
