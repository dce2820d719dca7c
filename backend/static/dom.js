// Small helpers over the document. They make elements and text, never markup.

/** Make an element with these properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Make a copy of the one element in a <template>. */
export function copy(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Show text in an element that is hidden while it has none. */
export function show(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

/** Have a screen reader say something, once. */
export function announce(text) {
  const words = make("p", { textContent: text });
  document.getElementById("announcer").replaceChildren(words);
  setTimeout(() => words.remove(), 5000); // who reads on through the page would come upon it again
}

/** Tell whether a link may be shown: an absolute http(s) address. */
export function isWebAddress(text) {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

/** Ask in place before something is deleted: a browser may refuse confirm() to a framed page. */
export function confirmFirst(box, action) {
  const first = box.querySelector(".first");
  const confirm = box.querySelector(".confirm");
  const ask = (asking) => {
    first.hidden = asking;
    confirm.hidden = !asking;
    (asking ? box.querySelector(".no") : first).focus();
  };
  first.addEventListener("click", () => ask(true));
  box.querySelector(".no").addEventListener("click", () => ask(false));
  box.querySelector(".yes").addEventListener("click", () => {
    ask(false);
    action();
  });
}
