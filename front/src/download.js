import { make } from "./dom.js";

/** Hands the user a file that was made on the page. */
export function save(name, content, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** A name that any file system takes. */
export function fileName(...parts) {
  return parts.join("_").replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 120);
}

const INHERITED = ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-family", "font-size", "font-weight"];

/** The drawing as a file of its own: what the page's style gives it is written into it. */
export function svgText(drawing) {
  const copy = drawing.cloneNode(true);
  const from = [drawing, ...drawing.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of INHERITED) to[i].setAttribute(name, style.getPropertyValue(name));
  });
  const { width, height } = drawing.viewBox.baseVal;
  copy.setAttribute("style", `background:${getComputedStyle(document.body).backgroundColor}`); // its texts are as light or dark as the page's
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return new XMLSerializer().serializeToString(copy);
}

const PNG_SCALE = 3; // dots of the picture a unit of the drawing: sharp in print

export function savePng(drawing, name) {
  const { width, height } = drawing.viewBox.baseVal;
  const picture = new Image();
  picture.onload = () => {
    const canvas = make("canvas", { width: PNG_SCALE * width, height: PNG_SCALE * height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = getComputedStyle(document.body).backgroundColor;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(name, blob));
  };
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawing))}`;
}

/** A drawing with its caption and the buttons that save it and what it shows. */
export function figure(drawing, caption, name, table) {
  const button = (text, act) => make("button", { type: "button", class: "small", onclick: act }, text);
  return make(
    "figure",
    {},
    drawing,
    make("figcaption", {}, caption),
    make(
      "p",
      { class: "saves" },
      button("SVG", () => save(`${name}.svg`, svgText(drawing), "image/svg+xml")),
      button("PNG", () => savePng(drawing, `${name}.png`)),
      table ? button("TSV", () => save(`${name}.tsv`, table(), "text/tab-separated-values")) : null,
    ),
  );
}
