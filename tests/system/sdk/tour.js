// The protocol's official client: sign in, model, write, relate, filter, update, delete, sign out.
// Usage: node tour.js ADDRESS ACCOUNT PASSWORD. Ends with 0 when every check held.

const assert = require("node:assert/strict");
const { APIClient } = require("@nocobase/sdk");

const [address, account, password] = process.argv.slice(2);
const client = new APIClient({ baseURL: `${address}/api/` });

const data = (answer) => answer.data.data;
const refused = async (promise, status, code) => {
  const error = await promise.then(
    () => assert.fail(`expected ${status} ${code}`),
    (reason) => reason,
  );
  assert.equal(error.response?.status, status, JSON.stringify(error.response?.data));
  assert.equal(error.response.data.errors[0].code, code);
};

async function arrive() {
  const ways = data(await client.request({ url: "authenticators:publicList", params: { _: Date.now() } }));
  assert.deepEqual(ways.map((way) => way.name), ["basic"]);
  assert.equal(data(await client.request({ url: "roles:check" })).role, "anonymous");
  assert.ok(data(await client.request({ url: "systemSettings:get" })).title);
  await refused(client.auth.signUp({ username: "eve", password: "mine alone 5" }, "basic"), 403, "TURNED_OFF");
  await refused(client.auth.resetPassword({ resetToken: "x", password: "y" }), 403, "TURNED_OFF");
  await refused(client.auth.checkResetToken({ resetToken: "x" }), 403, "TURNED_OFF");
}

async function signIn() {
  await refused(client.auth.signIn({ account, password: "wrong" }, "basic"), 401, "INVALID_CREDENTIALS");
  const answer = await client.auth.signIn({ account, password }, "basic");
  assert.ok(data(answer).token);
  assert.ok(client.auth.token);
  const me = data(await client.request({ url: "auth:check" }));
  assert.ok(me.roles.some((role) => role.name === "root"), JSON.stringify(me));
  const role = data(await client.request({ url: "roles:check" }));
  assert.equal(role.role, "root");
  await client.auth.syncCookies();
  const roles = data(await client.request({ url: "roles:list", params: { showAnonymous: true, paginate: false } }));
  assert.ok(roles.some((known) => known.name === "anonymous"));
  const info = data(await client.request({ url: "app:getInfo" }));
  assert.equal(info.name, "main");
}

async function model() {
  const collections = client.resource("collections");
  await collections.create({
    values: {
      name: "authors",
      title: "Authors",
      fields: [
        { name: "name", type: "string", interface: "input", uiSchema: { title: "Name" } },
        { name: "born", type: "integer", interface: "integer" },
      ],
    },
  });
  await collections.create({
    values: {
      name: "books",
      fields: [
        { name: "title", type: "string", interface: "input" },
        { name: "price", type: "decimal", interface: "number", precision: 10, scale: 2 },
        { name: "published", type: "dateOnly", interface: "date" },
        { name: "author", type: "belongsTo", target: "authors", foreignKey: "authorId" },
      ],
    },
  });
  await client.resource("collections.fields", "authors").create({
    values: { name: "books", type: "hasMany", target: "books", foreignKey: "authorId" },
  });
  await collections.create({ values: { name: "tags", fields: [{ name: "name", type: "string", unique: true }] } });
  await client.resource("collections.fields", "books").create({
    values: { name: "tags", type: "belongsToMany", target: "tags" },
  });
  const listed = data(await collections.list({ paginate: false }));
  assert.ok(["authors", "books", "tags"].every((name) => listed.some((c) => c.name === name)));
  await refused(collections.create({ values: { name: "tags" } }), 409, "CONFLICT");
}

async function write() {
  const authors = client.resource("authors");
  const borges = data(
    await authors.create({
      values: {
        name: "Jorge Luis Borges",
        born: 1899,
        books: [
          { title: "Ficciones", price: "12.50", published: "1944-01-01", tags: [{ name: "stories" }] },
          { title: "El Aleph", price: "9.90", published: "1949-06-26" },
        ],
      },
    }),
  );
  const woolf = data(await authors.create({ values: { name: "Virginia Woolf", born: 1882 } }));
  const books = client.resource("books");
  const orlando = data(
    await books.create({ values: { title: "Orlando", price: 15, published: "1928-10-11", author: woolf.id } }),
  );
  await refused(books.create({ values: { title: "Bad", price: "dear" } }), 400, "VALIDATION_ERROR");
  return { borges, woolf, orlando };
}

