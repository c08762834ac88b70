// Runs the page's script over one status, without a browser: only the tree of elements is built.
// Standard input: {"script", "status"}. Standard output: {"title", "elements": [{tag, class, text}]}.
"use strict";

const { script, status } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));

class Node {}

class Text extends Node {
  constructor(text) {
    super();
    Object.assign(this, { nodeName: "#text", nodeType: 3, textContent: text });
  }
}

class Element extends Node {
  childNodes = [];
  attributes = new Map();
  style = { setProperty() {} };

  constructor(tag) {
    super();
    this.nodeName = tag;
  }

  append(...children) {
    this.childNodes.push(...children.map((child) => (child instanceof Node ? child : new Text(child))));
  }

  setAttribute(name, value) {
    this.attributes.set(name, value);
  }

  getAttribute(name) {
    return this.attributes.get(name);
  }

  hasAttribute(name) {
    return this.attributes.has(name);
  }

  getAttributeNames() {
    return [...this.attributes.keys()];
  }

  get textContent() {
    return this.childNodes.map((child) => child.textContent).join("");
  }

  set textContent(text) {
    this.childNodes = [new Text(text)];
  }

  addEventListener() {}
}

const parts = {};

globalThis.Node = Object.assign(Node, { TEXT_NODE: 3 });
globalThis.document = {
  title: "",
  createElement: (tag) => new Element(tag),
  getElementById: (id) => (parts[id] ??= new Element("div")),
  addEventListener() {},
};
globalThis.fetch = async () => ({ status: 200, ok: true, json: async () => status });
globalThis.setInterval = () => {};
globalThis.setTimeout = () => {};

function flattened(element) {
  const { nodeName: tag, textContent: text } = element;
  const nested = element.childNodes.filter((child) => child instanceof Element).flatMap(flattened);
  return [{ tag, class: element.getAttribute("class") ?? "", text }, ...nested];
}

(0, eval)(script);
setImmediate(() => {
  const elements = flattened(parts.status);
  process.stdout.write(JSON.stringify({ title: document.title, elements }));
});
