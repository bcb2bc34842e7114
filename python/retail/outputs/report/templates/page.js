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
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  // Paper can't be unfolded.
  var folded = [];
  addEventListener("beforeprint", function () {
    folded = all("details.more:not([open]), details.card:not([open])");
    folded.forEach(function (d) { d.open = true; });
  });
  addEventListener("afterprint", function () { folded.forEach(function (d) { d.open = false; }); });

  var form = document.getElementById("filters");
  function show() {
    var grain = form.elements.grain.value, owner = document.getElementById("owner").value, count = 0;
    all("article.kpi").forEach(function (card) {
      card.hidden = owner !== "" && card.dataset.owner !== owner;
      count += card.hidden ? 0 : 1;
    });
    all("figure[data-grain]").forEach(function (chart) {
      chart.hidden = grain === "own" ? !("own" in chart.dataset) : grain !== "both" && chart.dataset.grain !== grain;
    });
    document.getElementById("shown").textContent = count + (count === 1 ? " KPI" : " KPIs");
  }
  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  show();
})();
