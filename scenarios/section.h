// Section<Owner>: the keys of one table of a scenario file, declared once. From
// this one declaration come reading with every message, writing, the nearest
// name of a mistyped key, and the reference.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/codec.h"
#include "scenarios/document.h"
#include "scenarios/mistakes.h"
#include "scenarios/scenario.h"

namespace heir::scenarios {

/// What reading carries along: the mistakes, and which tables have one, so that
/// a mistake does not cause others elsewhere.
struct Reading {
  Mistakes& mistakes;
  std::set<const Value*> bad;
  void report(const Value& table, const Place& place, std::string message) {
    bad.insert(&table);
    mistakes.add(place, std::move(message));
  }
  bool good(const Value* table) const { return table == nullptr || !bad.contains(table); }
};

/// Lowest and highest value; of a range, both ends obey.
template <class T>
struct Limits {
  std::optional<T> low;
  std::optional<T> high;
};

// What is bounded in a value: a range by its ends, an optional by its content.
template <class T>
struct Bounded {
  using Type = T;
  static std::pair<T, T> ends(const T& value) { return {value, value}; }
};
template <>
struct Bounded<DurationRange> {
  using Type = Duration;
  static std::pair<Duration, Duration> ends(const DurationRange& range) { return {range.low, range.high}; }
};
template <class T>
struct Bounded<std::optional<T>> {
  using Type = typename Bounded<T>::Type;
  static std::pair<Type, Type> ends(const std::optional<T>& value) { return Bounded<T>::ends(*value); }
};

template <class Owner>
struct Key {
  std::string name;
  std::string type;
  std::string limits;    ///< For the reference.
  std::string fallback;  ///< The default, as in a file; empty: none.
  std::string meaning;
  bool required = false;
  std::vector<std::string> kinds;      ///< Values of `kind` for which the key means
                                       ///< something; empty: all.
  std::vector<std::string> needed_by;  ///< Values of `kind` that must have it.
  std::function<void(const Entry&, const Value& table, Owner&, Reading&, const std::string& where)> read;
  std::function<std::string(const Owner&)> write;  ///< The value as in a file; empty: the key is left out.
  std::function<std::string(const Owner&)> write_always;

  Key&& for_kinds(std::vector<std::string> names) && {
    kinds = std::move(names);
    return std::move(*this);
  }
  Key&& needed(std::vector<std::string> names) && {
    needed_by = std::move(names);
    return std::move(*this);
  }
  Key&& must() && {
    required = true;
    fallback.clear();
    write = write_always;
    return std::move(*this);
  }
  Key&& always() && {
    write = write_always;
    return std::move(*this);
  }
};

/// A table or an array of tables within a table.
template <class Owner>
struct Child {
  std::string name;
  std::function<void(const Entry&, const Value& table, Owner&, Reading&)> read;
  std::function<void(const Owner&, std::string& out)> write;
  std::function<void(std::string& out)> reference;
};

template <class Owner>
struct Section {
  std::string heading;  ///< As in messages: "[network]", "[[fault]]", "the scenario".
  std::string meaning;
  std::vector<Key<Owner>> keys;
  std::vector<Child<Owner>> children;
  std::function<std::string(const Owner&)> kind;  ///< The value of `kind`, if keys depend on it.
  std::function<void(const Value& table, const Owner&, Reading&)>
      check;  ///< What one table must fulfil, once it is read.

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const Key<Owner>& key : keys) all.push_back(key.name);
    for (const Child<Owner>& child : children) all.push_back(child.name);
    return all;
  }
};

