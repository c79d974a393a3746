/**
 * Styles under the Content-Security-Policy of the page, which takes style elements with its nonce alone, and no style
 * attributes.
 *
 * Parts of the component library make style elements without asking for the nonce (the scroll lock, the width of a
 * scroll bar) and write style attributes as text (the height of a text area). Both are done here in the way that the
 * policy allows, for all scripts of the page: it is scripts that the policy guards, and these are ours.
 */
import { boot } from "@/lib/boot";

/** From now on, in this document. */
export function keepToPolicy(nonce: string = boot.nonce): void {
  const { createElement } = Document.prototype as {
    createElement: (name: string, more?: unknown) => HTMLElement;
  };
  Object.assign(Document.prototype, {
    createElement(this: Document, name: string, more?: unknown): HTMLElement {
      const element = createElement.call(this, name, more);
      if (element instanceof HTMLStyleElement) element.nonce = nonce;
      return element;
    },
  });

  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its element below
  const { setAttribute } = Element.prototype;
  Element.prototype.setAttribute = function (this: Element, name: string, value: string) {
    if (name === "style" && this instanceof HTMLElement) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
}

keepToPolicy();
