/** What the library's parts say to people who hear the pages, said better: its modules are mended as they are bundled. */
import type { Plugin } from "vite";

interface Mend {
  /** The end of the module's path. */
  module: string;
  /** What stands there once for each time it is mended, and what takes its place. */
  mends: readonly (readonly [from: string, to: string])[];
}

/** An icon is called by its file ("delete", "plus"), beside the word it illustrates: only one with a name of ours, or one that is clicked, says anything. */
const ICON: Mend["mends"] = [
  [
    `role: "img",\n    "aria-label": icon.name\n  }, restProps`,
    `...(restProps["aria-label"] || restProps["aria-labelledby"]\n` +
      `      ? { role: "img" }\n` +
      `      : onClick || tabIndex !== undefined\n` +
      `        ? { role: "img", "aria-label": icon.name }\n` +
      `        : { "aria-hidden": true })\n  }, restProps`,
  ],
];

/** What the modules below say in English alone is said in the language of the pages. */
const TEXTS = `import i18next from "i18next";\n`;

export const MENDS: readonly Mend[] = [
  { module: "@ant-design/icons/es/components/AntdIcon.js", mends: ICON },
  { module: "@ant-design/icons/es/components/AntdIconLight.js", mends: ICON },
  {
    // the arrows have nothing but an icon
    module: "antd/es/pagination/Pagination.js",
    mends: [
      [
        `const prevIcon = /*#__PURE__*/React.createElement("button", {`,
        `const prevIcon = /*#__PURE__*/React.createElement("button", {\n      "aria-label": locale.prev_page,`,
      ],
      [
        `const nextIcon = /*#__PURE__*/React.createElement("button", {`,
        `const nextIcon = /*#__PURE__*/React.createElement("button", {\n      "aria-label": locale.next_page,`,
      ],
      [`}, [direction, prefixCls]);`, `}, [direction, prefixCls, locale.prev_page, locale.next_page]);`],
    ],
  },
  {
    module: "@rc-component/select/es/SelectInput/index.js",
    mends: [
      [`import * as React from 'react';`, `${TEXTS}import * as React from 'react';`],
      [`"aria-label": clearLabel,`, `"aria-label": i18next.t("common.emptyField"),`],
    ],
  },
  {
    module: "@rc-component/input-number/es/StepHandler.js",
    mends: [
      [`import * as React from 'react';`, `${TEXTS}import * as React from 'react';`],
      [
        `isUpAction ? 'Increase Value' : 'Decrease Value'`,
        `i18next.t(isUpAction ? "common.increase" : "common.decrease")`,
      ],
    ],
  },
];

/** The module's code, mended; an error where it is no longer what the mend was written for. */
export function mended(code: string, { module, mends }: Mend): string {
  return mends.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2)
      throw new Error(
        `${module} is no longer as ui/read-aloud.ts knows it: see what its parts say now, and mend the mend.`,
      );
    return text.replace(from, () => to);
  }, code);
}

/** The path of a module as it stands in the table, whatever the system and whatever asks for it. */
const pathOf = (id: string): string => id.replaceAll("\\", "/").replace(/\?.*$/, "");

export function readAloud(): Plugin {
  const seen = new Set<string>();
  let whole = false;
  return {
    name: "insula:read-aloud",
    configResolved({ command }) {
      whole = command === "build";
    },
    transform(code, id) {
      const path = pathOf(id);
      const mend = MENDS.find(({ module }) => path.endsWith(`/node_modules/${module}`));
      if (!mend) return null;
      seen.add(mend.module);
      return { code: mended(code, mend), map: null };
    },
    buildEnd(error) {
      if (!whole || error) return;
      const missed = MENDS.find(({ module }) => !seen.has(module));
      if (missed) this.error(`${missed.module} is not among what was built: ui/read-aloud.ts mends nothing.`);
    },
  };
}
