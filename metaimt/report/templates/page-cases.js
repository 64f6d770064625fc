// The cases behind a number: one dialog, filled from the page's data. Texts are set as text, never as markup.
(function (page) {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  // The label of a fact stands there once, by its place, and the the facets of a case in their order.
  const labelled = (facts) => facts.map(([label, said]) => [data.labels[label], said]);
  for (const one of data.cases) {
    one.facts = labelled(one.facts);
    one.why = labelled(one.why);
    one.facets = Object.fromEntries(data.facets.map((name, place) => [name, one.facets[place]]));
  }
  const reports = data.reports;
  for (const report of reports) report.reading = labelled(report.reading);
  data.reports = Object.fromEntries(reports.map((report) => [report.id, report]));

  // A title begins with the first k letters of the one before; publications are places of reports.
  let before = [];
  for (const found of data.sets) {
    before = [...before.slice(0, found.k || 0), ...found.t];
    found.t = before.join("");
    if (found.p) found.p = found.p.map((place) => reports[place].id);
  }

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  const REPORTS = "r"; // before the place of a set: the publications of its cases
  const setOf = (place) => data.sets[place.startsWith(REPORTS) ? place.slice(REPORTS.length) : place];

  // [case, responders, evaluable] of each case of a set, as counted there; none of what is known as printed only.
  function casesOf(key) {
    const found = setOf(key);
    const units = found.p ? data.cases.flatMap((one, place) => (found.p.includes(one.report) ? [place] : [])) : found.u;
    return units.map((entry) => {
      const [place, r, n] = Array.isArray(entry) ? entry : [entry];
      const one = data.cases[place];
      return r === undefined ? [one, one.r, one.n] : [one, r, n];
    });
  }

  // The publications of a set, or nothing if it is a set of cases.
  function reportsOf(key) {
    if (!key.startsWith(REPORTS)) return setOf(key).p;
    const evaluable = casesOf(key).filter(([, , n]) => n);
    const size = (id) => sum(evaluable.map(([one, , n]) => (one.report === id ? n : 0)));
    return [...new Set(evaluable.map(([one]) => one.report))].sort((a, b) => size(b) - size(a));
  }

  // What those publications print: [what, as printed, where].
  const statementsOf = (key) => setOf(key).s || [];

  // What has no case file: [id, words].
  const othersOf = (key) => setOf(key).x || [];

  // Sums without the noise of binary fractions: at a weight below 1 counts are no whole numbers.
  const sum = (numbers) => Number(numbers.reduce((all, each) => all + each, 0).toPrecision(10));

  function list(facts) {
    const made = element("dl");
    for (const [label, value] of facts) made.append(element("dt", label), element("dd", value));
    return made;
  }

  function anchor(text, address) {
    const made = element("a", text);
    if (/^https?:\/\//.test(address)) made.href = address;
    made.rel = "noopener noreferrer";
    return made;
  }

  function source(report) {
    const made = document.createDocumentFragment();
    made.append(element("p", report.reference, "reference"));
    const where = element("p", "", "links");
    for (const [text, address] of report.links) where.append(anchor(text, address), " · ");
    where.append(element("code", report.file));
    made.append(where);
    return made;
  }

  function recorded(facts, open) {
    const made = element("details");
    made.open = open;
    made.append(element("summary", "Everything recorded"), list(facts));
    return made;
  }

  function card([one, r, n], open, outcome) {
    const report = data.reports[one.report];
    const made = element("article", "", "case");
    made.append(element("h3", `${report.label}, ${one.who}`));
    const counts = n ? `${r}/${n} ${outcome || "responded"}` : "not evaluable";
    const said = [counts, one.facets.drug, `response ${one.facets.basis}`, one.facets.stratum].filter(Boolean);
    made.append(element("p", said.join(" · "), "counts"), source(report));
    const counted = one.groups.map((name) => data.groups[name]).join("; ") || "nowhere";
    const why = one.why.map(([pool, reasons]) => [`Not in ${pool}`, reasons]);
    made.append(recorded([...one.facts, ["Counted in", counted], ...why, ...report.reading], open));
    return made;
  }

  function publication(id, cases, statements) {
    const report = data.reports[id], mine = cases.filter(([one]) => one.report === id);
    const made = element("article", "", "case");
    made.append(element("h3", report.label));
    const n = sum(mine.map((each) => each[2])), r = sum(mine.map((each) => each[1]));
    const counts = statements.length ? [] : [n ? `${r}/${n} responded` : "nobody evaluable here"];
    made.append(element("p", [report.design, ...counts].join(" · "), "counts"), source(report));
    for (const [what, printed, where] of statements) {
      made.append(element("p", `${what}: ${printed}${where ? ` (${where})` : ""}`, "printed"));
    }
    made.append(recorded([...report.reading, ["Cases and groups", mine.map(([one]) => one.who).join(", ") || "none"]]));
    return made;
  }

  const dialog = document.getElementById("list");
  let shown = "";

  function countOf(key, cases, reports) {
    const counted = page.plural(cases.length, "case or group").replace("case or groups", "cases or groups");
    if (statementsOf(key).length) return "Counts only: these patients are not described here one by one";
    if (reports) return `${page.plural(reports.length + othersOf(key).length, "publication")}, ${counted}`;
    const [r, n] = [1, 2].map((place) => sum(cases.map((each) => each[place])));
    const others = cases.filter((each) => !each[2]).length;
    return `${r}/${n} ${setOf(key).o || "responded"}, in ${counted}${others ? `, ${others} of them not evaluable` : ""}`;
  }

  function show(key) {
    shown = key;
    const cases = casesOf(key).sort((a, b) => b[2] - a[2]); // the largest first, else in the order of the files
    const reports = reportsOf(key);
    document.getElementById("list-title").textContent = setOf(key).t;
    document.getElementById("list-count").textContent = countOf(key, cases, reports);
    const body = document.getElementById("list-cases");
    const cards = reports
      ? reports.map((id) => publication(id, cases, statementsOf(key)))
      : cases.map((each) => card(each, cases.length === 1, setOf(key).o));
    body.replaceChildren(...cards, ...othersOf(key).map(([id, words]) => element("p", `${id}: ${words}`)));
    if (!dialog.open) dialog.showModal();
    body.parentElement.scrollTop = 0;
  }

  // An open list has an address; Back closes it, and Close goes back.
  const LIST = "#list-";
  function open(key) {
    history.pushState({ list: key }, "", LIST + key);
    show(key);
  }
  function close() {
    if (history.state && history.state.list) history.back();
    else {
      history.replaceState(null, "", location.pathname + location.search);
      dialog.close();
    }
  }
  function follow() {
    const key = location.hash.startsWith(LIST) ? location.hash.slice(LIST.length) : "";
    if (/^r?\d+$/.test(key) && setOf(key)) show(key);
    else if (dialog.open) dialog.close();
  }

  function rowOf(one, r, n) {
    const report = data.reports[one.report];
    const facts = one.facts.map(([label, value]) => `${label}: ${value}`).join("; ");
    const counted = one.groups.map((name) => data.groups[name]).join("; ");
    const addresses = report.links.map((link) => link[1]).join(" ");
    const values = data.facets.map((name) => one.facets[name]);
    return [one.id, report.reference, report.file, addresses, r, n, ...values, counted, facts];
  }

  function table(cases) {
    const head = ["case", "reference", "file", "links", "responders", "evaluable", ...data.facets, "counted in", "facts"];
    return page.csv([head, ...cases.map(([one, r, n]) => rowOf(one, r, n))]);
  }

  function save(name, cases) {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([`\ufeff${table(cases)}`], { type: "text/csv;charset=utf-8" }));
    const plain = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
    link.download = `${plain || "cases"}-${data.version}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  document.addEventListener("click", (event) => {
    const number = event.target.closest("button[data-set]");
    if (number) return open(number.dataset.set);
    // A click beside the number in its row or cell, for who uses a pointer; not one that ends a selection of text.
    const row = event.target.closest("[data-open]");
    if (row && !event.target.closest("a, button, summary") && getSelection().isCollapsed) return open(row.dataset.open);
    if (event.target === dialog) close();
  });
  document.getElementById("list-close").addEventListener("click", close);
  document.getElementById("list-save").addEventListener("click", () => save(setOf(shown).t, casesOf(shown)));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);

  // Where one is, in the list of sections.
  const places = new Map(Array.from(document.querySelectorAll("nav a[href^='#']"), (each) => [each.hash.slice(1), each]));
  function mark() {
    const sections = Array.from(places.keys(), (place) => document.getElementById(place));
    const begun = sections.filter((each) => each.getBoundingClientRect().top < innerHeight / 4);
    const end = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const here = end ? sections[sections.length - 1] : begun[begun.length - 1] || sections[0];
    const link = places.get(here.id), list = link.closest("ul");
    if (link.hasAttribute("aria-current")) return;
    for (const each of places.values()) each.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    list.scrollLeft += link.getBoundingClientRect().left - list.getBoundingClientRect().left; // on a phone it scrolls
  }
  for (const moved of ["scroll", "resize"]) addEventListener(moved, mark, { passive: true });
  mark();

  for (const each of document.querySelectorAll("button[data-set]")) {
    each.type = "button";
    each.setAttribute("aria-haspopup", "dialog");
    if (each.classList.contains("tile")) each.title = each.getAttribute("aria-label");
  }
  document.documentElement.classList.add("ready");
  follow();
  Object.assign(page, { data, casesOf, show, save, table });
})((window.metaimt = window.metaimt || {}));
