/** What the server writes into a page, for tests of what runs in one. */
const element = document.createElement("script");
element.type = "application/json";
element.id = "insula";
element.textContent = JSON.stringify({
  app: "main",
  main: true,
  base: "/admin",
  api: "/api/",
  mainApi: "/api/",
  mode: "shared-memory",
  version: "0",
  nonce: "",
});
document.head.append(element);
