import js from "@eslint/js";
import i18next from "eslint-plugin-i18next";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** The folders of `src` from left to right: each imports only from those on its left. */
const layers = ["lib", "api", "components", "schema", "features", "routes"];

const directions = layers.map((layer, index) => ({
  files: [`src/${layer}/**/*.{ts,tsx}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          ...layers.slice(index + 1).map((right) => ({
            group: [`@/${right}/*`, `@/${right}`],
            message: `${layer} does not know ${right}.`,
          })),
          ...(layer === "lib"
            ? [{ group: ["react", "react-dom", "antd"], message: "lib knows no React." }]
            : []),
          { group: ["../../*"], message: "Name it from the root: @/…" },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  hooks.configs.flat.recommended,
  a11y.flatConfigs.recommended,
  {
    files: ["src/**/*.tsx"],
    ignores: ["src/**/*.test.tsx"],
    plugins: { i18next },
    rules: { "i18next/no-literal-string": ["error", { mode: "jsx-text-only" }] },
  },
  {
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/only-throw-error": [
        "error",
        { allow: [{ from: "package", package: "@tanstack/router-core", name: "Redirect" }] },
      ],
      // Whoever asks says what the answer is: read<User>("auth:check").
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXOpeningElement[name.name='Input'] > JSXAttribute[name.name='allowClear'][value=null]",
          message: "Its button would have no name: allowClear={CLEARABLE}.",
        },
        {
          selector: "JSXMemberExpression[object.name='Input'][property.name='Search']",
          message: "Its button would have no name: use SearchInput.",
        },
      ],
      "max-lines": ["warn", { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  ...directions,
);
