#include "reports/history/form.h"

#include <algorithm>
#include <string>
#include <vector>

#include "reports/history/json_text.h"

namespace heir::reports {

namespace {

std::string json(const Document& document, const Form& form) {
  std::string text;
  append_json(text, document, form);
  return text;
}

void append_joined(std::string& out, char open, const std::vector<std::string>& parts, char close) {
  out += open;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += ',';
    out += parts[i];
  }
  out += close;
}

}  // namespace

void append_json(std::string& out, const Document& document, const Form& form) {
  using Kind = Form::Kind;
  switch (form.kind) {
    case Kind::nil: out += "null"; return;
    case Kind::boolean: out += form.integer != 0 ? "true" : "false"; return;
    case Kind::integer: out += std::to_string(form.integer); return;
    case Kind::number: out += form.text; return;
    case Kind::string:
    case Kind::character:
    case Kind::symbol: out += json_string(form.text); return;
    case Kind::keyword: out += json_string(":" + std::string(form.text)); return;
    case Kind::list:
    case Kind::vector:
    case Kind::set: {
      std::vector<std::string> parts;
      for (const Form& part : document.in(form)) parts.push_back(json(document, part));
      if (form.is(Kind::set)) std::ranges::sort(parts);
      append_joined(out, '[', parts, ']');
      return;
    }
    case Kind::map: {
      std::vector<std::string> parts;
      for (auto key = document.in(form).begin(); key != document.in(form).end(); ++key) {
        std::string part = json(document, *key);
        // The names of an object are strings.
        if (!part.starts_with('"')) part = json_string(part);
        ++key;
        parts.push_back(part + ":" + json(document, *key));
      }
      std::ranges::sort(parts);
      append_joined(out, '{', parts, '}');
      return;
    }
    case Kind::tagged: {
      append_joined(out, '{',
                    {json_string("#" + std::string(form.text)) + ":" + json(document, document.first_in(form))}, '}');
      return;
    }
  }
}

}  // namespace heir::reports
