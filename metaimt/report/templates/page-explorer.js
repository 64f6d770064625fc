// The explorer: filters over every case; the crude rate, the strip of responses and the table follow.
(function (page) {
  "use strict";

  const { data } = page;
  const form = document.getElementById("filters");
  const search = document.getElementById("search");
  const body = document.querySelector("#cases tbody");
  const rows = Array.from(body.rows, (row) => ({ row, one: data.cases[Number(row.dataset.case)] }));
  for (const each of rows) {
    const report = data.reports[each.one.report];
    const said = [each.row.textContent, report.reference, ...each.one.facts.flat(), ...report.reading.flat()];
    each.text = said.join(" ").toLowerCase();
  }
  const initial = new URLSearchParams(new FormData(form)).toString();

  // The cases of a choice: { group, drug, ..., from, to }; "" is any. In a group each patient stands once; in
  // "recorded", everything, that is not so.
  const everything = (choice) => choice.group === "recorded";
  function subset(choice) {
    const dated = (one) => {
      if (!choice.from && !choice.to) return true;
      const year = Number(one.facets.year);
      return year >= Number(choice.from || 0) && year <= Number(choice.to || 9999);
    };
    const wanted = (one) => data.facets.every((name) => !choice[name] || one.facets[name] === choice[name]);
    return data.cases.filter(
      (one) => (everything(choice) || one.groups.includes(choice.group)) && wanted(one) && dated(one),
    );
  }

  // Responders, evaluable patients, and both by category, of some cases.
  function tally(cases) {
    const found = { r: 0, n: 0, strip: data.strip.map(() => 0) };
    for (const one of cases) {
      found.r += one.r;
      found.n += one.n;
      one.strip.forEach((number, place) => (found.strip[place] += number));
    }
    return found;
  }

  function draw(found) {
    const strip = document.getElementById("strip"), legend = document.getElementById("strip-legend");
    const parts = found.strip.map((number, place) => [number, data.strip[place], place]).filter(([number]) => number);
    strip.hidden = !parts.length;
    strip.setAttribute("aria-label", parts.map(([number, name]) => `${name} ${number}`).join(", ") || "nobody");
    const spans = parts.map(([number, , place]) => {
      const made = document.createElement("span");
      made.className = `part part-${place}`;
      made.style.flexGrow = String(number);
      made.textContent = String(number);
      return made;
    });
    strip.replaceChildren(...spans);
    const items = parts.map(([number, name, place]) => {
      const made = document.createElement("li"), sign = document.createElement("span");
      sign.className = `sign part-${place}`;
      made.append(sign, `${name} ${number}`);
      return made;
    });
    legend.replaceChildren(...items);
  }

  function choiceOf() {
    return Object.fromEntries(new FormData(form));
  }

  // How many evaluable patients each option would leave, the other choices and the search staying as they are.
  const options = Array.from(form.querySelectorAll("option"), (option) => [option, option.textContent]);
  function count(choice, found) {
    for (const [option, label] of options) {
      const { name } = option.parentElement;
      if (name === "from" || name === "to" || !option.value) continue;
      const { n } = tally(subset({ ...choice, [name]: option.value }).filter((one) => found.has(one)));
      option.textContent = option.value === "recorded" ? label : `${label} (${n})`;
    }
  }

  let listed = [];
  function follow() {
    const choice = choiceOf(), cases = new Set(subset(choice));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matching = new Set(rows.filter(({ text }) => words.every((word) => text.includes(word))).map(({ one }) => one));
    listed = [];
    for (const { row, one } of rows) {
      row.hidden = !cases.has(one) || !matching.has(one);
      if (!row.hidden) listed.push(one);
    }
    count(choice, matching);
    const found = tally(listed);
    const rate = everything(choice)
      ? "No rate over everything recorded: a patient may stand here more than once. Choose a group of patients."
      : page.crude(found.r, found.n);
    document.getElementById("rate").textContent = rate;
    draw(everything(choice) ? tally([]) : found);
    const total = page.plural(rows.length, "course or group").replace("course or groups", "courses and groups");
    document.getElementById("listed").textContent = `${listed.length} of ${total} listed`;
  }

  function remember() {
    const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    if (search.value) chosen.set("search", search.value);
    const same = !search.value && new URLSearchParams(new FormData(form)).toString() === initial;
    history.replaceState(null, "", same ? "#cases" : `#cases?${chosen}`);
  }

  function recall() {
    const [place, query] = location.hash.slice(1).split("?");
    if (place !== "cases" || !query) return;
    const wanted = new URLSearchParams(query);
    for (const field of form.querySelectorAll("select")) {
      const value = wanted.get(field.name) || "";
      if ([...field.options].some((option) => option.value === value)) field.value = value;
    }
    search.value = wanted.get("search") || "";
    document.getElementById("cases").scrollIntoView();
  }

  // Texts in the order of a dictionary with numbers as numbers; what is not stated comes last in both directions.
  const collator = new Intl.Collator("en", { numeric: true });
  function sort(header) {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const column = header.cellIndex, missing = (text) => text === "" || text === "not stated";
    const value = (each) => each.row.cells[column].dataset.value || each.row.cells[column].textContent.trim();
    rows.sort((left, right) => {
      const a = value(left), b = value(right);
      if (missing(a) !== missing(b)) return missing(a) ? 1 : -1;
      return (down ? -1 : 1) * collator.compare(a, b);
    });
    body.append(...rows.map((each) => each.row));
  }

  form.addEventListener("change", () => { follow(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { search.value = ""; follow(); remember(); }));
  search.addEventListener("input", () => { follow(); remember(); });
  document.querySelector("#cases thead").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sort(button.closest("th"));
  });
  document.getElementById("save").addEventListener("click", () => {
    const order = rows.filter((each) => !each.row.hidden);
    const chosen = [...Object.values(choiceOf()), search.value].filter(Boolean).join(" ");
    page.save(chosen || "cases", order.map(({ one }) => [one, one.r, one.n]));
  });
  document.getElementById("copy").addEventListener("click", async (event) => {
    const text = document.getElementById("citable").textContent.replace(/\s+/g, " ").trim();
    try {
      await navigator.clipboard.writeText(text);
      event.target.textContent = "Copied";
    } catch (refused) {
      getSelection().selectAllChildren(document.getElementById("citable"));
      event.target.textContent = "Selected: copy it with the keyboard";
    }
  });
  recall();
  follow();
  Object.assign(page, { subset, tally });
})((window.metaimt = window.metaimt || {}));
