// A button beside text that is selected in an answer.

/** Offer to ask about what is selected within an answer; `onAsk` is given the text. */
export function offerSelection(button, onAsk) {
  let dragging = false;
  const update = () => place(button, dragging ? null : selected());
  const release = () => {
    dragging = false;
    update();
  };
  document.addEventListener("selectionchange", update);
  document.addEventListener("pointerdown", (event) => {
    dragging = event.target !== button; // the button must not move about while text is being marked
    if (!dragging) event.preventDefault(); // a press on it would undo the selection
  });
  document.addEventListener("pointerup", release);
  document.addEventListener("pointercancel", release);
  button.addEventListener("click", () => {
    onAsk(selected()?.text ?? "");
    getSelection().removeAllRanges();
  });
}

function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const node = range.commonAncestorContainer;
  const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  const text = selection.toString().trim();
  return element.closest(".answer") && text ? { text, box: range.getBoundingClientRect() } : null;
}

function place(button, found) {
  button.hidden = !found;
  if (!found) return;
  const { clientWidth } = document.documentElement;
  const left = Math.max(8, Math.min(found.box.left, clientWidth - button.offsetWidth - 8));
  button.style.left = `${window.scrollX + left}px`;
  button.style.top = `${window.scrollY + found.box.bottom + 8}px`;
}
