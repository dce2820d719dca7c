// Keeps what a screen reader would be told, and what the page's policy refused.
window.spoken = [];
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
new MutationObserver((records) => {
  for (const { target, addedNodes, type } of records) {
    const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
    const region = element?.closest("[aria-live], [role=status], [role=alert], [role=log]");
    if (!region || region.ariaLive === "off") continue;
    const texts = type === "characterData" ? [target.data] : [...addedNodes].map((node) => node.textContent);
    spoken.push(...texts.filter(Boolean));
  }
}).observe(document, { subtree: true, childList: true, characterData: true });
