"use strict";
// The page is whole without this. Here: find in the index, open a message when its arrow is followed, go on by keys.
const search = document.getElementById("search");
if (search) search.hidden = false;
search?.addEventListener("input", () => {
  const wanted = search.value.toLowerCase().split(/\s+/);
  for (const row of document.querySelectorAll("table.scenarios tbody tr")) {
    row.hidden = !wanted.every((word) => row.textContent.toLowerCase().includes(word));
  }
});
const openTarget = () => {
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  const details = target && target.querySelector(":scope > details");
  if (details) {
    details.open = true;
    target.scrollIntoView({ block: "center" });
  } else if (target && target.matches("section")) {
    window.scrollTo(0, 0);
  }
};
window.addEventListener("hashchange", openTarget);
openTarget();
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  const shown = document.querySelector(".scenario:target, .scenario:has(:target)");
  const link = { j: "a[rel=next]", k: "a[rel=prev]", u: "nav a" }[event.key];
  const found = shown && link && shown.querySelector(link);
  if (found) found.click();
});
window.addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll(".checks details")) each.open = true;
});
