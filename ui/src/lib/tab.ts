/**
 * Tab leaves a list of choices as it is. The component library takes it, in one that holds several, as choosing the
 * active entry, and so takes away again what was chosen last.
 */
const SEVERAL = ".ant-select-multiple";

export function tabLeaves(place: Document = document): void {
  place.addEventListener(
    "keydown",
    (event) => {
      const inside = event.target instanceof Element && event.target.closest(SEVERAL) !== null;
      if (event.key === "Tab" && inside) event.stopPropagation();
    },
    { capture: true },
  );
}

tabLeaves();
