import { make } from "../dom.js";

const AT_ONCE = 40; // names that are offered

let known = 0;

/** Names that hold the words, those that begin with them first. */
export function matching(names, words) {
  const wanted = words.trim().toLowerCase();
  const first = [], others = [];
  for (const name of names) {
    const at = name.toLowerCase().indexOf(wanted);
    if (at === 0) first.push(name);
    else if (at > 0) others.push(name);
  }
  return first.concat(others);
}

/** One of many names: typed in part, chosen from a list with arrows and Enter, or with the pointer. */
export class Choice {
  constructor(label, names, chosen) {
    this.names = names;
    this.chosen = chosen;
    this.value = "";
    this.at = -1;
    const id = `choice-${(known += 1)}`;
    this.list = make("ul", { role: "listbox", id, "aria-label": label, hidden: true });
    this.input = make("input", {
      type: "text", id: `${id}-words`, role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-controls": id,
      "aria-autocomplete": "list", placeholder: "type a name",
      oninput: () => this.offer(this.input.value), onfocus: () => this.input.select(), onclick: () => this.offer(""),
      onkeydown: (event) => this.key(event), onblur: () => this.leave(),
    });
    this.place = make("div", { class: "choice" }, make("label", { for: `${id}-words` }, label), this.input, this.list);
  }

  set(name) {
    this.value = name;
    this.input.value = name;
    this.close();
  }

  offer(words) {
    const found = matching(this.names, words);
    this.offered = found.slice(0, AT_ONCE);
    this.list.replaceChildren(...this.offered.map((name, i) => make("li", {
      role: "option", id: `${this.list.id}-${i}`, "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); this.choose(name); },
    }, name)));
    if (found.length !== this.offered.length || found.length === 0) {
      const rest = found.length === 0 ? "no such name" : `${found.length - AT_ONCE} more: type on`;
      this.list.append(make("li", { role: "option", "aria-disabled": "true", class: "rest" }, rest));
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.point(found.length > 0 && words.trim() !== "" ? 0 : -1);
  }

  point(at) {
    this.list.children[this.at]?.setAttribute("aria-selected", "false");
    this.at = at;
    const option = at >= 0 ? this.list.children[at] : null;
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", option.id);
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  key(event) {
    const shown = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!shown) this.offer("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = this.offered.length;
      if (count > 0) this.point(this.at < 0 && step < 0 ? count - 1 : (this.at + step + count) % count);
    } else if (event.key === "Enter" && shown) {
      event.preventDefault();
      if (this.at >= 0) this.choose(this.offered[this.at]);
    } else if (event.key === "Escape" && shown) {
      event.stopPropagation();
      this.set(this.value);
    }
  }

  choose(name) {
    this.set(name);
    this.chosen(name);
  }

  /** What was typed counts only where it is a name. */
  leave() {
    const typed = this.input.value;
    if (typed !== this.value && this.names.includes(typed)) this.choose(typed);
    else this.set(this.value);
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