/// Declares a key through functions: `get(const Owner&)` -> T, `set(Owner&,
/// T)`. The default is what `get` says of a new Owner.
template <class Owner, class T, class Get, class Set, class B = typename Bounded<T>::Type>
Key<Owner> key_of(std::string name, Get get, Set set, std::string meaning, Limits<B> limits = {}) {
  Key<Owner> made;
  made.name = name;
  made.type = Codec<T>::type();
  made.meaning = std::move(meaning);
  made.fallback = Codec<T>::write(get(Owner{}));
  if constexpr (requires(const B& a) { a < a; }) {
    if (limits.low) made.limits += "from " + Codec<B>::write(*limits.low);
    if (limits.high) made.limits += (limits.low ? " to " : "up to ") + Codec<B>::write(*limits.high);
  }
  made.read = [name, set, limits](const Entry& entry, const Value& table, Owner& owner, Reading& reading,
                                  const std::string& where) {
    static_cast<void>(limits);  // Of what has no order.
    const std::string subject = "'" + name + "' in " + where + ": ";
    Result<T> value = Codec<T>::read(entry.value);
    if (!value) return reading.report(table, entry.value.place, subject + value.error().message);
    if constexpr (requires(const B& a) { a < a; }) {
      if (!limits.low && !limits.high) return set(owner, std::move(*value));
      const auto [low, high] = Bounded<T>::ends(*value);
      if (limits.low && low < *limits.low) {
        return reading.report(
            table, entry.value.place,
            subject + "expected at least " + Codec<B>::write(*limits.low) + ", found " + describe(entry.value));
      }
      if (limits.high && *limits.high < high) {
        return reading.report(
            table, entry.value.place,
            subject + "expected at most " + Codec<B>::write(*limits.high) + ", found " + describe(entry.value));
      }
    }
    set(owner, std::move(*value));
  };
  made.write_always = [get](const Owner& owner) { return Codec<T>::write(get(owner)); };
  made.write = [get](const Owner& owner) {
    return get(owner) == get(Owner{}) ? std::string() : Codec<T>::write(get(owner));
  };
  return made;
}

/// Declares a key: its name, the member that it sets, its meaning and its
/// limits.
template <class Owner, class T, class B = typename Bounded<T>::Type>
Key<Owner> key(std::string name, T Owner::*member, std::string meaning, Limits<B> limits = {}) {
  return key_of<Owner, T>(
      std::move(name), [member](const Owner& owner) { return owner.*member; },
      [member](Owner& owner, T value) { owner.*member = std::move(value); }, std::move(meaning), std::move(limits));
}

inline bool contains(const std::vector<std::string>& names, const std::string& name) {
  for (const std::string& candidate : names) {
    if (candidate == name) return true;
  }
  return false;
}

inline std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Reads a table by its section. Every mistake is reported; what could be read
/// is in `owner`.
template <class Owner>
void read_section(const Section<Owner>& section, const Value& table, const Place& place, Owner& owner,
                  Reading& reading) {
  const auto key_named = [&](const std::string& name) -> const Key<Owner>* {
    for (const Key<Owner>& candidate : section.keys) {
      if (candidate.name == name) return &candidate;
    }
    return nullptr;
  };
  // A misspelled key that must be there is one mistake, not two.
  std::vector<std::string> meant;
  for (const Entry& entry : table.entries) {
    if (const Key<Owner>* known = key_named(entry.key)) {
      known->read(entry, table, owner, reading, section.heading);
      continue;
    }
    bool found = false;
    for (const Child<Owner>& child : section.children) {
      if (child.name != entry.key) continue;
      child.read(entry, table, owner, reading);
      found = true;
    }
    if (found) continue;
    meant.push_back(nearest(entry.key, section.names()));
    reading.report(
        table, entry.place,
        "unknown key '" + shown(entry.key) + "' in " + section.heading + suggestion(entry.key, section.names()));
  }
  for (const Key<Owner>& declared : section.keys) {
    if (declared.required && !table.find(declared.name) && !contains(meant, declared.name)) {
      reading.report(table, place, section.heading + " needs the key '" + declared.name + "'");
    }
  }
  if (section.kind && reading.good(&table)) {
    const std::string kind = section.kind(owner);
    for (const Key<Owner>& declared : section.keys) {
      const Entry* entry = table.find(declared.name);
      if (entry && !declared.kinds.empty() && !contains(declared.kinds, kind)) {
        reading.report(
            table, entry->place,
            "'" + declared.name + "' means nothing for kind \"" + kind + "\"; it belongs to " + joined(declared.kinds));
      }
      if (!entry && contains(declared.needed_by, kind)) {
        reading.report(table, place, "kind \"" + kind + "\" needs the key '" + declared.name + "'");
      }
    }
  }
  if (section.check && reading.good(&table)) section.check(table, owner, reading);
}

