// What is folded opens where a link leads into it, and on paper.

function reveal(id) {
  const target = id ? document.getElementById(id) : null;
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  return target;
}

/** Lets links and printing open what is folded. */
export function openFolds() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link) reveal(decodeURIComponent(link.hash.slice(1)));
  });
  reveal(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")].filter((fold) => !fold.closest(".live .static"));
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
    opened = [];
  });
}