async function relate({ borges, orlando }) {
  const tags = client.resource("tags");
  const novel = data(await tags.create({ values: { name: "novel" } }));
  const ofOrlando = client.resource("books.tags", orlando.id);
  await ofOrlando.add({ values: [novel.id] });
  assert.deepEqual(data(await ofOrlando.list()).map((tag) => tag.name), ["novel"]);
  await ofOrlando.remove({ values: [novel.id] });
  assert.equal((await ofOrlando.list()).data.meta.count, 0);
  await ofOrlando.set({ values: [novel.id] });
  await ofOrlando.toggle({ values: [novel.id] });
  await ofOrlando.toggle({ values: [novel.id] });
  assert.equal(data(await ofOrlando.list()).length, 1);
  const ofBorges = client.resource("authors.books", borges.id);
  await ofBorges.create({ values: { title: "Laberintos", published: "1962-01-01" } });
  const titles = data(await ofBorges.list({ sort: ["title"], fields: ["title"] })).map((b) => b.title);
  assert.deepEqual(titles, ["El Aleph", "Ficciones", "Laberintos"]);
}

async function read({ borges }) {
  const books = client.resource("books");
  const answer = await books.list({
    filter: { $and: [{ "author.name": { $includes: "Borges" } }, { price: { $gte: 10 } }] },
    appends: ["author", "tags"],
    sort: ["-published"],
    page: 1,
    pageSize: 3,
  });
  assert.deepEqual(answer.data.meta, { count: 1, page: 1, pageSize: 3, totalPage: 1 });
  const [ficciones] = data(answer);
  assert.equal(ficciones.price, "12.50");
  assert.equal(ficciones.published, "1944-01-01");
  assert.equal(ficciones.author.id, borges.id);
  assert.deepEqual(ficciones.tags.map((tag) => tag.name), ["stories"]);
  assert.match(ficciones.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  const one = data(await books.get({ filterByTk: ficciones.id, fields: ["title"] }));
  assert.equal(one.title, "Ficciones");
  assert.equal(data(await books.get({ filterByTk: 999999 })), null);
  const all = await books.list({ paginate: false, sort: ["title"] });
  assert.equal(data(all).length, 4);
  assert.equal(all.data.meta, undefined);
  const perAuthor = data(
    await books.query({
      values: {
        measures: [{ field: ["id"], aggregation: "count", alias: "books" }],
        dimensions: [{ field: ["author", "name"], alias: "author" }],
        orders: [{ field: ["author", "name"], order: "asc" }],
      },
    }),
  );
  assert.deepEqual(perAuthor.map((row) => Number(row.books)), [3, 1]);
  await refused(books.list({ filter: { nothing: 1 } }), 400, "UNKNOWN_FIELD");
  await refused(books.list({ filter: { title: { $nope: 1 } } }), 400, "INVALID_FILTER");
}

async function change({ orlando }) {
  const books = client.resource("books");
  const [updated] = data(await books.update({ filterByTk: orlando.id, values: { title: "Orlando: A Biography" } }));
  assert.equal(updated.title, "Orlando: A Biography");
  await refused(books.update({ values: { title: "Everything" } }), 400, "FILTER_REQUIRED");
  const tags = client.resource("tags");
  const first = data(await tags.firstOrCreate({ filterKeys: ["name"], values: { name: "essay" } }));
  const again = data(await tags.firstOrCreate({ filterKeys: ["name"], values: { name: "essay" } }));
  assert.equal(first.id ?? first[0].id, again.id ?? again[0].id);
  await refused(tags.create({ values: { name: "essay" } }), 409, "CONFLICT");
  assert.equal(data(await tags.destroy({ filter: { name: "essay" } })), 1);
  await refused(tags.destroy({}), 400, "FILTER_REQUIRED");
}

async function signOut() {
  const { token } = client.auth;
  await client.auth.signOut();
  await refused(
    client.request({ url: "books:list", headers: { Authorization: `Bearer ${token}` } }),
    401,
    "BLOCKED_TOKEN",
  );
  await refused(client.request({ url: "books:list" }), 401, "EMPTY_TOKEN");
}

(async () => {
  await arrive();
  await signIn();
  await model();
  const records = await write();
  await relate(records);
  await read(records);
  await change(records);
  await signOut();
  console.log("the tour is complete");
})().catch((error) => {
  console.error(error.stack, JSON.stringify(error.response?.data ?? null), error.config?.method, error.config?.url);
  process.exit(1);
});
