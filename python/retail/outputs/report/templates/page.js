(function () {
  "use strict";
  var all = function (selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); };

  // A link into something folded opens it.
  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
    }
    var fold = target.querySelector(":scope > details");
    if (fold) { fold.open = true; }
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  // Paper can't be unfolded.
  var folded = [];
  addEventListener("beforeprint", function () {
    folded = all("details.more:not([open]), details.card:not([open]), details.fold:not([open])");
    folded.forEach(function (d) { d.open = true; });
  });
  addEventListener("afterprint", function () { folded.forEach(function (d) { d.open = false; }); });

  // The period nearest to the pointer, in words.
  var hint = document.createElement("div");
  hint.className = "hint";
  hint.hidden = true;
  hint.setAttribute("role", "status");
  document.body.append(hint);
  var line;
  function placesOf(chart) {
    if (chart.dataset.hints) { return chart.dataset.hints.split("¦").map(function (text) { return text.split("|"); }); }
    var place = chart.dataset.place.split(" "), frame = chart.viewBox.baseVal;
    return placesOf(document.getElementById(chart.dataset.hintsOf)).map(function (one) {
      return [(one[0] * place[0] + +place[1]).toFixed(1), one[1]];
    }).filter(function (one) { return one[0] >= 0 && one[0] <= frame.width; });
  }
  function tell(chart, event) {
    var places = chart.places || (chart.places = placesOf(chart));
    var box = chart.getBoundingClientRect(), frame = chart.viewBox.baseVal;
    var x = (event.clientX - box.left) / box.width * frame.width;
    var near = places.reduce(function (best, place) { return Math.abs(place[0] - x) < Math.abs(best[0] - x) ? place : best; });
    if (!line) {
      line = document.createElementNS(chart.namespaceURI, "path");
      line.setAttribute("class", "pointer");
    }
    line.setAttribute("d", "M" + near[0] + " 14V120");
    chart.append(line);
    hint.textContent = near[1];
    hint.hidden = false;
    var left = box.left + near[0] / frame.width * box.width - hint.offsetWidth / 2;
    hint.style.left = Math.max(6, Math.min(left, innerWidth - hint.offsetWidth - 6)) + "px";
    hint.style.top = (box.top > hint.offsetHeight + 8 ? box.top - hint.offsetHeight - 4 : box.bottom + 4) + "px";
  }
  function leave() { hint.hidden = true; if (line) { line.remove(); } }
  all("svg[data-hints], svg[data-hints-of]").forEach(function (chart) {
    chart.addEventListener("pointermove", function (event) { tell(chart, event); });
    chart.addEventListener("pointerdown", function (event) { tell(chart, event); });
    chart.addEventListener("pointerleave", leave);
  });
  addEventListener("scroll", leave, { passive: true });

  var form = document.getElementById("filters");
  function show() {
    var owner = document.getElementById("owner").value, count = 0;
    all("article.kpi").forEach(function (card) {
      card.hidden = owner !== "" && card.dataset.owner !== owner;
      count += card.hidden ? 0 : 1;
    });
    document.getElementById("shown").textContent = count + (count === 1 ? " KPI" : " KPIs");
  }
  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  show();
})();
