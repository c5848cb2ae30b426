// What only a script can do: pages that stay fresh, ranges of console lines, the console as it comes.
// Everything it shows is made and escaped by the server; it never makes HTML from text of its own.
"use strict";

const fetchPage = async (url) => {
  const answer = await fetch(url, { cache: "no-store", headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${answer.status} from ${url}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

// Parts that stay fresh ------------------------------------------------------------------------------------------------

const main = document.getElementById("main");

const takeOver = (fresh) => {
  const parts = (root) => new Map([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
  const mine = parts(main);
  const theirs = parts(fresh);
  if ([...mine.keys()].join() !== [...theirs.keys()].join()) {
    // The page has another shape now (a first boot, an evidence list): what is read at this moment is kept in place.
    const log = document.getElementById("log");
    const other = fresh.getElementById("main");
    if (log && other.querySelector("#log")) {
      log.className = other.querySelector("#log").className;
      other.querySelector("#log").replaceWith(log);
    }
    main.replaceChildren(...other.childNodes);
    return;
  }
  for (const [name, part] of theirs) {
    const old = mine.get(name);
    if (old.innerHTML === part.innerHTML && old.className === part.className) continue;
    const held = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    const scrolled = [...old.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    old.replaceWith(part);
    part.querySelectorAll(".scroll").forEach((box, at) => { box.scrollLeft = scrolled[at] ?? 0; });
    if (held) [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === held)?.focus();
  }
};

// Newest releases stand on the right: where not all fit, those are in view.
document.querySelectorAll(".scroll > .matrix").forEach((matrix) => { matrix.parentElement.scrollLeft = matrix.scrollWidth; });

const refresh = async () => {
  const fresh = await fetchPage(location.pathname + location.search);
  const [log, freshLog] = [document.getElementById("log"), fresh.getElementById("log")];
  if (freshLog?.dataset.live && !log?.dataset.live) return location.reload(); // it has started
  freshLog?.querySelectorAll(".ev").forEach((line) => document.getElementById(line.id)?.replaceWith(line));
  takeOver(fresh);
  const time = fresh.querySelector(".foot time");
  if (time) document.querySelector(".foot time").replaceWith(time);
  return fresh.getElementById("main").dataset.refresh;
};

const keepFresh = () => {
  const seconds = Number(main.dataset.refresh);
  if (!seconds) return;
  setTimeout(async () => {
    let again = seconds;
    try {
      if (!document.hidden) again = await refresh();
      document.body.classList.remove("stale");
    } catch {
      document.body.classList.add("stale"); // the farm is away: keep what is shown, and go on asking
    }
    if (again) keepFresh();
  }, seconds * 1000);
};

// Ranges of lines ------------------------------------------------------------------------------------------------------

const RANGE = /^#L(\d+)(?:-L?(\d+))?$/;

const pick = (scroll) => {
  document.querySelectorAll("#log .picked").forEach((line) => line.classList.remove("picked"));
  const found = RANGE.exec(location.hash);
  if (!found) return;
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])].sort((a, b) => a - b);
  const top = document.getElementById(`L${first}`);
  if (!top) {
    const log = document.getElementById("log");
    const from = new URLSearchParams(location.search).get("from");
    // Not on this stretch of the console: ask for the one around it, once.
    if (log && first < Number(log.dataset.line) && from !== String(first)) {
      location.replace(`${location.pathname}?from=${first}${location.hash}`);
    }
    return;
  }
  for (const line of document.querySelectorAll("#log .lines > div")) {
    const number = Number(line.id.slice(1));
    if (number >= first && number <= last) line.classList.add("picked");
  }
  if (scroll) top.scrollIntoView({ block: "center" });
};

const onNumber = (event) => {
  const link = event.target.closest?.("#log .n");
  const start = RANGE.exec(location.hash);
  if (!link || !event.shiftKey || !start) return;
  event.preventDefault();
  const ends = [Number(start[1]), Number(link.parentElement.id.slice(1))].sort((a, b) => a - b);
  history.replaceState(null, "", ends[0] === ends[1] ? `#L${ends[0]}` : `#L${ends[0]}-L${ends[1]}`);
  pick(false);
};

// The console as it comes ----------------------------------------------------------------------------------------------

const KEPT = 6000; // lines in the page; older ones make room

const goLive = (log) => {
  const lines = log.querySelector(".lines");
  let busy = false;
  let more = false;
  let ended = false;

  const follow = async () => {
    if (busy) { more = true; return; }
    busy = true;
    do {
      more = false;
      const url = `/boots/${log.dataset.boot}/lines?line=${log.dataset.line}&offset=${log.dataset.offset}`;
      const fresh = (await fetchPage(url)).getElementById("more");
      for (const line of [...fresh.children]) {
        const old = document.getElementById(line.id);
        if (old) old.replaceWith(line); else lines.append(line);
      }
      Object.assign(log.dataset, { line: fresh.dataset.line, offset: fresh.dataset.offset });
      document.getElementById("count").textContent =
        `${Number(fresh.dataset.total).toLocaleString("en")} lines, ${fresh.dataset.size}`;
      document.getElementById("silent")?.remove();
      while (lines.childElementCount > KEPT) lines.firstElementChild.remove();
      await new Promise((done) => setTimeout(done, 100)); // a flood is shown ten times a second, not a thousand
    } while (more);
    busy = false;
    if (ended) { pick(false); await refresh(); }
  };

  const note = (text) => { const place = document.getElementById("live"); if (place) place.textContent = text; };
  const source = new EventSource(`${log.dataset.live}?offset=${log.dataset.size}`);
  const tell = () => follow().catch(() => { busy = false; note("the farm is away; trying again"); });
  source.addEventListener("open", () => note("live"));
  source.addEventListener("bytes", tell);
  source.addEventListener("end", () => { ended = true; source.close(); note("ended"); tell(); });
  source.addEventListener("error", () => { if (!ended) note("the farm is away; trying again"); });
};

document.addEventListener("click", onNumber);
addEventListener("hashchange", () => pick(location.hash.includes("-")));
pick(location.hash.includes("-"));
const log = document.getElementById("log");
if (log?.dataset.live) goLive(log);
keepFresh();
