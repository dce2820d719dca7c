// A second wall behind the server's own sanitising: elements are made anew, and only those that are listed.

import { isWebAddress, make } from "./dom.js";

const KEPT = new Set([
  ...["p", "br", "hr", "strong", "b", "em", "i", "del", "s", "sub", "sup", "code", "pre", "kbd"],
  ...["blockquote", "ul", "ol", "li", "a", "h1", "h2", "h3", "h4", "h5", "h6"],
  ...["table", "thead", "tbody", "tr", "th", "td"],
]);
const DROPPED = new Set([
  ...["script", "style", "template", "iframe", "object", "embed", "svg", "math", "noscript", "title"],
  ...["textarea", "select", "option", "button", "form", "audio", "video", "canvas"],
]);

/** Return a fragment of what is harmless in this HTML. Of unknown elements only the content is kept. */
export function safe(html) {
  // A parsed document has no window: its scripts do not run and its pictures do not load.
  return copyOf(new DOMParser().parseFromString(html, "text/html").body);
}

function copyOf(parent) {
  const fragment = new DocumentFragment();
  for (const node of parent.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) fragment.append(node.data);
    if (node.nodeType === Node.ELEMENT_NODE) fragment.append(...rebuilt(node));
  }
  return fragment;
}

function rebuilt(element) {
  const name = element.localName;
  if (DROPPED.has(name)) return [];
  if (!KEPT.has(name)) return [copyOf(element)];
  // The question is the heading above it, so whatever the answer's are, they stand one below.
  const made = make(/^h[1-6]$/.test(name) ? "h3" : name, {}, copyOf(element));
  if (name === "a") link(made, element.getAttribute("href") ?? "");
  if (name === "ol" && element.start > 1) made.start = element.start;
  return [name === "pre" || name === "table" ? scrolling(made) : made];
}

function link(made, href) {
  if (href.startsWith("#")) made.href = href;
  if (isWebAddress(href)) Object.assign(made, { href, target: "_blank", rel: "noopener noreferrer" });
}

/** What may be wider than the page scrolls by itself, with the keyboard too. */
function scrolling(element) {
  const label = element.localName === "pre" ? "Code" : "Table";
  return make("div", { className: "wide", tabIndex: 0, role: "group", ariaLabel: label }, element);
}

/** Make links of the markers `[2]` whose number has a source; `idOf` says where it is. */
export function linkMarkers(root, idOf) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts.filter((node) => !node.parentElement?.closest("code, pre, a"))) {
    text.replaceWith(...text.data.split(/(\[\d+\])/).map((part) => marker(part, idOf)));
  }
}

function marker(part, idOf) {
  const id = /^\[\d+\]$/.test(part) ? idOf(Number(part.slice(1, -1))) : undefined;
  if (!id) return part;
  return make("a", { className: "marker", href: `#${id}`, textContent: part, ariaLabel: `Source ${part}` });
}
