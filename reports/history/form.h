// Form: a value of EDN or JSON as it stands in a text. Document: one such value with all that is in it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace heir::reports {

struct Form {
  enum class Kind : std::uint8_t {
    nil,
    boolean,  ///< `integer` is 1 or 0.
    integer,  ///< One of 64 bits.
    number,   ///< Any other: `text` as it stands there.
    string,   ///< `text` is what it means, as it is for characters.
    character,
    keyword,  ///< `text` without the colon.
    symbol,
    list,
    vector,  ///< Also a JSON array.
    set,
    map,     ///< The forms in it are a key, its value, a key … Also a JSON object.
    tagged,  ///< `text` is the tag without '#'; one form is in it.
  };
  Kind kind = Kind::nil;
  std::uint32_t at = 0;     ///< Where it begins: bytes from the beginning of the text.
  std::uint32_t count = 0;  ///< How many forms are in it.
  std::uint32_t first = 0;  ///< The first of them, and the next one beside this: numbers in the Document.
  std::uint32_t next = 0;
  std::int64_t integer = 0;
  std::string_view text;

  bool is(Kind k) const { return kind == k; }
  bool is_sequence() const { return kind == Kind::vector || kind == Kind::list || kind == Kind::set; }
  /// A keyword, symbol or string: JSON has strings only.
  bool is_name() const { return kind == Kind::keyword || kind == Kind::symbol || kind == Kind::string; }
};

class Document {
 public:
  class Iterator {
   public:
    Iterator(const Document& document, std::uint32_t at) : document_(&document), at_(at) {}
    const Form& operator*() const { return document_->forms_[at_]; }
    const Form* operator->() const { return &document_->forms_[at_]; }
    Iterator& operator++() {
      at_ = document_->forms_[at_].next;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const Document* document_;
    std::uint32_t at_;
  };
  struct Range {
    Iterator begin_, end_;
    Iterator begin() const { return begin_; }
    Iterator end() const { return end_; }
  };

  Document() : forms_(1) {}
  void clear() {
    forms_.resize(1);
    unescaped_.clear();
  }
  /// Number of a form that is put in, from 1.
  std::uint32_t add(const Form& form) {
    forms_.push_back(form);
    return static_cast<std::uint32_t>(forms_.size() - 1);
  }
  Form& at(std::uint32_t number) { return forms_[number]; }
  const Form& at(std::uint32_t number) const { return forms_[number]; }
  std::size_t size() const { return forms_.size() - 1; }
  /// Forgets the forms beyond the first so many.
  void shrink(std::size_t size) { forms_.resize(size + 1); }
  Range in(const Form& form) const { return {Iterator(*this, form.first), Iterator(*this, 0)}; }
  const Form& first_in(const Form& form) const { return forms_[form.first]; }
  const Form& after(const Form& form) const { return forms_[form.next]; }
  /// Keeps a text that does not stand in the source as it is.
  std::string_view keep(std::string text) { return unescaped_.emplace_back(std::move(text)); }

 private:
  std::vector<Form> forms_;  ///< The first one stands for "none".
  std::deque<std::string> unescaped_;
};

/// Appends a form as canonical JSON: equal forms give equal texts. Keywords and symbols become strings (":x"), lists
/// and sets arrays (sets in the order of their texts), maps objects in the order of their keys.
void append_json(std::string& out, const Document& document, const Form& form);

}  // namespace heir::reports
