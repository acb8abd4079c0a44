// The page's tools: filter, sort, copy, download, switch waves. Without scripts none of them is there and the page is whole.
// Nothing is asked of the network: files are made from what the page holds.
"use strict";
(() => {
  const ROWS_TO_FILTER = 12; // a table with fewer rows is read at a glance
  const MOST_CHOICES = 30; // values of a column that still make a list to choose from
  const LONGEST_CHOICE = 60; // characters; a column of sentences is no list
  const PIXELS = 300 / 96; // of a drawing in points: 300 to the inch of its printed size
  const WIDEST = 12000; // pixels of a side that every browser can draw
  const collator = new Intl.Collator(document.documentElement.lang || "en", { numeric: true });
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tidy = (text) => text.replace(/\u00a0/g, " ").replace(/\s+/g, " ").trim();

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  // --- what is said ---------------------------------------------------------------------------------------------------

  const voice = element("p", { className: "visually-hidden" });
  voice.setAttribute("role", "status");
  document.querySelector("main").append(voice);

  /** Tells a screen reader, and for two seconds whoever looks at the button that did it. */
  function say(text, button) {
    voice.textContent = ""; // what is said twice is heard twice
    setTimeout(() => (voice.textContent = text), 50);
    if (!button) return;
    const words = (button.dataset.words ??= button.textContent);
    button.textContent = text;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => (button.textContent = words), 2000);
  }

  function action(words, about, act) {
    const button = element("button", { type: "button", textContent: words });
    if (about) button.setAttribute("aria-label", `${words}: ${about}`);
    button.addEventListener("click", () => act(button));
    return button;
  }

  // --- copy and download ----------------------------------------------------------------------------------------------

  async function copy(text, html, button) {
    try {
      const kinds = { "text/plain": text, "text/html": html };
      const blobs = Object.entries(kinds).map(([type, content]) => [type, new Blob([content], { type })]);
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    } catch {
      if (!copiedTheOldWay(text)) return say("Could not copy", button);
    }
    say("Copied", button);
  }

  function copiedTheOldWay(text) {
    const area = element("textarea", { value: text, className: "visually-hidden" });
    const before = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    return done;
  }

  function download(name, blob, button) {
    const address = URL.createObjectURL(blob);
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    say("Saved", button);
  }

  /** A passage as it reads, symbols still in italics where the other program takes them. */
  function passage(node) {
    const clone = node.cloneNode(true);
    all("button, .tools", clone).forEach((tool) => tool.remove());
    return [tidy(clone.textContent), `<p>${clone.innerHTML.trim()}</p>`];
  }

  function copyOf(node, words = "Copy") {
    const about = tidy(node.textContent).split(" ").slice(0, 7).join(" ");
    const button = action(words, about, (own) => copy(...passage(node), own));
    button.className = "copy";
    return button;
  }

  /** A switch that puts a copying button behind each of many things, and takes them away again. */
  function switchOf(words, about, things) {
    const button = action(words, about, () => {
      const on = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", on);
      for (const { place, made } of things()) {
        place.querySelector(":scope > .copy")?.remove();
        if (on) place.append(made());
      }
      say(on ? "Buttons to copy each are shown" : "Buttons to copy each are gone");
    });
    button.setAttribute("aria-pressed", "false");
    return button;
  }

  /** Under the heading of a result: its text as a whole, or one of its sentences. */
  function proseTools(article) {
    const heading = tidy(article.querySelector("h3, h4, h5").textContent);
    const told = all(":scope > p:not(.eyebrow)", article);
    const both = (button) => copy(told.map((p) => passage(p)[0]).join("\n\n"), told.map((p) => passage(p)[1]).join(""), button);
    const sentences = all("p:not(.eyebrow) > span", article).map((place) => ({ place, made: () => copyOf(place) }));
    const bar = element("div", { className: "tools" }, action("Copy text", heading, both));
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", `Tools of ${heading}`);
    if (sentences.length) bar.append(switchOf("Copy a sentence", heading, () => sentences));
    article.append(bar);
  }

  // --- tables ---------------------------------------------------------------------------------------------------------

  const MARKS = "[\\s\"'`´‘’‚“”„«»]*[=+\\-@＝＋－＠]";
  const RUNS = new RegExp(`(?:^|(?<=[;\\t\\r\\n\\v\\f]))(?=${MARKS})|^(?=[\\s"'\`´‘’‚“”„«»]*[\\t\\r\\n\\0])`, "g");
  const PLAIN = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$/;

  /** A cell of a CSV file in which no text runs as a formula, as the project's own files are written. */
  function field(text) {
    const safe = PLAIN.test(text) ? text : text.replace(RUNS, "'");
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }

  /** The text of a cell without the mark of its note and without tools. */
  function textOf(cell) {
    if (!cell.querySelector("sup, .of, .copy")) return cell.textContent;
    const clone = cell.cloneNode(true);
    all("sup, .of, .copy", clone).forEach((part) => part.remove());
    return clone.textContent;
  }

  /** A number to sort by: "β = −0.13 [−0.17, −0.09]" is −0.13, "< .001" lies below .001; NaN where there is none. */
  function numberOf(text) {
    const found = /^(?:[^=]{0,40}= ?)?\[?([<>]\s?)?([−-]?)(\d[\d,]*)?(\.\d+)?/.exec(text.replace(/\u00a0/g, " "));
    if (!found || (found[3] ?? found[4]) === undefined) return NaN;
    const size = Number(`${(found[3] ?? "0").replace(/,/g, "")}${found[4] ?? ""}`);
    return (found[2] ? -size : size) + (found[1] ? (found[1][0] === "<" ? -1e-9 : 1e-9) : 0);
  }

  class Table {
    constructor(box) {
      this.box = box;
      this.table = box.querySelector("table");
      this.heads = all("thead th", this.table);
      this.name = (box.id || this.table.caption.textContent).replace(/^table-/, "").toLowerCase().replace(/[^\w-]+/g, "_");
      this.title = tidy(this.table.caption.textContent);
      this.number = tidy(this.table.querySelector(".table-number")?.textContent ?? this.title);
      this.order = { column: -1, down: false };
      this.units = this.cutIntoUnits();
      this.lines = this.units.flatMap((unit) => unit.rows);
    }

    /** A unit moves as one: a row, or a row that heads others with those beneath it. */
    cutIntoUnits() {
      const headed = this.table.querySelector("tr.head") !== null;
      const units = [];
      for (const body of this.table.tBodies) {
        const section = body.querySelector("tr.section");
        let last = null;
        for (const row of body.rows) {
          if (row === section) continue;
          if (headed && last && !row.classList.contains("head")) last.rows.push(row);
          else units.push((last = { body, section, rows: [row] }));
        }
      }
      return units;
    }

    cells(row) {
      return [...row.cells].map(textOf);
    }

    text(row, column) {
      return tidy(textOf(row.cells[column] ?? row.cells[0]));
    }

    csv() {
      const sectioned = this.units.some((unit) => unit.section);
      const lines = [[...(sectioned ? ["Section"] : []), ...this.heads.map(textOf)]];
      for (const { section, rows } of this.units)
        for (const row of rows) lines.push([...(sectioned ? [section?.textContent ?? ""] : []), ...this.cells(row)]);
      return lines.map((line) => `${line.map(field).join(",")}\n`).join("");
    }

    tools() {
      const bar = element("div", { className: "tools" });
      bar.setAttribute("role", "group");
      bar.setAttribute("aria-label", `Tools of ${this.number}`);
      if (this.lines.length >= ROWS_TO_FILTER) {
        this.canFilter(bar);
        this.canSort(bar);
      }
      const save = (button) => download(`${this.name}.csv`, new Blob([this.csv()], { type: "text/csv" }), button);
      bar.append(action("Download CSV", this.number, save), this.rowCopier());
      if (this.count) bar.append(this.count);
      this.box.prepend(bar);
    }

    // filter

    canFilter(bar) {
      this.words = element("input", { type: "search", autocomplete: "off", spellcheck: false });
      this.choices = this.heads.map((head, column) => this.choice(head, column)).filter(Boolean);
      this.count = element("span", { className: "count" });
      this.count.setAttribute("role", "status");
      bar.append(element("label", {}, "Filter rows ", this.words), ...this.choices.map((choice) => choice.label));
      bar.addEventListener("input", () => this.filter());
    }

    /** A list of the values of a column, where they are few and short. */
    choice(head, column) {
      if (column === 0 || !head.classList.contains("left")) return null;
      const values = new Map();
      for (const row of this.lines) {
        const text = this.text(row, column);
        if (row.classList.contains("head") && /^\d/.test(text)) continue; // "1 supported, 2 inconclusive"
        if (text.length > LONGEST_CHOICE) return null;
        if (text) values.set(text.toLowerCase(), values.get(text.toLowerCase()) ?? text);
      }
      if (values.size < 2 || values.size > MOST_CHOICES) return null;
      const options = [...values.values()].sort(collator.compare).map((text) => new Option(text, text.toLowerCase()));
      const select = element("select", {}, new Option("all", ""), ...options);
      return { column, select, label: element("label", {}, `${tidy(head.textContent)} `, select) };
    }

    filter() {
      const wanted = tidy(this.words.value).toLowerCase().split(" ").filter(Boolean);
      const chosen = this.choices.filter(({ select }) => select.value);
      let shown = 0;
      for (const unit of this.units) {
        unit.text ??= tidy([unit.section?.textContent, ...unit.rows.flatMap((row) => this.cells(row))].join(" ")).toLowerCase();
        const fits = (row) => chosen.every(({ column, select }) => this.text(row, column).toLowerCase() === select.value);
        const kept = wanted.every((word) => unit.text.includes(word)) && unit.rows.some(fits);
        unit.rows.forEach((row) => (row.hidden = !kept));
        unit.kept = kept;
        shown += kept ? unit.rows.length : 0;
      }
      this.hideEmptySections();
      const filtered = wanted.length || chosen.length;
      this.count.textContent = filtered ? `${shown} of ${this.lines.length} rows` : "All rows";
    }

    hideEmptySections() {
      const kept = new Set(this.units.filter((unit) => unit.kept !== false).map((unit) => unit.section));
      for (const section of new Set(this.units.map((unit) => unit.section)))
        if (section) section.hidden = this.order.column >= 0 || !kept.has(section);
    }

    // sort

    canSort(bar) {
      for (const [column, head] of this.heads.entries()) {
        const button = element("button", { type: "button", className: "sort" }, ...head.childNodes);
        button.addEventListener("click", () => this.sort(column));
        head.append(button);
      }
      const names = this.heads.map((head, column) => new Option(tidy(head.textContent), column));
      this.by = element("select", {}, new Option("as printed", -1), ...names); // where a phone shows no head of columns
      this.by.addEventListener("change", () => this.sort(Number(this.by.value), false));
      bar.append(element("label", { className: "sort-by" }, "Sort by ", this.by));
    }

    /** Ascending, then descending, then as printed. */
    sort(column, down = this.order.column === column ? !this.order.down : false) {
      const again = this.order.column === column && this.order.down && !down;
      this.order = column < 0 || again ? { column: -1, down: false } : { column, down };
      this.by.value = this.order.column;
      for (const [place, head] of this.heads.entries()) {
        if (place === this.order.column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      }
      this.place(this.order.column < 0 ? this.units : this.sorted());
      this.hideEmptySections();
      const name = this.order.column < 0 ? "" : tidy(textOf(this.heads[column]));
      say(name ? `Sorted by ${name}, ${down ? "descending" : "ascending"}` : "Order as printed");
    }

    sorted() {
      const { column, down } = this.order;
      const keyed = this.units.map((unit) => ({ unit, text: this.key(unit, column) }));
      const given = keyed.filter(({ text }) => text);
      const numeric = this.heads[column].classList.contains("right") || given.every(({ text }) => text.includes("="));
      for (const one of given) one.value = numeric ? numberOf(one.text) : one.text;
      const usable = given.filter(({ value }) => !Number.isNaN(value));
      const compare = numeric ? (a, b) => a.value - b.value : (a, b) => collator.compare(a.value, b.value);
      usable.sort((a, b) => (down ? -compare(a, b) : compare(a, b)));
      const placed = new Set(usable);
      return [...usable, ...keyed.filter((one) => !placed.has(one))].map(({ unit }) => unit); // without a value: last
    }

    /** What a unit is sorted by: the first of its rows that says something. */
    key(unit, column) {
      const said = unit.rows.map((row) => this.text(row, column));
      return said.find((text) => text && !/^[—–-]$/.test(text)) ?? "";
    }

    place(units) {
      const sorted = this.order.column >= 0;
      this.body ??= this.table.appendChild(document.createElement("tbody"));
      for (const unit of units) {
        (sorted ? this.body : unit.body).append(...unit.rows);
        const head = unit.rows[0].cells[0];
        head.querySelector(".of")?.remove();
        if (sorted && unit.section) head.prepend(element("span", { className: "of" }, unit.section.textContent));
      }
      if (!sorted) {
        this.body.remove();
        this.body = undefined;
      }
    }

    // copy a row

    rowCopier() {
      const rows = this.lines.map((row) => ({ place: row.cells[0], made: () => this.copyOf(row) }));
      return switchOf("Copy a row", this.number, () => rows);
    }

    copyOf(row) {
      const button = action("Copy", tidy(textOf(row.cells[0])), () => {
        const lines = [this.heads.map(textOf).map(tidy), this.cells(row).map(tidy)];
        const html = lines.map((line) => `<tr>${line.map((text) => element("td", { textContent: text }).outerHTML).join("")}</tr>`);
        copy(lines.map((line) => line.join("\t")).join("\n"), `<table>${html.join("")}</table>`, button);
      });
      button.className = "copy";
      return button;
    }
  }

  // --- figures --------------------------------------------------------------------------------------------------------

  /** The drawing as a file that speaks for itself: its title and what it shows are put back in. */
  function svgOf(image, title) {
    const drawn = decodeURIComponent(image.src.slice(image.src.indexOf(",") + 1));
    const root = new DOMParser().parseFromString(drawn, "image/svg+xml");
    const words = Object.entries({ title: title || "Figure", desc: image.alt }).map(([tag, text]) => {
      const made = root.createElementNS("http://www.w3.org/2000/svg", tag);
      made.textContent = text;
      return made;
    });
    root.documentElement.prepend(...words);
    return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
  }

  async function pngOf(image) {
    await image.decode();
    const scale = Math.min(PIXELS, WIDEST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = element("canvas", { width: image.naturalWidth * scale, height: image.naturalHeight * scale });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }

  function figureTools(figure) {
    const image = figure.querySelector("img");
    const words = (part) => tidy(figure.querySelector(part)?.textContent ?? "");
    const number = words(".figure-number");
    const name = () => (image.dataset.name || figure.id.replace(/^figure-/, "")).replace(/[^\w-]+/g, "_");
    const bar = element("div", { className: "tools" });
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", `Tools of ${number}`);
    bar.append(
      action("Download SVG", number, (b) => download(`${name()}.svg`, svgOf(image, words(".figure-title")), b)),
      action("Download PNG", number, async (b) => download(`${name()}.png`, await pngOf(image), b)),
      action("Copy caption", number, (b) => copy(...passage(figure.querySelector("figcaption")), b)),
    );
    image.closest(".scroll").after(bar);
    switchWaves(figure, image, bar);
  }

  /** The same figure of single waves: one place to look at, a list to choose from. */
  function switchWaves(figure, image, bar) {
    const others = figure.querySelector(".waves");
    if (!others) return;
    const note = figure.querySelector("figcaption .note");
    const stateOf = (picture, words) => ({ src: picture.src, alt: picture.alt, width: picture.getAttribute("width"), words: words?.innerHTML ?? "" });
    const drawn = new Map([["", { ...stateOf(image, note), name: "" }]]);
    for (const one of all(".wave", others)) {
      const picture = one.querySelector("img");
      const own = { ...stateOf(picture, one.querySelector(".note")), name: one.id.replace(/^figure-/, "") };
      drawn.set(one.dataset.wave, own);
    }
    const waves = [...drawn.keys()].filter(Boolean).map((wave) => new Option(wave));
    const select = element("select", {}, new Option("as printed", ""), ...waves);
    select.addEventListener("change", () => {
      const { src, alt, width, words, name } = drawn.get(select.value);
      Object.assign(image, { src, alt, width });
      image.dataset.name = name;
      if (note) note.innerHTML = words;
      say(select.value ? `Wave ${select.value}: ${alt}` : `As printed: ${alt}`);
    });
    bar.prepend(element("label", {}, "Wave ", select));
    others.hidden = true;
  }

  // --- put them in place ----------------------------------------------------------------------------------------------

  const PASSAGES = ".finding .why, .question > p:not(.see), p.citation";
  for (const box of all(".table-box")) if (box.querySelector("tbody [scope=row]")) new Table(box).tools();
  all("main figure").forEach(figureTools);
  all("article.prose").forEach(proseTools);
  for (const text of all(PASSAGES)) text.append(" ", copyOf(text, text.classList.contains("citation") ? "Copy citation" : "Copy"));
})();
