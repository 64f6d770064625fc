// The cases behind a number: one dialog, filled from the page's data. Texts are set as text, never as markup.
(function (page) {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const places = new Map(data.cases.map((each, place) => [`unit/${each.id}`, place]));

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  // [case, responders, evaluable] of each case behind a key, as counted there.
  function casesOf(key) {
    if (places.has(key)) {
      const one = data.cases[places.get(key)];
      return [[one, one.r, one.n]];
    }
    return data.sets[key].u.map((entry) => {
      const [place, r, n] = Array.isArray(entry) ? entry : [entry];
      const one = data.cases[place];
      return r === undefined ? [one, one.r, one.n] : [one, r, n];
    });
  }

  function titleOf(key) {
    if (!places.has(key)) return data.sets[key].t;
    const one = data.cases[places.get(key)];
    return `${data.reports[one.report].label}, ${one.who}`;
  }

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

  function card([one, r, n], open) {
    const report = data.reports[one.report];
    const made = element("article", "", "case");
    made.append(element("h3", `${report.label}, ${one.who}`));
    const counts = n ? `${r}/${n} responded` : "not evaluable";
    const said = [counts, one.facets.drug, `response ${one.facets.basis}`, one.facets.stratum].filter(Boolean);
    made.append(element("p", said.join(" · "), "counts"));
    made.append(element("p", report.reference, "reference"));
    const places = element("p", "", "links");
    for (const [text, address] of report.links) places.append(anchor(text, address), " · ");
    places.append(element("code", report.file));
    made.append(places);
    const more = element("details");
    more.open = open;
    more.append(element("summary", "Everything recorded"));
    const counted = one.groups.map((name) => data.groups[name]).join("; ") || "nowhere";
    const why = one.why.map(([pool, reasons]) => [`Not in ${pool}`, reasons]);
    more.append(list([...one.facts, ["Counted in", counted], ...why, ...report.reading]));
    made.append(more);
    return made;
  }

  const dialog = document.getElementById("cases");
  let shown = "";

  function show(key) {
    shown = key;
    const cases = casesOf(key).sort((a, b) => b[2] - a[2]); // the largest first, else in the order of the files
    const r = cases.reduce((sum, each) => sum + each[1], 0), n = cases.reduce((sum, each) => sum + each[2], 0);
    document.getElementById("cases-title").textContent = titleOf(key);
    const counted = page.plural(cases.length, "case or group").replace("case or groups", "cases or groups");
    document.getElementById("cases-count").textContent = `${r}/${n} responded, in ${counted}`;
    const body = document.getElementById("cases-list");
    body.replaceChildren(...cases.map((each) => card(each, cases.length === 1)));
    dialog.showModal();
    body.parentElement.scrollTop = 0;
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
    link.download = `${name}-${data.version}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  document.addEventListener("click", (event) => {
    const number = event.target.closest("button[data-set]");
    if (number) show(number.dataset.set);
    if (event.target === dialog) dialog.close();
  });
  document.getElementById("cases-close").addEventListener("click", () => dialog.close());
  document.getElementById("cases-save").addEventListener("click", () => save("cases", casesOf(shown)));

  Object.assign(page, { data, casesOf, show, save, table });
})((window.metaimt = window.metaimt || {}));
