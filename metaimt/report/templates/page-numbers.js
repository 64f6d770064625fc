// Numbers as the report writes them: exact intervals, rounding, cells of a spreadsheet. No document is touched here.
// Every function has its twin in Python (statistics/proportion.py, report/wording.py, files.py); a test compares them.
(function (page) {
  "use strict";

  // Lanczos approximation, g = 7, nine terms; relative error below 1e-14 for x >= 0.5.
  const LANCZOS = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];

  function logGamma(x) {
    const z = x - 1, t = z + 7.5;
    let sum = LANCZOS[0];
    for (let k = 1; k < 9; k += 1) sum += LANCZOS[k] / (z + k);
    return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
  }

  // The continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22); for x below the mean.
  function fraction(x, a, b) {
    const tiny = 1e-300;
    let c = 1, d = 1 - ((a + b) * x) / (a + 1);
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    let value = d;
    for (let m = 1; m <= 2000; m += 1) {
      const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
      const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
      for (const term of [even, odd]) {
        d = 1 + term * d;
        d = 1 / (Math.abs(d) < tiny ? tiny : d);
        c = 1 + term / c;
        if (Math.abs(c) < tiny) c = tiny;
        value *= d * c;
      }
      if (Math.abs(d * c - 1) < 1e-16) break;
    }
    return value;
  }

  // The distribution function of Beta(a, b), a and b of at least 1.
  function betaCdf(x, a, b) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const log = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
    if (x < (a + 1) / (a + b + 2)) return (Math.exp(log) * fraction(x, a, b)) / a;
    return 1 - (Math.exp(log) * fraction(1 - x, b, a)) / b;
  }

  // Its inverse by bisection: 60 halvings reach the last digit, and nothing can run away.
  function betaQuantile(p, a, b) {
    let low = 0, high = 1;
    for (let k = 0; k < 60; k += 1) {
      const middle = (low + high) / 2;
      if (betaCdf(middle, a, b) < p) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  // Clopper and Pearson, Biometrika 1934;26:404. r of n, n at least 1: [lower, upper].
  function clopperPearson(r, n, level) {
    const tail = (1 - (level || 0.95)) / 2;
    return [r ? betaQuantile(tail, r, n - r + 1) : 0, r < n ? betaQuantile(1 - tail, r + 1, n - r) : 1];
  }

  // Per cent to one decimal: the value to 10 significant digits, then half up.
  function oneDecimal(value) {
    const tenths = Math.floor(Number((1000 * value).toPrecision(10)) + 0.5);
    return `${Math.floor(tenths / 10)}.${tenths % 10}`;
  }

  function percent(value) {
    return `${oneDecimal(value)} %`;
  }

  function plural(number, word) {
    return `${number} ${word}${number === 1 ? "" : "s"}`;
  }

  // `9 of 14 patients responded: 64.3 % (95 % exact interval 35.1 to 87.2)`.
  function crude(r, n) {
    if (!n) return "nobody evaluable";
    const [low, high] = clopperPearson(r, n);
    const limits = `${oneDecimal(low)} to ${oneDecimal(high)}`;
    return `${r} of ${plural(n, "patient")} responded: ${percent(r / n)} (95 % exact interval ${limits})`;
  }

  // One line, with control, direction and other invisible characters as escapes.
  function visible(text) {
    return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, (sign) => {
      const code = sign.codePointAt(0);
      return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    });
  }

  // A cell that no spreadsheet takes for a formula. Source: OWASP, "CSV Injection".
  function forCell(text) {
    const start = /^[=+\-@\t\r\n]/;
    const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
    if (lines[lines.length - 1] === "") lines.pop();
    const line = visible(lines.join(" "));
    return start.test(text) || start.test(line) ? `'${line}` : line;
  }

  // Rows of numbers and texts as CSV; texts are guarded.
  function csv(rows) {
    const quote = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell);
    const cell = (value) => (typeof value === "number" ? String(value) : quote(forCell(value)));
    return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
  }

  Object.assign(page, { betaCdf, clopperPearson, oneDecimal, percent, plural, crude, visible, forCell, csv });
})((window.metaimt = window.metaimt || {}));
