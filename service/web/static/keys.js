// j and k walk the rows, Enter opens one, "/" goes to the search field. Pages work without it.
"use strict";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, button, a, summary");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !event.target.closest("input, select, textarea")) {
    const search = document.getElementById("search");
    if (search) { event.preventDefault(); search.focus(); }
    return;
  }
  if (typing && !event.target.closest("[data-row]")) return;
  if (event.key !== "j" && event.key !== "k") return;
  const rows = [...document.querySelectorAll("[data-row]")];
  const now = rows.findIndex((row) => row.classList.contains("at"));
  const next = rows[event.key === "j" ? Math.min(now + 1, rows.length - 1) : Math.max(now - 1, 0)];
  if (!next) return;
  rows.forEach((row) => row.classList.toggle("at", row === next));
  next.querySelector("th a").focus();
});
// On a narrow screen the filters would push the list out of sight.
if (window.innerWidth < 900) document.querySelector(".side details")?.removeAttribute("open");