/// The lines of a table's own keys.
template <class Owner>
std::string written_keys(const Section<Owner>& section, const Owner& owner) {
  std::string out;
  for (const Key<Owner>& key : section.keys) {
    if (const std::string text = key.write(owner); !text.empty()) out += key.name + " = " + text + "\n";
  }
  return out;
}

/// The reference of a section, as Markdown: a heading and one row for each key.
template <class Owner>
void append_reference(const Section<Owner>& section, std::string& out) {
  out += section.heading.starts_with("[") ? "### `" + section.heading + "`" : "### Above all tables";
  out += "\n\n" + section.meaning + "\n\n| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Key<Owner>& key : section.keys) {
    out += "| `" + key.name + "` | " + key.type + (key.limits.empty() ? "" : " " + key.limits) + " | " +
           (key.required           ? "required"
            : key.fallback.empty() ? ""
                                   : "`" + key.fallback + "`") +
           " | " + key.meaning;
    if (!key.kinds.empty()) out += " For: " + joined(key.kinds) + ".";
    if (!key.needed_by.empty()) out += " Needed by: " + joined(key.needed_by) + ".";
    out += " |\n";
  }
  out += "\n";
}

/// A table within a table: `[name]`.
template <class Owner, class Part>
Child<Owner> table_child(std::string name, Part Owner::*member, Section<Part> section) {
  Child<Owner> child;
  child.name = name;
  child.read = [member, section](const Entry& entry, const Value& table, Owner& owner, Reading& reading) {
    if (entry.value.kind != Value::Kind::table) {
      return reading.report(table, entry.value.place,
                            "'" + entry.key + "' is a table, " + section.heading + "; found " + describe(entry.value));
    }
    read_section(section, entry.value, entry.place, owner.*member, reading);
    if (!reading.good(&entry.value)) reading.bad.insert(&table);
  };
  child.write = [member, section](const Owner& owner, std::string& out) {
    if (const std::string keys = written_keys(section, owner.*member); !keys.empty())
      out += "\n" + section.heading + "\n" + keys;
    for (const Child<Part>& inner : section.children) inner.write(owner.*member, out);
  };
  child.reference = [section](std::string& out) {
    append_reference(section, out);
    for (const Child<Part>& inner : section.children) inner.reference(out);
  };
  return child;
}

/// The same for a table that may be absent: then there is none of it.
template <class Owner, class Part>
Child<Owner> optional_child(std::string name, std::optional<Part> Owner::*member, Section<Part> section) {
  struct Holder {
    Part part;
  };
  const Child<Holder> always = table_child<Holder, Part>(name, &Holder::part, section);
  Child<Owner> child;
  child.name = std::move(name);
  child.read = [member, always](const Entry& entry, const Value& table, Owner& owner, Reading& reading) {
    Holder holder;
    always.read(entry, table, holder, reading);
    owner.*member = std::move(holder.part);
  };
  child.write = [member, section](const Owner& owner, std::string& out) {
    if (owner.*member) out += "\n" + section.heading + "\n" + written_keys(section, *(owner.*member));
  };
  child.reference = always.reference;
  return child;
}

/// Tables of which there may be many: `[[name]]`.
template <class Owner, class Part>
Child<Owner> list_child(std::string name, std::vector<Part> Owner::*member, Section<Part> section) {
  Child<Owner> child;
  child.name = name;
  child.read = [member, section](const Entry& entry, const Value& table, Owner& owner, Reading& reading) {
    if (entry.value.kind != Value::Kind::array) {
      return reading.report(table, entry.place,
                            "'" + entry.key + "' is a list of tables, each headed " + section.heading + "; found " +
                                describe(entry.value));
    }
    for (const Value& item : entry.value.items) {
      Part part{};
      if (item.kind != Value::Kind::table) {
        reading.report(table, item.place, "expected a table " + section.heading + ", found " + describe(item));
      } else {
        read_section(section, item, item.place, part, reading);
        if (!reading.good(&item)) reading.bad.insert(&table);
      }
      (owner.*member).push_back(std::move(part));
    }
  };
  child.write = [member, section](const Owner& owner, std::string& out) {
    for (const Part& part : owner.*member) out += "\n" + section.heading + "\n" + written_keys(section, part);
  };
  child.reference = [section](std::string& out) { append_reference(section, out); };
  return child;
}

}  // namespace heir::scenarios
